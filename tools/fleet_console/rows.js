/* The table: one row a vehicle, made once, changed where something changed. Payloads only ever become text. */
"use strict";
const Rows = (() => {
  const body = document.getElementById("rows");
  const made = new Map();   // vehicle key -> { row, cells, shown }

  /* Asking the page for its text costs more than remembering it. */
  function put(node, text) {
    if (node.shownText === text) return;
    node.shownText = text;
    if (node.firstChild?.nodeType === Node.TEXT_NODE) node.firstChild.data = text; else node.textContent = text;
  }

  function bar(cell, percent) {
    const known = percent !== undefined;
    const value = known ? Math.round(Math.min(100, Math.max(0, percent))) : 0;
    const shown = known ? value + " %" : "–";
    if (cell.figure.shownText === shown) return;
    cell.meter.value = value;
    cell.meter.hidden = !known;
    cell.meter.classList.toggle("high", value >= 50);
    put(cell.figure, shown);
  }

  function meterCell(row, label, className) {
    const cell = row.insertCell();
    cell.className = className;
    cell.dataset.label = label;
    cell.meter = document.createElement("meter");
    cell.meter.max = 100; cell.meter.high = 50; cell.meter.setAttribute("aria-hidden", "true");
    cell.figure = document.createElement("span");
    cell.append(cell.meter, cell.figure);
    return cell;
  }

  function make(vehicle, open) {
    const row = document.createElement("tr");
    row.dataset.key = vehicle.key;
    row.setAttribute("role", "row");   // rows are laid out as grids, which takes the table's own meaning away
    const head = document.createElement("th");
    head.scope = "row";
    head.setAttribute("role", "rowheader");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "vehicle";
    button.textContent = vehicle.name;
    if (vehicle.fleet) button.title = vehicle.fleet + "/" + vehicle.name;
    button.addEventListener("click", () => open(vehicle.key));
    const mark = document.createElement("span");
    mark.className = "group-mark";
    head.append(mark, button);
    row.append(head);
    const now = row.insertCell(); now.className = "now"; now.dataset.label = "Now";
    const fatigue = meterCell(row, "Fatigue", "fatigue");
    const distraction = meterCell(row, "Distraction", "distraction");
    const anger = row.insertCell(); anger.className = "anger"; anger.dataset.label = "Displayed anger";
    const view = row.insertCell(); view.className = "view"; view.dataset.label = "View";
    const heard = row.insertCell(); heard.className = "heard"; heard.dataset.label = "Heard";
    for (const cell of row.querySelectorAll("td")) cell.setAttribute("role", "cell");
    return { row, button, mark, now, fatigue, distraction, anger, view, heard };
  }

  const GROUP_WORDS = { call: "Call now", watch: "Watch", silent: "No signal", calm: "Calm", off: "Parked" };
  const GROUP_SIGNS = { call: "!", watch: "•", silent: "⚡", calm: "✓", off: "P" };

  function what(item) {
    const { vehicle, group, top } = item;
    if (top) return Words.kind(top.kind) + " L" + top.peak + (top.open ? "" : " (over)");
    if (group === "silent") return vehicle.online === false ? "Link lost" : "Silent";
    if (group === "off") return "Parked";
    if (vehicle.faults.length) return "Fault: " + Words.reason(vehicle.faults[0]);
    const open = [...vehicle.open.values()][0];
    if (open) return Words.kind(open.kind) + ", acknowledged";
    if (vehicle.view === "blind" && !vehicle.privacy) return "Driver unseen";
    if ((vehicle.fatigue ?? 0) >= 50) return "Tired";
    return "Calm";
  }

  function update(item, now, open) {
    const { vehicle, group } = item;
    let entry = made.get(vehicle.key);
    if (!entry) { entry = make(vehicle, open); made.set(vehicle.key, entry); }
    const { row } = entry;
    if (entry.group !== group) {
      entry.group = row.dataset.group = group;
      row.classList.toggle("dead", group === "silent" || group === "off");
      put(entry.mark, GROUP_SIGNS[group]);
      entry.mark.title = GROUP_WORDS[group];
    }
    put(entry.now, what(item));
    bar(entry.fatigue, vehicle.fatigue);
    bar(entry.distraction, vehicle.distraction);
    put(entry.anger, vehicle.anger === undefined ? "–" : vehicle.anger === 0 ? "none" : Words.level(vehicle.anger));
    put(entry.view, vehicle.privacy ? "private" : vehicle.view === undefined ? "–" : vehicle.view === "ok" ? "seen" : Words.reason(vehicle.viewReason ?? vehicle.view));
    put(entry.heard, Words.age((now - vehicle.heard) / 1000).replace(" ago", ""));
    return row;
  }

  /* Put the rows into this order, moving only those that are elsewhere, and keep the focus where it is. */
  function arrange(items, now, open) {
    const wanted = new Set(items.map((item) => item.vehicle.key));
    for (const [key, entry] of made) if (!wanted.has(key)) { entry.row.remove(); made.delete(key); }
    const focused = document.activeElement;
    const rows = items.map((item) => update(item, now, open));
    let place = body.firstElementChild;
    for (const row of rows) {
      if (row === place) { place = place.nextElementSibling; continue; }
      body.insertBefore(row, place);
    }
    if (focused && focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }

  function refresh(items, now, open) { for (const item of items) if (made.has(item.vehicle.key)) update(item, now, open); }

  function step(by) {
    const buttons = [...body.querySelectorAll("tr:not([hidden]) button.vehicle")];
    if (!buttons.length) return;
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[Math.min(buttons.length - 1, Math.max(0, at + by))] ?? buttons[0];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function current() { return document.activeElement?.closest?.("tr[data-key]")?.dataset.key; }
  function focus(key) { made.get(key)?.button.focus(); }
  function select(key) { for (const [name, entry] of made) entry.row.classList.toggle("selected", name === key); }

  return { arrange, refresh, step, current, focus, select };
})();
