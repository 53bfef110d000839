"use strict";

// The news of `edge-dms preview`: {"ended": bool, "alerts": [[kind, level]], "learnt": [[part, percent, what it waits for]]}
const banner = document.getElementById("banner");
const alerts = document.getElementById("alerts");
const learnt = document.getElementById("learnt");
const LOST = {
  silent: "Not live: edge-dms preview tells nothing. This page goes on by itself when it does.",
  unreachable: "Not live: edge-dms preview has ended or cannot be reached. This page goes on by itself when it answers.",
  refused: "This address is no longer good: edge-dms preview was started anew. Open the new address.",
};
let shown = "";

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function tell(text, live) {
  if (banner.textContent === text) return;
  banner.textContent = text;
  banner.className = live ? "" : "ended";
  document.body.classList.toggle("stale", !live);
}

const board = follow(banner.dataset.token, {
  picture: document.querySelector("img"),
  lost: (why) => tell(LOST[why], false),
  back() {},
  news: render,
});

function render(news) {
  tell(banner.dataset.live, true);
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
  if (news.ended) {
    board.end();
    tell("The film has ended. Start edge-dms preview again to see it once more.", false);
    document.body.classList.remove("stale");
  }
}
