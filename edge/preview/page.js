"use strict";

// The news of `edge-dms preview`: {"ended": bool, "alerts": [[kind, level]], "learnt": [[part, percent, what it waits for]]}
const banner = document.getElementById("banner");
const alerts = document.getElementById("alerts");
const learnt = document.getElementById("learnt");
const events = new EventSource("events?token=" + encodeURIComponent(banner.dataset.token));
let shown = "";

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function end(text) {
  events.close();
  banner.textContent = text;
  banner.className = "ended";
}

events.onmessage = (message) => {
  const news = JSON.parse(message.data);
  const open = JSON.stringify(news.alerts);
  // Screen readers speak what is replaced: only what changed.
  if (open !== shown) {
    shown = open;
    alerts.replaceChildren(
      ...(news.alerts.length
        ? news.alerts.map(([kind, level]) => element("li", `Level ${level}: ${kind}`, `level${level}`))
        : [element("li", "No alert is open", "calm")]),
    );
  }
  learnt.replaceChildren(
    ...news.learnt.flatMap(([part, percent, wait]) => [
      element("dt", part),
      element("dd", wait ? `${percent} %, waits for ${wait}` : `${percent} %`),
    ]),
  );
  if (news.ended) end("The film has ended. Start edge-dms preview again to see it once more.");
};
events.onerror = () => {
  if (!banner.className) end("edge-dms preview has ended or cannot be reached any more.");
};
