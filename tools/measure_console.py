"""How quick the fleet console is, and its pictures: a real broker, simulated vehicles, a headless Chromium.

Reported are the time from publishing a message to the changed row, and the frame times meanwhile. `--pictures DIR`
takes the screenshots of the README.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as paho
from fleet_simulation.broker import BrokerMissingError, OwnBroker, own_broker
from fleet_simulation.tally import quantile_ms
from headless_browser import Browser, PageError, program
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS: Final = Path(__file__).resolve().parent
PAGE: Final = (TOOLS / "fleet_console" / "index.html").as_uri()
FLEET: Final = "north-depot"
PROBE: Final = "probe"
PROBES: Final = 150
PROBE_EVERY_S: Final = 0.2
ARRIVAL_S: Final = 240.0

WATCH: Final = """(() => {
  const row = document.querySelector('tr[data-key="%s/%s"]');
  window.arrivals = []; window.frames = [];
  new MutationObserver(() => {
    const shown = [...row.querySelectorAll('meter + span')].map((figure) => figure.textContent).join('');
    const at = performance.timeOrigin + performance.now();
    if (shown !== window.arrivals.at(-1)?.[0]) window.arrivals.push([shown, at]);
  }).observe(row, {subtree: true, childList: true, characterData: true});
  let last = performance.now();
  const frame = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
})()"""


def main() -> int:
    """Measure, take pictures, or both."""
    parser = argparse.ArgumentParser(prog="measure_console.py", description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--vehicles", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second of the whole fleet")
    parser.add_argument("--pictures", metavar="DIR", type=Path, help="take the README's screenshots instead")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    chromium = program()
    if chromium is None:
        print("measure_console: no Chromium is installed: sudo apt install chromium", file=sys.stderr)
        return 2
    try:
        with own_broker(websockets=True) as broker:
            browser = Browser(chromium)
            try:
                connect(browser, broker)
                if arguments.pictures is not None:
                    take_pictures(browser, broker, arguments.pictures)
                    return 0
                figures = measure(browser, broker, arguments.vehicles, arguments.rate)
            finally:
                browser.close()
    except (BrokerMissingError, PageError) as error:
        print(f"measure_console: {error}", file=sys.stderr)
        return 2
    lines = (f"{name:<24} {value}" for name, value in figures.items())
    print(json.dumps(figures) if arguments.json else "\n".join(lines))
    return 0


def connect(browser: Browser, broker: OwnBroker) -> None:
    """Open the page and connect it as a depot would."""
    browser.open(PAGE)
    browser.type("#url", f"ws://{broker.address.host}:{broker.websocket_port}")
    browser.type("#fleet", FLEET)
    browser.press("Enter")
    browser.wait("document.getElementById('link').dataset.state === 'on'")


def fleet(broker: OwnBroker, vehicles: int, rate: float, *extra: str) -> subprocess.Popen[bytes]:
    """Start the simulated vehicles."""
    address = f"{broker.address.host}:{broker.address.port}"
    command = [sys.executable, str(TOOLS / "simulate_fleet.py"), str(vehicles), "--broker", address, "--fleet", FLEET]
    return subprocess.Popen(
        [*command, "--rate", str(rate), *extra], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def measure(browser: Browser, broker: OwnBroker, vehicles: int, rate: float) -> dict[str, Any]:
    """Publish probes among the messages of a fleet and watch their row."""
    probe = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    probe.connect(broker.address.host, broker.address.port)
    probe.loop_start()
    publish(probe, 0)
    process = fleet(broker, vehicles, rate)
    try:
        browser.wait(f"document.querySelectorAll('tr[data-key]').length > {vehicles}", ARRIVAL_S)
        time.sleep(3.0)
        browser.run(WATCH % (FLEET, PROBE))
        sent: dict[str, float] = {}
        for number in range(1, PROBES + 1):
            sent[shown(number)] = time.time() * 1000
            publish(probe, number)
            time.sleep(PROBE_EVERY_S)
        browser.wait("window.arrivals.length > 0")
        arrivals = dict(browser.run("window.arrivals"))
        frames = sorted(browser.run("window.frames")[1:])
    finally:
        process.kill()
        process.wait()
        probe.disconnect()
        probe.loop_stop()
    took = sorted(round(1e6 * (arrivals[key] - at)) for key, at in sent.items() if key in arrivals)
    frames_ns = [round(1e6 * frame) for frame in frames]
    return {
        "vehicles": vehicles,
        "messages_per_s": rate,
        "probes": len(sent),
        "probes_shown": len(took),
        "row_p50_ms": quantile_ms(took, 0.50),
        "row_p95_ms": quantile_ms(took, 0.95),
        "frame_p50_ms": quantile_ms(frames_ns, 0.50),
        "frame_p95_ms": quantile_ms(frames_ns, 0.95),
        "frame_p99_ms": quantile_ms(frames_ns, 0.99),
        "frame_longest_ms": quantile_ms(frames_ns, 1.0),
    }


def shown(number: int) -> str:
    """Return what the probe's two cells show for a number."""
    return f"{number % 49} %{number // 49} %"


def publish(client: paho.Client, number: int) -> None:
    """Send a state whose two figures tell the number."""
    state = {
        "Vehicle.Driver.FatigueLevel": float(number % 49),
        "Vehicle.Driver.DistractionLevel": float(number // 49),
        "observability": "ok",
        "alert_levels": {},
    }
    client.publish(f"dms/1/{FLEET}/{PROBE}/state", json.dumps(state))


def take_pictures(browser: Browser, broker: OwnBroker, folder: Path) -> None:
    """Wait for a lively moment of a simulated fleet and take the README's pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    process = fleet(broker, 60, 30.0, "--episodes", "60", "--faults", "12")
    try:
        wait_for_calls(browser, 3)
        for name, dark in scenes(browser):
            browser.run(f"document.documentElement.dataset.theme = '{'dark' if dark else 'light'}'")
            time.sleep(0.7)
            browser.picture(folder / f"{name}.png")
    finally:
        process.kill()
        process.wait()


def wait_for_calls(browser: Browser, calls: int) -> None:
    """Wait until so many vehicles need a call."""
    browser.wait(f"Number(document.getElementById('count-call').textContent) >= {calls}", 3 * ARRIVAL_S)


def scenes(browser: Browser) -> Iterator[tuple[str, bool]]:
    """Set each scene and give its name; whether it is dark."""
    yield "console", False
    browser.run(
        "window.grave = () => [...document.querySelectorAll('.entry[data-level=\"4\"] .entry-head')]"
        ".find((entry) => entry.querySelector('.spark'))"
    )
    browser.wait("Boolean(window.grave())", 3 * ARRIVAL_S)
    browser.run("window.grave().click()")
    browser.run("document.getElementById('detail').scrollTop = 0")
    yield "console-dark", True
    browser.press("Escape")
    browser.run("document.activeElement.blur()")
    browser.resize(390, 780, phone=True)
    yield "console-phone", False


if __name__ == "__main__":
    sys.exit(main())
