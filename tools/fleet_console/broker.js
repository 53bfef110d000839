/* The connection: MQTT 5 over websockets, with a session that the broker keeps while the page is away. */
"use strict";
const Broker = (() => {
  const SESSION_S = 86400;
  const TOPICS = ["status", "info", "state", "alert", "alerts/active", "health", "trip", "rsp/+"];
  let client = null;

  function id() {
    let name = null;
    try { name = localStorage.getItem("fleet-console.id"); } catch { /* stores nothing */ }
    if (!name || !/^console-[0-9a-f]{12}$/.test(name)) {
      name = "console-" + [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      try { localStorage.setItem("fleet-console.id", name); } catch { /* a new one each time then */ }
    }
    return name;
  }

  /* `told` gets ("open") | ("lost") | ("refused", text) | ("message", topic, payload, retained). */
  function open(settings, told) {
    close();
    let greeted = false;
    const here = mqtt.connect(settings.url, {
      protocolVersion: 5, clientId: id(), clean: false, keepalive: 20, connectTimeout: 8000, resubscribe: false,
      reconnectPeriod: 800 + Math.random() * 1200,   // a depot's screens do not return in step
      username: settings.user || undefined, password: settings.password || undefined,
      properties: { sessionExpiryInterval: SESSION_S, receiveMaximum: 500 },
    });
    client = here;
    here.on("connect", () => {
      greeted = true;
      // Asked anew with each connection: the retained messages then come again and put right what we missed.
      const fleet = settings.fleet || "+";
      here.subscribe(TOPICS.map((name) => `dms/1/${fleet}/+/${name}`), { qos: 1 }, (error, granted) => {
        const refused = error || (granted ?? []).some((one) => one.qos >= 128);
        if (client === here) told(refused ? "refused" : "open", refused ? "The broker does not let this user read the fleet's topics." : undefined);
      });
    });
    here.on("message", (topic, payload, packet) => { if (client === here) told("message", topic, payload, packet.retain); });
    here.on("close", () => { if (client === here && greeted) told("lost"); });
    here.on("error", (error) => {
      if (client !== here) return;
      const code = error?.code;
      if ([0x84, 0x85, 0x86, 0x87].includes(code)) {
        close();
        told("refused", code === 0x84 ? "The broker does not speak MQTT 5." : "The broker refused user name or password.");
      } else if (!greeted) told("unreachable");
    });
    if (!greeted) here.once("close", () => { if (client === here && !greeted) told("unreachable"); });
  }
  function send(topic, document) { client?.publish(topic, JSON.stringify(document), { qos: 1 }); }
  function close() { const old = client; client = null; old?.end(true); }
  return { open, send, close, get there() { return Boolean(client?.connected); } };
})();
