"use strict";

// Follows the picture and the news of a board through lost connections. An old picture must not pass for a live one:
// a board that falls silent counts as lost, whether or not the browser has noticed that the connection is gone.

const SILENT_MS = 3000; // the boards tell something several times a second
const RENEW_MS = 9000; // a connection that a telephone took along into another network never ends by itself

// `picture` is the <img> of the stream. `news` takes each document, `lost` why nothing comes ("silent", "unreachable" or
// "refused", where the address is no longer good), `back` is called when something comes again.
function follow(token, { picture, news, lost, back }) {
  const key = `token=${encodeURIComponent(token)}`;
  let source = null;
  let heard = Date.now();
  let opened = 0;
  let why = "";

  function fail(reason) {
    if (reason === why) return;
    why = reason;
    lost(reason);
  }

  async function refused() {
    const answer = await fetch(`follow.js?${key}`, { cache: "no-store" }).catch(() => null);
    fail(answer && answer.status === 403 ? "refused" : "unreachable");
  }

  function open() {
    if (source) source.close();
    opened = Date.now();
    source = new EventSource(`events?${key}`);
    source.addEventListener("open", () => { picture.src = `stream.mjpg?${key}&n=${Date.now()}`; });
    source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) refused(); else fail("unreachable"); });
    source.addEventListener("message", (message) => {
      heard = Date.now();
      if (why) {
        why = "";
        back();
      }
      news(JSON.parse(message.data));
    });
  }

  const watch = setInterval(() => {
    const quiet = Date.now() - Math.max(heard, opened);
    if (Date.now() - heard > SILENT_MS && !why) fail("silent");
    if (quiet > RENEW_MS || (source.readyState === EventSource.CLOSED && quiet > SILENT_MS)) open();
  }, 500);

  open();
  return {
    failed: () => fail("unreachable"),
    end() {
      clearInterval(watch);
      source.close();
    },
  };
}
