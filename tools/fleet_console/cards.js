/* The cards of vehicles that need a call, and the timeline of alerts. */
"use strict";
const Cards = (() => {
  const calls = document.getElementById("call-list");
  const timeline = document.getElementById("alerts");
  const MOST_CARDS = 6;
  const made = new Map();

  function element(name, className, text) {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }
  /* Asking the page for its text costs more than remembering it. */
  function put(node, text) {
    if (node.shownText === text) return;
    node.shownText = text;
    if (node.firstChild?.nodeType === Node.TEXT_NODE) node.firstChild.data = text; else node.textContent = text;
  }

  function facts(alert) {
    const parts = [];
    const because = Words.because(alert);
    if (because) parts.push(because);
    if (typeof alert.where?.speed_kmh === "number") parts.push(Words.number(alert.where.speed_kmh) + " km/h");
    if (alert.replayed) parts.push("arrived late");
    return parts.join(" · ");
  }
  function tempo(alert, now) {
    if (alert.open) return "for " + Words.duration(Math.max(0, (now - alert.started) / 1000)) + ", still open";
    const length = alert.duration !== undefined ? Words.duration(alert.duration) + ", " : "";
    return length + "ended " + Words.age((now - (alert.ended ?? alert.changed)) / 1000);
  }

  function buttons(alert, settle) {
    const holder = element("div", "actions");
    const seen = element("button", "primary", "Acknowledge");
    seen.type = "button";
    seen.addEventListener("click", (event) => { event.stopPropagation(); settle(alert, "acknowledged"); });
    const wrong = element("button", "", "Contest");
    wrong.type = "button";
    wrong.title = "This alert is mistaken";
    wrong.addEventListener("click", (event) => { event.stopPropagation(); settle(alert, "contested"); });
    for (const one of [seen, wrong]) one.setAttribute("aria-label", one.textContent + ": " + alert.vehicle.name + ", " + Words.kind(alert.kind));
    holder.append(seen, wrong);
    return holder;
  }

  function showCalls(items, now, open, settle, others) {
    const shown = items.slice(0, MOST_CARDS);
    const wanted = new Set(shown.map((item) => item.top.id));
    for (const [id, card] of made) if (!wanted.has(id)) { card.item.remove(); made.delete(id); }
    shown.forEach((item, index) => {
      const alert = item.top;
      let card = made.get(alert.id);
      if (!card) {
        card = { item: element("li", "card") };
        const head = element("button", "card-head");
        head.type = "button";
        head.addEventListener("click", () => open(item.vehicle.key));
        card.level = element("span", "badge");
        card.what = element("span", "card-what");
        head.append(element("span", "card-name", item.vehicle.name), card.what, card.level);
        card.facts = element("p", "card-facts");
        card.tempo = element("p", "card-tempo");
        card.item.append(head, card.facts, card.tempo, buttons(alert, settle));
        made.set(alert.id, card);
      }
      card.item.dataset.level = String(alert.peak);
      put(card.what, Words.kind(alert.kind));
      put(card.level, "L" + alert.peak + " " + Words.level(alert.peak));
      const more = others(item) - 1;
      put(card.facts, facts(alert) + (more > 0 ? ` · and ${more} more` : ""));
      put(card.tempo, tempo(alert, now));
      if (calls.children[index] !== card.item) calls.insertBefore(card.item, calls.children[index] ?? null);
    });
    let more = document.getElementById("call-more");
    const rest = items.length - shown.length;
    if (!more) { more = element("li", "call-more"); more.id = "call-more"; calls.append(more); }
    more.hidden = rest <= 0;
    put(more, rest > 0 ? `and ${rest} more in the list below` : "");
  }

  const entries = new Map();
  function entry(alert, open) {
    const item = element("li", "entry");
    const button = element("button", "entry-head");
    button.type = "button";
    const time = element("time", "");
    const name = element("span", "entry-name", alert.vehicle.name);
    const what = element("span", "entry-what");
    const badge = element("span", "badge");
    const note = element("span", "entry-note");
    button.append(time, badge, name, what, note);
    button.addEventListener("click", () => open(alert.vehicle.key, alert.id));
    item.append(button);
    return { item, time, what, badge, note, shown: "" };
  }
  function showTimeline(alerts, settled, now, open) {
    const wanted = new Set(alerts.map((alert) => alert.id));
    for (const [id, one] of entries) if (!wanted.has(id)) { one.item.remove(); entries.delete(id); }
    alerts.forEach((alert, index) => {
      let one = entries.get(alert.id);
      if (!one) { one = entry(alert, open); entries.set(alert.id, one); }
      const how = settled.get(alert.id)?.how ?? (alert.contested ? "contested" : "");
      const state = [alert.open ? "open" : Words.duration(alert.duration), how, alert.replayed ? "late" : ""].filter(Boolean).join(" · ");
      const shown = alert.revision + "|" + alert.peak + "|" + state;
      if (one.shown !== shown) {
        one.shown = shown;
        one.item.dataset.level = String(alert.peak);
        one.item.classList.toggle("open", alert.open);
        one.item.classList.toggle("settled", Boolean(how));
        one.time.textContent = Words.clock(alert.started);
        one.time.dateTime = new Date(alert.started).toISOString();
        one.what.textContent = Words.kind(alert.kind);
        one.badge.textContent = "L" + alert.peak;
        one.badge.title = Words.level(alert.peak);
        one.note.textContent = state;
        one.item.querySelector(".spark")?.remove();
        const plot = alert.strip && Strip.spark(alert);
        if (plot) one.item.firstElementChild.append(plot);
      }
      if (timeline.children[index] !== one.item) timeline.insertBefore(one.item, timeline.children[index] ?? null);
    });
  }
  return { showCalls, showTimeline, facts, tempo, buttons, element };
})();
