/* Ties it together: messages change the model, a frame later the page shows it. */
"use strict";
(() => {
  const $ = (name) => document.getElementById(name);
  const fleet = new Model.Fleet();
  const groups = new Set();        // chosen tiles; none: all
  let settings = null;
  let wanted = null;               // alert to show first in the details
  let orderDue = true, timelineDue = true, planned = false, lastOrder = 0;
  let items = [];
  let page = 60;
  let lostAt = Date.now();

  /* --- drawing ------------------------------------------------------------------------------------------- */
  function plan() {
    if (planned) return;
    planned = true;
    if (document.hidden) setTimeout(draw, 250); else requestAnimationFrame(draw);
  }
  const dirty = new Set();

  function draw() {
    planned = false;
    const now = Date.now();
    // Sorting is for people: at most twice a second, unless somebody needs a call.
    if (orderDue && (now - lastOrder > 500 || orderDue === "now")) {
      order(now);
    } else {
      const some = items.filter((item) => dirty.has(item.vehicle.key));
      for (const item of some) Object.assign(item, { group: fleet.group(item.vehicle, now), top: topOf(item, now) });
      Rows.refresh(some, now, openVehicle);
      if (orderDue) setTimeout(plan, 500);
    }
    dirty.clear();
    if (timelineDue) { timelineDue = false; drawTimeline(now); }
    drawDetail(now);
  }
  function topOf(item, now) {
    const group = fleet.group(item.vehicle, now);
    return group === "call" || group === "watch" ? fleet.gravest(item.vehicle, now) : null;
  }

  function order(now) {
    orderDue = false;
    lastOrder = now;
    const all = fleet.ordered(now);
    const counts = { call: 0, watch: 0, silent: 0, calm: 0, off: 0 };
    for (const item of all) counts[item.group] += 1;
    for (const name of Model.GROUPS) {
      const node = $("count-" + name);
      if (node.textContent !== String(counts[name])) node.textContent = String(counts[name]);
      node.parentElement.classList.toggle("some", counts[name] > 0);
    }
    document.title = (counts.call ? `(${counts.call}) ` : "") + "Fleet console";
    const find = $("find").value.trim().toLowerCase();
    items = all.filter((item) => (!groups.size || groups.has(item.group)) && (!find || item.vehicle.key.includes(find)));
    Rows.arrange(items, now, openVehicle);
    Cards.showCalls(all.filter((item) => item.group === "call" && item.top), now, openVehicle, settle, (item) => fleet.calling(item.vehicle, now).length);
    drawCalm(counts.call, all.length);
    $("no-vehicles").hidden = items.length > 0;
    $("no-vehicles").textContent = all.length ? "No vehicle matches." : settings ? "No vehicle has been heard of yet." : "";
    $("shown").textContent = items.length === all.length ? String(all.length) : `${items.length} of ${all.length}`;
  }

  /* Calm is only claimed while the page can know it. */
  function drawCalm(calls, all) {
    const note = $("call-none"), live = $("link").dataset.state === "on";
    note.hidden = (live && (calls > 0 || !all)) || (!live && !all);
    note.classList.toggle("doubt", !live);
    const text = live ? "✓ Nobody needs a call." : `No connection since ${Words.clock(lostAt)}: what you see is as it was then.`;
    if (note.textContent !== text) note.textContent = text;
  }

  function drawTimeline(now) {
    const kind = $("filter-kind").value, least = Number($("filter-level").value), only = $("filter-open").checked;
    const find = $("find").value.trim().toLowerCase();
    const chosen = [];
    for (const alert of fleet.alerts.values()) {
      if (alert.peak < least || (kind && alert.kind !== kind) || (find && !alert.vehicle.key.includes(find))) continue;
      if (only && (fleet.acknowledged.has(alert.id) || alert.contested)) continue;
      chosen.push(alert);
    }
    chosen.sort((a, b) => b.started - a.started);
    Cards.showTimeline(chosen.slice(0, page), fleet.acknowledged, now, openVehicle);
    $("no-alerts").hidden = chosen.length > 0;
    $("more").hidden = chosen.length <= page;
  }

  function drawDetail(now) {
    if (!Detail.key) return;
    const vehicle = fleet.vehicles.get(Detail.key);
    if (vehicle) Detail.show(fleet, vehicle, now, settle, wanted); else closeDetail();
  }

  /* --- what people do ------------------------------------------------------------------------------------ */
  function openVehicle(key, alertId = null) {
    wanted = alertId;
    const vehicle = fleet.vehicles.get(key);
    if (!vehicle) return;
    Rows.select(key);
    Detail.show(fleet, vehicle, Date.now(), settle, wanted);
  }
  function closeDetail() {
    const key = Detail.close();
    Rows.select(null);
    if (key) Rows.focus(key);
  }
  function settle(alert, how) {
    const now = Date.now();
    // One call answers all that a vehicle asks for; a mistake is said of one alert alone.
    const all = how === "acknowledged" ? new Set([alert, ...fleet.calling(alert.vehicle, now)]) : [alert];
    for (const one of all) {
      fleet.settle(one.id, how, now);
      // The vehicle only takes it for an open alert, and only where its owner switched commands on.
      if (one.open && Broker.there) {
        const name = how === "contested" ? "mark_wrong" : "ack";
        Broker.send(`dms/1/${one.vehicle.fleet}/${one.vehicle.name}/cmd/${name}`, { transaction: `console-${now}-${one.id.slice(-12)}`, alert_id: one.id });
      }
    }
    remember();
    say($("announce"), `${alert.vehicle.name}: ${Words.kind(alert.kind)} ${how}`);
    orderDue = "now"; timelineDue = true;
    plan();
  }
  function settleGravest(how) {
    const key = Rows.current() ?? Detail.key;
    const vehicle = key ? fleet.vehicles.get(key) : fleet.ordered(Date.now()).find((item) => item.group === "call")?.vehicle;
    const alert = vehicle && fleet.gravest(vehicle, Date.now());
    if (alert) settle(alert, how);
  }
  function say(node, text) { node.textContent = ""; node.textContent = text; }

  /* --- what the network tells ---------------------------------------------------------------------------- */
  function take(topic, payload, retained) {
    const now = Date.now();
    const change = fleet.take(topic, new TextDecoder().decode(payload), retained, now);
    if (!change) return;
    dirty.add(change.vehicle.key);
    orderDue = orderDue || true;
    if (change.alert || topic.endsWith("/alerts/active")) {
      timelineDue = true;
      known(change.alert);
      if (change.fresh && change.alert.level >= Model.CALL_LEVEL) {
        orderDue = "now";
        Sound.play(change.alert.level, now);
        say($(change.alert.level >= 4 ? "alarm" : "announce"), `${change.vehicle.name}: ${Words.kind(change.alert.kind)}, ${Words.level(change.alert.level)}`);
      }
    }
    if (!items.some((item) => item.vehicle === change.vehicle)) orderDue = "now";
    plan();
  }
  function known(alert) {
    if (!alert || [...$("filter-kind").options].some((option) => option.value === alert.kind)) return;
    if ($("filter-kind").options.length < 20) $("filter-kind").add(new Option(Words.kind(alert.kind), alert.kind));
  }

  function told(what, ...more) {
    if (what === "message") { take(...more); return; }
    const words = { open: "Live", lost: "Connection lost, trying again", unreachable: "Broker not reached, trying again", refused: "Refused" };
    $("link").dataset.state = what === "open" ? "on" : what === "refused" ? "off" : "lost";
    $("link-text").textContent = words[what];
    if (what === "lost") lostAt = Date.now();
    orderDue = "now";
    if (what === "refused") { ask(more[0]); return; }
    $("leave").hidden = false;
    if (what === "open" || what === "lost") $("connect").close();
    if (what === "unreachable") $("connect-problem").textContent = `${settings.url} does not answer. Is it a websocket listener, and is its certificate trusted by this browser? Trying again.`;
    plan();
  }

  /* --- connecting ---------------------------------------------------------------------------------------- */
  function stored(name, value) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem("fleet-console." + name) ?? "null");
      localStorage.setItem("fleet-console." + name, JSON.stringify(value));
    } catch { /* a browser that stores nothing: asked anew each time */ }
    return null;
  }
  function remember() {
    const newest = [...fleet.acknowledged].slice(-500);
    stored("settled", newest);
  }
  function recall() {
    const old = stored("settled");
    const limit = Date.now() - 86400e3;
    for (const entry of Array.isArray(old) ? old : []) {
      const [id, how] = Array.isArray(entry) ? entry : [];
      if (typeof id === "string" && typeof how?.at === "number" && how.at > limit) fleet.acknowledged.set(id, { how: how.how === "contested" ? "contested" : "acknowledged", at: how.at });
    }
  }
  function ask(problem = "") {
    $("connect-problem").textContent = problem;
    if (!$("connect").open) $("connect").showModal();
    ($("url").value ? $("connect-button") : $("url")).focus();
  }
  function connect(event) {
    event.preventDefault();
    const url = $("url").value.trim(), name = $("fleet").value.trim();
    if (!/^wss?:\/\/[^\s/]+/.test(url)) { $("connect-problem").textContent = "Write the address as wss://HOST:PORT/PATH (or ws:// inside your own network)."; $("url").focus(); return; }
    if (!/^[a-z0-9-]{0,32}$/.test(name)) { $("connect-problem").textContent = "A fleet's name has only a-z, 0-9 and -."; $("fleet").focus(); return; }
    if ($("password").value && !$("user").value) { $("connect-problem").textContent = "A password needs a user name."; $("user").focus(); return; }
    settings = { url, fleet: name, user: $("user").value, password: $("password").value };
    stored("address", { url, fleet: name, user: settings.user });
    $("password").value = "";
    $("connect-problem").textContent = "Connecting …";
    $("fleet-name").textContent = name || "all fleets";
    Broker.open(settings, told);
  }
  function leave() {
    Broker.close();
    settings = null;
    $("link").dataset.state = "off";
    $("link-text").textContent = "Not connected";
    $("leave").hidden = true;
    ask();
  }

  /* --- keys ---------------------------------------------------------------------------------------------- */
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("connect").open || $("help").open) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") { if (typing) event.target.blur(); closeDetail(); return; }
    if (typing) return;
    const acts = {
      ArrowDown: () => Rows.step(1), j: () => Rows.step(1), ArrowUp: () => Rows.step(-1), k: () => Rows.step(-1),
      a: () => settleGravest("acknowledged"), c: () => settleGravest("contested"), "/": () => $("find").focus(),
      s: toggleSound, t: toggleTheme, "?": () => $("help").showModal(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  function toggleSound() {
    const on = Sound.toggle();
    $("sound").setAttribute("aria-pressed", String(on));
    $("sound").textContent = on ? "Sound on" : "Sound off";
  }
  function toggleTheme() {
    const dark = document.documentElement.dataset.theme !== "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").textContent = dark ? "Light" : "Dark";
    try { localStorage.setItem("fleet-console.theme", dark ? "dark" : "light"); } catch { /* not kept */ }
  }

  function again() { orderDue = "now"; timelineDue = true; plan(); }
  $("connect-form").addEventListener("submit", connect);
  $("leave").addEventListener("click", leave);
  $("sound").addEventListener("click", toggleSound);
  $("theme").addEventListener("click", toggleTheme);
  $("help-button").addEventListener("click", () => $("help").showModal());
  $("detail-close").addEventListener("click", closeDetail);
  $("more").addEventListener("click", () => { page += 100; again(); });
  for (const name of ["find", "filter-kind", "filter-level", "filter-open"]) $(name).addEventListener("input", again);
  for (const button of $("triage").children) button.addEventListener("click", () => {
    const name = button.dataset.group;
    if (groups.has(name)) groups.delete(name); else groups.add(name);
    button.setAttribute("aria-pressed", String(groups.has(name)));
    again();
  });
  document.addEventListener("keydown", key);
  $("connect").addEventListener("cancel", (event) => { if (!settings) event.preventDefault(); });
  $("theme").textContent = document.documentElement.dataset.theme === "dark" ? "Light" : "Dark";
  setInterval(() => { orderDue = orderDue || true; plan(); }, 1000);
  document.addEventListener("visibilitychange", () => { planned = false; again(); });

  const address = stored("address");
  if (address && typeof address === "object") {
    if (typeof address.url === "string") $("url").value = address.url;
    if (typeof address.fleet === "string") $("fleet").value = address.fleet;
    if (typeof address.user === "string") $("user").value = address.user;
  }
  recall();
  ask();
})();
