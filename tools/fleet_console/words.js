/* From the contract's terms to words for a depot. No DOM here. */
"use strict";
const Words = (() => {
  const LEVELS = ["none", "notice", "warning", "urgent", "alarm", "emergency"];
  const KINDS = {
    eyes_closed: "Eyes closed", microsleep: "Microsleep", sleep: "Asleep", unresponsive: "Unresponsive",
    fatigue: "Fatigue", distraction: "Looking away", vats: "Many glances away",
    displayed_anger: "Displayed anger", driver_absent: "Driver not in view", health: "Device fault",
  };
  const REASONS = {
    ok: "seen", no_face: "no face", multi_face: "several faces", eyes_occluded: "eyes hidden", sunglasses: "sunglasses",
    glare: "glare", dark: "too dark", blur: "blurred", head_turn: "head turned", covered: "camera covered",
    frozen: "picture frozen", low_fps: "too few frames", thermal: "too hot", model_error: "network fault",
    slowed: "fewest frames", camera_slowed: "fewest frames", camera_thermal: "too hot to watch", heat: "board is hot",
    supply: "supply too weak", slow_vision: "board too slow", garbled: "picture garbled", moved: "camera upside down",
    camera_garbled: "picture garbled", camera_moved: "camera upside down",
  };
  const CADENCES = {
    full: "fully", reduced: "15 frames a second", minimum: "10 frames a second, no expression", stopped: "nobody: too hot",
  };
  const EVIDENCE = {
    eyes_closed_s: "Eyes closed for", deep_share: "Share of it fully closed", perclos60: "Eyes closed, last minute",
    perclos180: "Eyes closed, last 3 minutes", off_road_s: "Eyes off the road for", attention_buffer: "Attention left",
    driver_absent: "Driver out of view for", displayed_anger: "Displayed hostility", alert_budget: "Warnings this hour",
    microsleep_rate: "Microsleeps in 10 min", fatigue_level: "Fatigue score",
  };
  const text = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : String(value));
  const kind = (name) => KINDS[name] ?? text(name).replaceAll("_", " ").slice(0, 40);
  const level = (number) => LEVELS[number] ?? "level " + text(number).slice(0, 4);
  const reason = (name) => REASONS[name] ?? text(name).replaceAll("_", " ").slice(0, 40);
  const cadence = (name) => CADENCES[name] ?? text(name).replaceAll("_", " ").slice(0, 40);
  const evidence = (name) => EVIDENCE[name] ?? text(name).replaceAll("_", " ").slice(0, 40);

  function number(value) {
    if (typeof value !== "number" || !Number.isFinite(value)) return "unknown";
    return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  }
  /* A value in the unit that its name tells: seconds, or a share as percent. */
  function quantity(name, value) {
    const shown = number(value);
    if (shown === "unknown") return shown;
    if (/^perclos|_share$|_ratio$|^attention_buffer$|^displayed_anger$/.test(text(name))) return number(100 * value) + " %";
    return shown + (text(name).endsWith("_s") || name === "driver_absent" ? " s" : "");
  }
  function age(seconds) {
    if (!Number.isFinite(seconds)) return "never";
    if (seconds < 5) return "now";
    if (seconds < 60) return Math.floor(seconds / 5) * 5 + " s ago";
    if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
    if (seconds < 172800) return Math.floor(seconds / 3600) + " h ago";
    return Math.floor(seconds / 86400) + " days ago";
  }
  function duration(seconds) {
    if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "";
    if (seconds < 90) return seconds.toFixed(1) + " s";
    return (seconds / 60).toFixed(seconds < 600 ? 1 : 0) + " min";
  }
  function clock(ms) {
    return Number.isFinite(ms) ? new Date(ms).toLocaleTimeString("en-GB") : "";
  }
  /* "Eyes closed for 1.52 s (limit 1.5 s)" of the first inequality that tells something. */
  function because(alert) {
    const item = (alert.evidence ?? []).find((one) => typeof one.value === "number");
    if (!item) return "";
    return evidence(item.name) + " " + quantity(item.name, item.value) + " (limit " + quantity(item.name, item.threshold) + ")";
  }
  return { kind, level, reason, cadence, evidence, number, quantity, age, duration, clock, because, text, KINDS };
})();
if (typeof module !== "undefined") module.exports = Words;
