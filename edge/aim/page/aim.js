// Shows what the board tells and sends back what is pressed. All judging is done on the board.
"use strict";

const token = new URLSearchParams(location.search).get("token") || "";
const WORDS = { green: "good", yellow: "will do", red: "must be mended", unknown: "not measured" };
const RANK = { red: 0, unknown: 1, yellow: 2, green: 3 };
const MEASURES = { ahead: "He looks ahead: measure", cluster: "He looks there: measure" };
const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);
const set = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
const show = (id, on) => { at(id).hidden = !on; };

let state = null;
let over = false;
let live = false;

const LOST = {
  silent: "No answer from the board. Stay near it; this page goes on by itself when it answers.",
  unreachable: "The board cannot be reached. Stay near it, in its network; this page goes on by itself.",
  refused: "This address is no longer good: the wizard was started anew. Scan the new code at the board.",
};

function press(what, more = {}) {
  fetch(`do?token=${encodeURIComponent(token)}`, {
    method: "POST",
    body: JSON.stringify({ step: state.step, do: what, ...more }),
  }).then(async (answer) => { if (!answer.ok) trouble(await answer.text()); }).catch(() => board.failed());
}

function trouble(said) {
  show("trouble", Boolean(said));
  set("trouble", said);
}

// What stands on the page is true only while the board tells it: without news no light is shown as if it were now.
function shine(on) {
  live = on;
  at("live").className = on ? "" : "off";
  set("banner", on ? "Live: shows the driver, keeps nothing." : "Not live: nothing comes from the board.");
  document.body.classList.toggle("stale", !on);
  document.querySelector("nav").inert = !on;
}

function lost(why) {
  if (over) return;
  shine(false);
  trouble(LOST[why]);
}

function icon(light) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", `light ${light}`);
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${light}`);
  made.append(use);
  return made;
}

function span(kind, text) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}

function lights(found) {
  // The order stays, for a line that jumps about cannot be read; at the end the worst comes first.
  const verdicts = state.step === "result" ? [...found].sort((a, b) => RANK[a.light] - RANK[b.light]) : found;
  const key = JSON.stringify(verdicts.map((one) => [one.name, one.light, one.shown, one.sentence]));
  if (lights.shown === key) return;
  lights.shown = key;
  at("lights").replaceChildren(...verdicts.map((one) => {
    const line = document.createElement("li");
    line.dataset.name = one.name;
    line.dataset.light = one.light;
    line.append(icon(one.light), span("name", one.title), span("value", one.shown));
    line.querySelector(".name").append(span("word", `: ${WORDS[one.light]}.`));
    if (one.light !== "green") line.append(span("say", one.sentence));
    return line;
  }));
}

function advise(light, sentences) {
  const key = JSON.stringify([light, sentences]);
  if (advise.shown === key) return;
  advise.shown = key;
  at("advice").className = light;
  at("advice").replaceChildren(...sentences.map((sentence) => {
    const line = document.createElement("p");
    line.textContent = sentence;
    return line;
  }));
}

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function map() {
  const key = JSON.stringify(state.places);
  if (map.shown !== key) {
    map.shown = key;
    at("places").replaceChildren(...state.places.map((place) => {
      const kind = `${place.known ? "known" : "hint"} ${place.current ? "current" : ""}`;
      const group = shape("g", { class: kind.trim(), transform: `translate(${place.x_deg} ${-place.y_deg})` });
      const w = place.half_width_deg, h = place.half_height_deg;
      group.append(shape("rect", { x: -w, y: -h, width: 2 * w, height: 2 * h }));
      // Names stay inside the map, off the zone so that the dot is seen in it; the inner mirror's off its neighbour's.
      const inside = Math.max(-58 - place.x_deg, Math.min(58 - place.x_deg, 0));
      const above = place.name === "inner_mirror" || h - place.y_deg > 34;
      group.append(shape("text", { x: inside, y: above ? -h - 2 : h + 6.5 }, place.title));
      return group;
    }));
  }
  const [half, down] = state.road;
  for (const [key, value] of Object.entries({ x: -half, y: -38, width: 2 * half, height: 38 + down })) {
    at("road").setAttribute(key, value);
  }
  const view = state.step === "result" ? null : state.view;
  at("view").toggleAttribute("hidden", !view);
  if (view) {
    const x = Math.max(-80, Math.min(80, view[0])), y = Math.max(-42, Math.min(34, view[1]));
    at("view").setAttribute("transform", `translate(${x} ${-y})`);
  }
}

function worst(verdicts) {
  return verdicts.reduce((found, one) => (RANK[one.light] < RANK[found] ? one.light : found), "green");
}

function buttons() {
  const zone = ["left_mirror", "right_mirror", "inner_mirror", "cluster"].includes(state.step);
  const asks = zone || state.step === "ahead";
  const running = state.look !== null && state.look !== undefined;
  const forward = at("forward");
  show("back", state.number > 1);
  show("again", asks && state.measured && !running);
  show("other", state.may_skip && !running || state.step === "result");
  set("other", state.step === "result" ? "Finish, do not save" : "There is none");
  let text = `Next: ${state.following}`;
  forward.dataset.do = "next";
  if (state.step === "start") text = "It is parked: begin";
  else if (state.step === "camera" && worst(state.verdicts) === "red") text = "Go on although not all is well";
  else if (state.step === "result") { text = "Save and finish"; forward.dataset.do = "save"; }
  else if (running) text = state.look > 0 ? "Hold still …" : zone ? "Waiting for the look …" : "Waiting for the face …";
  else if (asks && !state.measured) {
    text = MEASURES[state.step] || "He looks into it: measure";
    forward.dataset.do = "measure";
  }
  set("forward", text);
  forward.disabled = running;
  forward.classList.toggle("run", running);
  forward.style.setProperty("--share", `${Math.round(100 * (state.look || 0))}%`);
}

function time(left) {
  if (left === undefined || left > 120) return "";
  return `ends in ${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")} unless you press something`;
}

function render(news) {
  const before = state && state.step;
  if (!live) shine(true);
  if (before !== news.state.step) trouble("");
  state = news.state;
  document.body.dataset.step = state.step;
  set("count", `Step ${state.number} of ${state.steps}`);
  set("left", time(news.left_s));
  set("screens", news.screens > 1 ? `${news.screens} screens` : "");
  if (before !== state.step) {
    const bar = at("progress");
    bar.setAttribute("aria-valuemax", state.steps);
    bar.setAttribute("aria-valuenow", state.number);
    bar.replaceChildren(...Array.from({ length: state.steps }, (_, i) => {
      const part = document.createElement("i");
      part.className = i < state.number ? "done" : "";
      return part;
    }));
    set("title", state.title);
    if (before) { at("title").focus({ preventScroll: true }); scrollTo(0, 0); }
  }
  set("ask", state.ask);
  show("ask", Boolean(state.ask));
  show("vehicle", state.step === "start");
  set("vehicle", state.vehicle);
  const zone = state.places.length > 0;
  show("sight", state.step !== "result");
  at("sight").classList.toggle("small", zone);
  show("map", zone);
  at("map").classList.toggle("still", state.step === "result");
  at("map").querySelector("figcaption").hidden = state.step === "result";
  if (zone) map();
  const tiles = state.step === "camera" || state.step === "ahead";
  at("lights").classList.toggle("tiles", tiles);
  const waiting = (state.step === "ahead" || zone) && !state.measured && !state.failed;
  const bad = state.verdicts.filter((one) => one.light !== "green").sort((a, b) => RANK[a.light] - RANK[b.light]);
  let sentences = tiles ? bad.map((one) => (one.name === "face" ? one.sentence : `${one.title}: ${one.sentence}`))
    : bad.map((one) => one.sentence);
  if (!sentences.length && state.step === "camera") sentences = ["All is well. Go on."];
  if (state.failed) sentences = [state.failed];
  advise(state.failed ? "yellow" : worst(state.verdicts), sentences);
  show("advice", sentences.length > 0 && !waiting && state.step !== "result");
  const result = state.passed;
  show("verdict", result !== null && result !== undefined);
  if (result !== null && result !== undefined) verdict(result);
  lights(state.verdicts);
  show("lights", !(zone && !state.measured && state.step !== "result"));
  buttons();
}

function verdict(passed) {
  if (verdict.shown === passed) return;
  verdict.shown = passed;
  const made = at("verdict");
  made.className = passed ? "green" : "red";
  made.replaceChildren(icon(passed ? "green" : "red"), span("", passed ? "Passed" : "Not passed yet"));
}

function end(news) {
  over = true;
  document.body.dataset.step = "over";
  document.querySelector("#sight img").removeAttribute("src");
  document.body.classList.remove("stale");
  at("live").className = "off";
  set("banner", "Over: the camera is no longer shown.");
  for (const id of ["sight", "map", "advice", "vehicle", "trouble", "lights"]) show(id, false);
  document.querySelector("nav").hidden = true;
  set("screens", "");
  set("left", "");
  const done = news.done;
  set("title", done ? "The installation is over" : "Ended early");
  set("ask", done ? `${done.said} You can close this page.` : news.state.ended);
  show("ask", true);
  show("verdict", Boolean(done));
  if (done) verdict(done.passed);
}

const board = follow(token, {
  picture: document.querySelector("#sight img"),
  lost,
  back: () => trouble(""),
  news(heard) {
    if (heard.done || heard.state.ended) {
      board.end();
      end(heard);
    } else {
      render(heard);
    }
  },
});

at("forward").addEventListener("click", () => press(at("forward").dataset.do));
at("back").addEventListener("click", () => press("back"));
at("again").addEventListener("click", () => press("measure"));
at("other").addEventListener("click", () => press(state.step === "result" ? "finish" : "skip"));
document.querySelector("#map svg").addEventListener("click", (event) => {
  if (!state || state.step === "result") return;
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(event.currentTarget.getScreenCTM().inverse());
  press("place", { x_deg: Math.round(place.x), y_deg: Math.round(-place.y) });
});
document.querySelector("#map svg").addEventListener("keydown", (event) => {
  const way = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, 2], ArrowDown: [0, -2] }[event.key];
  const spot = state && state.places.find((place) => place.current);
  if (!way || !spot) return;
  event.preventDefault();
  press("place", { x_deg: spot.x_deg + way[0], y_deg: spot.y_deg + way[1] });
});
