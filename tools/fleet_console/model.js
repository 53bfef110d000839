/*
 * The fleet as the messages tell it: no DOM, no network, time comes in as a parameter (milliseconds since 1970).
 * Payloads are data of strangers: every field is checked for its type before it is kept.
 */
"use strict";
const Model = (() => {
  const STALE_S = 150;          // [D] two and a half heartbeats of `state`
  const CALL_LEVEL = 3;         // urgent and above
  const CALL_FOR_S = 900;       // [D] an urgent alert that ended stays a call for so long
  const TIRED_PERCENT = 50;     // [D] a fused score from which on somebody should look
  const MOST_ALERTS = 2000;     // newest kept in memory
  const GROUPS = ["call", "watch", "silent", "calm", "off"];
  const NAME = /^[a-z0-9-]{1,32}$/;

  const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
  const str = (value, most = 200) => (typeof value === "string" ? value.slice(0, most) : undefined);
  const lvl = (value) => (Number.isInteger(value) && value >= 0 && value <= 5 ? value : 0);
  const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);
  const when = (value) => { const ms = Date.parse(str(value, 40) ?? ""); return Number.isFinite(ms) ? ms : undefined; };
  const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined);

  class Fleet {
    constructor() {
      this.vehicles = new Map();      // "fleet/vehicle" -> vehicle
      this.alerts = new Map();        // alert id -> alert, oldest first
      this.acknowledged = new Map();  // alert id -> { how: "acknowledged" | "contested", at }
      this.duplicates = 0;
      this.refused = 0;               // payloads that are no message of this contract
      this._seen = new Map();         // (source, id) of alert messages
    }

    /* Take one MQTT message. Returns { vehicle, alert, fresh } of what changed; null when it was none of ours. */
    take(topic, payload, retained, now) {
      const parts = topic.split("/");
      if (parts.length < 5 || parts[0] !== "dms" || parts[1] !== "1" || !NAME.test(parts[2]) || !NAME.test(parts[3])) {
        this.refused += 1;
        return null;
      }
      const name = parts.slice(4).join("/");
      if (payload.length === 0) return this._cleared(parts, name);
      let document;
      try { document = object(JSON.parse(payload)); } catch { document = undefined; }
      if (!document) { this.refused += 1; return null; }
      const vehicle = this._vehicle(parts[2], parts[3]);
      const said = when(document.time);
      // A retained message tells when it was written, any other one that the vehicle is there now.
      const heard = retained ? Math.min(said ?? 0, now) : now;
      const change = { vehicle, alert: null, fresh: false };
      switch (name) {
        case "status": this._status(vehicle, document); break;
        case "state": this._state(vehicle, document); break;
        case "health": this._health(vehicle, document); break;
        case "info": vehicle.info = document; break;
        case "alerts/active": this._active(vehicle, document, said ?? now, now); break;
        case "alert": Object.assign(change, this._alert(vehicle, document, now)); break;
        case "trip": vehicle.trip = document; break;
        default:
          if (parts[4] === "rsp") this._response(vehicle, document);
          else return null;
      }
      // A last will is the broker speaking, not the vehicle; a response may come late.
      if (name !== "status" || document.status === "online") vehicle.heard = Math.max(vehicle.heard, heard);
      return change;
    }

    _vehicle(fleet, name) {
      const key = fleet + "/" + name;
      let vehicle = this.vehicles.get(key);
      if (!vehicle) {
        vehicle = {
          key, fleet, name, online: undefined, session: "", reason: undefined, heard: 0, fatigue: undefined,
          distraction: undefined, anger: undefined, levels: {}, view: undefined, viewReason: undefined, kss: undefined,
          camera: undefined, faults: [], outbox: undefined, health: undefined, info: undefined, trip: undefined,
          open: new Map(), recent: new Set(), lastSeq: undefined, lastBoot: "", missing: 0, lastAnswer: undefined,
        };
        this.vehicles.set(key, vehicle);
      }
      return vehicle;
    }

    /* An empty retained payload takes a vehicle's message away; without a status it is gone. */
    _cleared(parts, name) {
      const key = parts[2] + "/" + parts[3];
      const vehicle = this.vehicles.get(key);
      if (!vehicle || name !== "status") return null;
      this.vehicles.delete(key);
      return { vehicle, alert: null, fresh: false, gone: true };
    }

    _status(vehicle, document) {
      const session = str(document.session_id, 80) ?? "";
      if (document.status === "online") {
        if (session >= vehicle.session) { vehicle.session = session; vehicle.online = true; vehicle.reason = undefined; }
      } else if (document.status === "offline" && session >= vehicle.session) {
        // An offline counts only for its own session: a will that comes late cannot end a newer one.
        vehicle.session = session;
        vehicle.online = false;
        vehicle.reason = document.reason === "shutdown" ? "shutdown" : "lost";
      }
    }

    _state(vehicle, document) {
      vehicle.fatigue = num(document["Vehicle.Driver.FatigueLevel"]);
      vehicle.distraction = num(document["Vehicle.Driver.DistractionLevel"]);
      const anger = document["Vehicle.Driver.DisplayedExpression.AngerAlertLevel"];
      vehicle.anger = Number.isInteger(anger) ? lvl(anger) : undefined;
      const levels = object(document.alert_levels) ?? {};
      vehicle.levels = Object.fromEntries(Object.entries(levels).slice(0, 10).map(([key, value]) => [key.slice(0, 40), lvl(value)]));
      vehicle.view = ["ok", "degraded", "blind"].includes(document.observability) ? document.observability : undefined;
      vehicle.viewReason = str(document.reason, 40);
      vehicle.privacy = document.privacy === true;
      vehicle.kss = str(document.kss_estimate, 8);
    }

    _health(vehicle, document) {
      vehicle.health = document;
      vehicle.camera = str(document.camera, 40);
      vehicle.faults = list(document.faults, 20).map((fault) => str(fault, 60)).filter(Boolean);
      vehicle.outbox = object(document.outbox);
    }

    _active(vehicle, document, said, now) {
      const still = new Set();
      for (const item of list(document.alerts, 50)) {
        const id = str(object(item)?.alert_id, 64);
        if (!id) continue;
        still.add(id);
        if (this.alerts.has(id)) continue;
        // Opened before we came: what the list says is all there is until the alert changes.
        this._keep(vehicle, {
          id, vehicle, kind: str(item.kind, 40) ?? "", level: lvl(item.level), peak: lvl(item.peak),
          started: when(item.started) ?? said, open: true, changed: said, phase: "opened", revision: -1, evidence: [],
          cab: item.acknowledged === true ? { acknowledged: true } : undefined,
        }, now);
      }
      for (const [id, alert] of vehicle.open) {
        if (!still.has(id) && alert.changed <= said) this._close(alert, said);
      }
    }

    _alert(vehicle, document, now) {
      const data = object(document.data);
      const id = str(data?.alert_id, 64);
      const message = str(document.id, 80);
      if (!data || !id || !message) { this.refused += 1; return { alert: null }; }
      const source = str(document.source, 80) + " " + message;
      if (this._seen.has(source)) { this.duplicates += 1; return { alert: null }; }
      this._seen.set(source, now);
      if (this._seen.size > 20000) this._seen.delete(this._seen.keys().next().value);
      this._sequence(vehicle, str(data.boot_id, 40) ?? "", data.seq);
      const known = this.alerts.get(id);
      const revision = Number.isInteger(data.revision) ? data.revision : 0;
      if (known && known.revision >= revision) return { alert: known };
      const phase = ["opened", "updated", "closed"].includes(data.phase) ? data.phase : "updated";
      const alert = known ?? { id, vehicle };
      const rose = !known || lvl(data.level) > known.level;
      Object.assign(alert, {
        kind: str(data.kind, 40) ?? "", level: lvl(data.level), peak: Math.max(lvl(data.peak), lvl(data.level)), phase, revision,
        started: when(data.started) ?? when(document.time) ?? now, changed: when(document.time) ?? now,
        ended: phase === "closed" ? when(data.ended) ?? when(document.time) ?? now : undefined,
        open: phase !== "closed", reason: str(data.reason, 60), replayed: data.replayed === true,
        contested: data.contested === true, nuisance: data.nuisance_suspect === true,
        duration: num(data.duration_s), cab: object(data.in_cab), where: object(data.vehicle),
        confidence: num(data.confidence), profile: str(data.profile, 40), onlyDisplayed: data.displayed_expression_only === true,
        monoNs: num(data.mono_ns),
      });
      const evidence = list(data.evidence, 12).map(object).filter(Boolean).map((one) => ({
        name: str(one.name, 60) ?? "", value: num(one.value), threshold: num(one.threshold), window: num(one.window_s),
        valid: num(one.valid_fraction), relation: str(one.relation, 4),
      }));
      if (evidence.length || !alert.evidence) alert.evidence = evidence;
      const strip = object(data.evidence_strip);
      if (strip) alert.strip = strip;
      this._keep(vehicle, alert, now);
      const fresh = alert.open && rose && !alert.replayed;
      return { alert, fresh };
    }

    _keep(vehicle, alert, now) {
      this.alerts.set(alert.id, alert);
      vehicle.recent.add(alert.id);
      if (alert.open) vehicle.open.set(alert.id, alert); else vehicle.open.delete(alert.id);
      if (this.alerts.size > MOST_ALERTS) this._forgetOldest(now);
    }

    _forgetOldest() {
      for (const [id, alert] of this.alerts) {
        if (alert.open) continue;
        this.alerts.delete(id);
        alert.vehicle.recent.delete(id);
        return;
      }
    }

    _close(alert, at) {
      alert.open = false;
      alert.phase = "closed";
      alert.ended = alert.ended ?? at;
      alert.reason = alert.reason ?? "ended";
      alert.vehicle.open.delete(alert.id);
    }

    /* Holes in `seq`, which goes on over starts; it begins anew only with a new outbox, in a later start. */
    _sequence(vehicle, boot, seq) {
      if (!Number.isInteger(seq)) return;
      const anew = vehicle.lastSeq === undefined || (seq <= vehicle.lastSeq && boot > vehicle.lastBoot);
      if (!anew && seq > vehicle.lastSeq + 1) vehicle.missing += seq - vehicle.lastSeq - 1;
      if (anew || seq > vehicle.lastSeq) { vehicle.lastSeq = seq; vehicle.lastBoot = boot; }
    }

    _response(vehicle, document) {
      vehicle.lastAnswer = { command: str(document.command, 40), status: str(document.status, 20), text: str(object(document.error)?.text, 200) };
    }

    settle(id, how, now) { this.acknowledged.set(id, { how, at: now }); }

    /* Which alert of a vehicle should be spoken about: one that calls first, then the graver, open, newer. */
    gravest(vehicle, now) {
      let best = null;
      for (const id of vehicle.recent) {
        const alert = this.alerts.get(id);
        if (!alert || !this.calls(alert, now) && !(alert.open && !this.acknowledged.has(id))) continue;
        if (!best || this._rank(alert, now) > this._rank(best, now)) best = alert;
      }
      return best;
    }
    _rank(alert, now) {
      return (this.calls(alert, now) ? 1e4 : 0) + alert.peak * 100 + (alert.open ? 10 : 0) + alert.started / 1e13;
    }

    /* All alerts of a vehicle that ask for a call: one call answers them all. */
    calling(vehicle, now) {
      return [...vehicle.recent].map((id) => this.alerts.get(id)).filter((alert) => alert && this.calls(alert, now));
    }

    /* An alert for which somebody should take up the telephone. */
    calls(alert, now) {
      if (alert.peak < CALL_LEVEL || alert.contested || alert.kind === "health" || this.acknowledged.has(alert.id)) return false;
      return alert.open || now - (alert.ended ?? alert.changed) < CALL_FOR_S * 1000;
    }

    group(vehicle, now) {
      for (const id of vehicle.recent) {
        const alert = this.alerts.get(id);
        if (alert && this.calls(alert, now)) return "call";
      }
      if (vehicle.online === false) return vehicle.reason === "shutdown" ? "off" : "silent";
      if (this.stale(vehicle, now)) return "silent";
      const open = [...vehicle.open.values()].some((alert) => !this.acknowledged.has(alert.id));
      const tired = (vehicle.fatigue ?? 0) >= TIRED_PERCENT;
      if (open || tired || (vehicle.view === "blind" && !vehicle.privacy) || vehicle.faults.length) return "watch";
      return "calm";
    }

    stale(vehicle, now) { return now - vehicle.heard > STALE_S * 1000; }

    /* All vehicles, those that need attention first; equal ones keep to their names. */
    ordered(now) {
      const rows = [...this.vehicles.values()].map((vehicle) => {
        const group = this.group(vehicle, now);
        const top = group === "call" || group === "watch" ? this.gravest(vehicle, now) : null;
        return { vehicle, group, top, weight: GROUPS.indexOf(group) * 10 - (top ? Math.max(top.level, top.peak) : 0) };
      });
      rows.sort((a, b) => a.weight - b.weight || (a.vehicle.key < b.vehicle.key ? -1 : 1));
      return rows;
    }
  }

  return { Fleet, GROUPS, STALE_S, CALL_LEVEL };
})();
if (typeof module !== "undefined") module.exports = Model;
