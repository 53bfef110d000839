/* One vehicle in full: its alerts with evidence and plots, its device. */
"use strict";
const Detail = (() => {
  const panel = document.getElementById("detail");
  const body = document.getElementById("detail-body");
  const { element } = Cards;
  let shown = null;
  let drawn = "";

  function definition(pairs) {
    const holder = element("dl", "facts");
    for (const [name, value] of pairs) {
      if (value === undefined || value === null || value === "") continue;
      holder.append(element("dt", "", name), element("dd", "", Words.text(value).slice(0, 300)));
    }
    return holder;
  }

  /* One inequality: how far the value goes beyond its threshold. */
  function inequality(one) {
    const row = element("li", "inequality");
    const relation = one.relation === "<=" || one.relation === "<" ? " ≤ " : " ≥ ";
    row.append(element("span", "", Words.evidence(one.name)), element("b", "", Words.quantity(one.name, one.value)));
    row.append(element("span", "limit", relation + Words.quantity(one.name, one.threshold)));
    return row;
  }

  function alertBlock(alert, fleet, now, settle) {
    const block = element("section", "alert-block");
    block.dataset.level = String(alert.peak);
    const head = element("h3", "");
    head.append(element("span", "badge", "L" + alert.peak + " " + Words.level(alert.peak)), document.createTextNode(" " + Words.kind(alert.kind)));
    block.append(head, element("p", "card-tempo", Words.clock(alert.started) + " · " + Cards.tempo(alert, now)));
    if (alert.onlyDisplayed) block.append(element("p", "note", "Rests on the displayed expression, which is not the emotion."));
    const evidence = element("ul", "evidence");
    for (const one of alert.evidence ?? []) evidence.append(inequality(one));
    if (evidence.children.length) block.append(evidence);
    if (alert.strip) block.append(Strip.draw(alert));
    const cab = alert.cab ? (alert.cab.played === true ? "played" + (typeof alert.cab.latency_ms === "number" ? ` after ${Words.number(alert.cab.latency_ms)} ms` : "") : "not played") + (alert.cab.acknowledged === true ? ", driver saw it" : "") : "";
    const how = fleet.acknowledged.get(alert.id);
    block.append(definition([
      ["Speed", typeof alert.where?.speed_kmh === "number" ? Words.number(alert.where.speed_kmh) + " km/h" : ""],
      ["In the cab", cab], ["Ended because", alert.open ? "" : Words.reason(alert.reason ?? "")],
      ["Here", how ? how.how + " at " + Words.clock(how.at) : alert.contested ? "contested in the vehicle" : ""],
      ["Arrived", alert.replayed ? "late: the vehicle had no link" : ""],
      ["Doubt", alert.nuisance ? "one of many warnings this hour" : ""],
    ]));
    if (!how && !alert.contested) block.append(Cards.buttons(alert, settle));
    return block;
  }

  function show(fleet, vehicle, now, settle, wanted) {
    const alerts = [...vehicle.recent].map((id) => fleet.alerts.get(id)).filter(Boolean);
    alerts.sort((a, b) => Number(b.id === wanted) - Number(a.id === wanted) || Number(b.open) - Number(a.open) || b.started - a.started);
    const some = alerts.slice(0, 8);
    // Redrawn when something changed, not with every message: a reader must not lose his place.
    const state = vehicle.key + "|" + wanted + "|" + some.map((one) => one.id + one.revision + one.open + (fleet.acknowledged.get(one.id)?.how ?? "")).join() + vehicle.faults.join() + vehicle.health?.cadence + vehicle.missing + vehicle.online + (vehicle.lastAnswer?.command ?? "") + (vehicle.lastAnswer?.text ?? "");
    if (state === drawn && !panel.hidden) return;
    const opened = panel.hidden || shown !== vehicle.key;
    drawn = state;
    shown = vehicle.key;
    document.getElementById("detail-title").textContent = vehicle.name;
    body.replaceChildren();
    if (!some.length) body.append(element("p", "nothing", "No alert since this page listens."));
    for (const alert of some) body.append(alertBlock(alert, fleet, now, settle));
    const info = vehicle.info ?? {};
    const health = vehicle.health ?? {};
    const outbox = vehicle.outbox ?? {};
    body.append(element("h3", "", "Driver"), definition([
      ["Fatigue", vehicle.fatigue === undefined ? "unknown" : Math.round(vehicle.fatigue) + " %"],
      ["Sleepiness (estimate)", vehicle.kss ? "KSS " + vehicle.kss : ""],
      ["View", vehicle.view === "ok" ? "seen" : Words.reason(vehicle.viewReason ?? "unknown")],
    ]));
    body.append(element("h3", "", "Device"), definition([
      ["Link", vehicle.online === false ? (vehicle.reason === "shutdown" ? "parked" : "lost") : "there"],
      ["Camera", vehicle.camera], ["Faults", vehicle.faults.map(Words.reason).join(", ") || "none"],
      ["Watches", typeof health.cadence === "string" ? [Words.cadence(health.cadence), Words.reason(health.cadence_reason)].filter(Boolean).join(": ") : ""],
      ["Frames a second", typeof health.fps === "number" ? Words.number(health.fps) : ""],
      ["Temperature", typeof health.temperature_c === "number" ? Words.number(health.temperature_c) + " °C" : ""],
      ["Alerts waiting", typeof outbox.depth === "number" ? outbox.depth : ""],
      ["Messages missing", vehicle.missing || "none"],
      ["Software", typeof info.software === "string" ? info.software : ""], ["Profile", typeof info.profile === "string" ? info.profile : ""],
      ["Last command", vehicle.lastAnswer?.command ? `${vehicle.lastAnswer.command}: ${vehicle.lastAnswer.status ?? ""} ${vehicle.lastAnswer.text ?? ""}` : ""],
    ]));
    panel.hidden = false;
    if (opened) { panel.scrollTop = 0; panel.focus({ preventScroll: true }); }
  }
  function close() { panel.hidden = true; drawn = ""; const was = shown; shown = null; return was; }
  return { show, close, get key() { return shown; } };
})();
