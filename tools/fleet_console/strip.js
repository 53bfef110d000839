/* The minute of numbers around an alert, as small plots. */
"use strict";
const Strip = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const W = 300, H = 44;
  const SERIES = [
    { key: "openness", name: "Eye openness", low: 0, high: 1.2, unit: "" },
    { key: "yaw_deg", name: "Head left/right", low: -60, high: 60, unit: "°", zero: true },
    { key: "pitch_deg", name: "Head up/down", low: -40, high: 40, unit: "°", zero: true },
    { key: "anger_frame", name: "Displayed hostility", low: 0, high: 1, unit: "" },
  ];
  function node(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    return made;
  }
  function path(values, low, high) {
    let drawn = "", pen = false;
    values.forEach((value, index) => {
      if (typeof value !== "number" || !Number.isFinite(value)) { pen = false; return; }
      const x = (index / Math.max(1, values.length - 1)) * W;
      const y = H - 2 - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (H - 4);
      drawn += (pen ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1);
      pen = true;
    });
    return drawn;
  }
  /* One figure a series that holds numbers; `alert` marks when it began and ended. */
  function draw(alert) {
    const holder = document.createElement("div");
    holder.className = "strips";
    const strip = alert.strip;
    const rate = typeof strip.rate_hz === "number" && strip.rate_hz > 0 ? strip.rate_hz : 10;
    const span = span_of(alert, strip, rate);
    for (const series of SERIES) {
      const values = Array.isArray(strip[series.key]) ? strip[series.key].slice(0, 1200) : [];
      const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value));
      if (!numbers.length) continue;
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      const least = Math.min(...numbers), most = Math.max(...numbers);
      caption.textContent = series.name + "  " + Words.number(least) + " to " + Words.number(most) + series.unit;
      const svg = node("svg", { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img" });
      svg.setAttribute("aria-label", `${series.name} over ${(values.length / rate).toFixed(0)} s: lowest ${Words.number(least)}, highest ${Words.number(most)}${series.unit}`);
      if (span) svg.append(node("rect", { class: "span", x: span[0] * W, y: 0, width: Math.max(1.5, (span[1] - span[0]) * W), height: H }));
      if (series.zero) svg.append(node("line", { class: "zero", x1: 0, x2: W, y1: H / 2, y2: H / 2 }));
      svg.append(node("path", { class: "line", d: path(values, series.low, series.high) }));
      figure.append(caption, svg);
      holder.append(figure);
    }
    const axis = document.createElement("p");
    axis.className = "axis";
    const length = Math.max(0, ...SERIES.map((series) => (Array.isArray(strip[series.key]) ? strip[series.key].length : 0))) / rate;
    axis.textContent = `${length.toFixed(0)} s, steps of ${(1 / rate).toFixed(1)} s; shaded: the alert. Gaps: not seen.`;
    holder.append(axis);
    return holder;
  }
  /* Begin and end of the alert as shares of the strip: both are on the vehicle's monotonic line. */
  function span_of(alert, strip, rate) {
    const steps = Math.max(0, ...SERIES.map((series) => (Array.isArray(strip[series.key]) ? strip[series.key].length : 0)));
    if (!steps || typeof strip.start_ns !== "number" || alert.monoNs === undefined || alert.ended === undefined) return null;
    const closed = (alert.monoNs - strip.start_ns) / 1e9;            // when the closing message was decided
    const end = closed - Math.max(0, (alert.changed - alert.ended) / 1000);
    const begin = end - Math.max(0, (alert.ended - alert.started) / 1000);
    const share = (seconds) => Math.min(1, Math.max(0, (seconds * rate) / steps));
    return [share(begin), share(end)];
  }
  /* The one series that tells most of this kind of alert, small enough for the timeline. */
  function spark(alert) {
    const key = /distraction|vats/.test(alert.kind) ? "yaw_deg" : alert.kind === "displayed_anger" ? "anger_frame" : "openness";
    const series = SERIES.find((one) => one.key === key);
    const values = Array.isArray(alert.strip?.[key]) ? alert.strip[key].slice(0, 1200) : [];
    if (!values.some((value) => typeof value === "number" && Number.isFinite(value))) return null;
    const rate = typeof alert.strip.rate_hz === "number" && alert.strip.rate_hz > 0 ? alert.strip.rate_hz : 10;
    const svg = node("svg", { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", class: "spark", role: "img" });
    svg.setAttribute("aria-label", `${series.name}, the minute around the alert; open the alert for figures`);
    const span = span_of(alert, alert.strip, rate);
    if (span) svg.append(node("rect", { class: "span", x: span[0] * W, y: 0, width: Math.max(4, (span[1] - span[0]) * W), height: H }));
    svg.append(node("path", { class: "line", d: path(values, series.low, series.high) }));
    return svg;
  }
  return { draw, spark };
})();
