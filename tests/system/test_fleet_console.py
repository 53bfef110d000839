"""The fleet console in a real browser against a real broker: what a depot sees, does and is spared."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import paho.mqtt.client as paho
import pytest
from fleet_simulation.broker import OwnBroker
from headless_browser import Browser
from paho.mqtt.enums import CallbackAPIVersion

from edge.uplink.remote.messages import Ack, MarkWrong
from tests.support.brokers import wait_for
from tests.support.checkout import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

PAGE = (CHECKOUT / "tools" / "fleet_console" / "index.html").as_uri()
EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'


def stamp(ago_s: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Depot:
    """A broker, somebody who publishes as vehicles do, and a page that is connected."""

    def __init__(self, chromium: str, folder: Path) -> None:
        self.broker = OwnBroker(folder, websockets=True)
        self.broker.start()
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("dms/1/f/+/cmd/#", 1)
        self._client.on_message = lambda _c, _u, message: self.heard.append(
            (message.topic, json.loads(message.payload))
        )
        self._client.connect(self.broker.address.host, self.broker.address.port)
        self._client.loop_start()
        self._seq = 0
        self.browser = Browser(chromium)

    def connect(self) -> Browser:
        page = self.browser
        page.open(PAGE)
        page.type("#url", f"ws://127.0.0.1:{self.broker.websocket_port}")
        page.type("#fleet", "f")
        page.type("#user", "depot")
        page.type("#password", "correct horse")
        page.press("Enter")
        page.wait("document.getElementById('link').dataset.state === 'on'")
        return page

    def say(self, vehicle: str, name: str, document: dict[str, Any]) -> None:
        self._client.publish(
            f"dms/1/f/{vehicle}/{name}", json.dumps(document), qos=1, retain=name != "alert"
        ).wait_for_publish(20)

    def online(self, vehicle: str, session: str = "b.000002", *, ago_s: float = 0.0) -> None:
        self.say(vehicle, "status", {"status": "online", "session_id": session, "boot_id": "b", "time": stamp(ago_s)})
        self.say(vehicle, "state", {**STATE, "time": stamp(ago_s)})

    def alert(self, vehicle: str, alert_id: str, **data: Any) -> None:
        self._seq += 1
        phase = data.get("phase", "opened")
        document = {
            "specversion": "1.0", "id": f"b.{self._seq}", "source": f"dms/1/f/{vehicle}", "type": f"dms.alert.{phase}",
            "time": stamp(),
            "data": {
                "alert_id": alert_id, "phase": phase, "revision": 0, "kind": "microsleep", "level": 3, "peak": 3,
                "started": stamp(2.0), "boot_id": "b", "seq": self._seq, "mono_ns": 60_000_000_000,
                "evidence": [{"name": "eyes_closed_s", "value": 1.52, "threshold": 1.5}], "vehicle": {"speed_kmh": 83},
                **data,
            },
        }  # fmt: skip
        self.say(vehicle, "alert", document)

    def close(self) -> None:
        self.browser.close()
        self._client.disconnect()
        self._client.loop_stop()
        self.broker.stop()


STATE = {
    "Vehicle.Driver.FatigueLevel": 12.0,
    "Vehicle.Driver.DistractionLevel": 5.0,
    "Vehicle.Driver.DisplayedExpression.AngerAlertLevel": 0,
    "alert_levels": {"closure": 0, "fatigue": 0, "distraction": 0, "absence": 0},
    "observability": "ok",
    "reason": "ok",
}


def row(vehicle: str) -> str:
    return f"document.querySelector('tr[data-key=\"f/{vehicle}\"]')"


def group(vehicle: str) -> str:
    return f"{row(vehicle)}?.dataset.group"


@pytest.fixture(scope="module")
def depot(chromium: str, mosquitto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    place = Depot(chromium, tmp_path_factory.mktemp("depot"))
    try:
        place.online("van-1")
        place.online("van-old", ago_s=600.0)
        place.say("van-1", "health", {"camera": "ok", "fps": 29.9, "faults": [], "time": stamp()})
        place.connect()
        yield place
    finally:
        place.close()


def test_retained_messages_show_the_fleet_at_once_and_age_tells_who_is_silent(depot: Depot) -> None:
    page = depot.browser
    page.wait(f"{group('van-1')} === 'calm'")
    page.wait(f"{group('van-old')} === 'silent'")
    assert "12 %" in page.run(f"{row('van-1')}.textContent")
    assert page.run("document.getElementById('count-silent').textContent") == "1"
    assert page.run("document.getElementById('call-none').textContent") == "✓ Nobody needs a call."


def test_an_urgent_alert_asks_for_a_call_until_it_is_acknowledged(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-2")
    depot.alert("van-2", "a-2")
    page.wait(f"{group('van-2')} === 'call'")
    card = page.run("document.querySelector('.card').textContent")
    assert "van-2" in card
    assert "Microsleep" in card
    assert "Eyes closed for 1.52 s (limit 1.5 s) · 83 km/h" in card
    assert page.run("document.title") == "(1) Fleet console"
    assert page.run("document.getElementById('announce').textContent") == "van-2: Microsleep, urgent"
    page.run("document.querySelector('.card .primary').click()")
    page.wait(f"{group('van-2')} === 'calm'")
    assert wait_for(lambda: depot.heard)
    topic, document = depot.heard.pop()
    assert topic == "dms/1/f/van-2/cmd/ack"
    assert msgspec.convert(document, Ack).alert_id == "a-2"  # as the vehicle reads it, unknown fields refused


def test_a_contested_alert_is_told_to_the_vehicle_as_wrong(depot: Depot) -> None:
    page = depot.browser
    depot.alert("van-2", "a-3", kind="sleep", level=4, peak=4)
    page.wait(f"{group('van-2')} === 'call'")
    page.run("document.querySelector('.card button[title]').click()")
    page.wait(f"{group('van-2')} === 'calm'")
    assert wait_for(lambda: depot.heard)
    topic, document = depot.heard.pop()
    assert topic == "dms/1/f/van-2/cmd/mark_wrong"
    assert msgspec.convert(document, MarkWrong).alert_id == "a-3"


def test_an_alert_that_comes_twice_is_one_and_a_hole_in_the_sequence_is_told(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-3")
    depot.alert("van-3", "a-4", kind="distraction", level=2, peak=2)
    depot._seq -= 1
    depot.alert("van-3", "a-4", kind="distraction", level=2, peak=2)
    depot._seq += 5
    depot.alert("van-3", "a-4", kind="distraction", level=2, peak=2, phase="closed", revision=1, duration_s=3.1)
    page.wait("[...document.querySelectorAll('.entry')].some(e => e.textContent.includes('3.1 s'))")
    page.run(f"{row('van-3')}.querySelector('button').click()")
    page.wait("!document.getElementById('detail').hidden")
    assert "Messages missing5" in page.run("document.getElementById('detail').textContent")
    assert page.run("[...document.querySelectorAll('.entry')].filter(e => e.textContent.includes('van-3')).length") == 1
    page.press("Escape")
    page.wait("document.getElementById('detail').hidden")


def test_an_evidence_strip_is_drawn_with_its_gaps(depot: Depot) -> None:
    page = depot.browser
    openness = [1.0] * 300 + [None] * 20 + [0.05] * 280
    strip = {"start_ns": 0, "rate_hz": 10.0, "openness": openness, "yaw_deg": [0.5] * 600}
    depot.alert("van-3", "a-5", phase="closed", ended=stamp(), duration_s=1.9, evidence_strip=strip)
    page.wait("document.querySelector('.entry .spark path.line') !== null")
    page.run("document.querySelector('.entry .spark').closest('button').click()")
    page.wait("document.querySelectorAll('.strips svg').length === 2")
    drawn = page.run("document.querySelector('.strips .line').getAttribute('d')")
    assert drawn.count("M") == 2  # the pen is lifted where nothing was seen
    assert page.run("document.querySelector('.strips svg').getAttribute('aria-label')").startswith(
        "Eye openness over 60"
    )
    assert page.run("Number(document.querySelector('.strips .span').getAttribute('width'))") > 0
    page.press("Escape")


def test_payloads_never_become_markup(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-evil")
    depot.say("van-evil", "info", {"software": EVIL, "profile": EVIL, "time": EVIL})
    depot.say("van-evil", "health", {"camera": EVIL, "faults": [EVIL, {"a": EVIL}], "outbox": {"depth": EVIL}})
    depot.say("van-evil", "state", {**STATE, "observability": "blind", "reason": EVIL, "kss_estimate": EVIL})
    evidence = [
        {"name": EVIL, "value": EVIL, "threshold": 1.0},
        None,
        7,
        {"name": EVIL, "value": 2.0, "threshold": 1.0},
    ]
    strip = {"start_ns": EVIL, "rate_hz": EVIL, "openness": [EVIL, 1.0, 0.5], "yaw_deg": EVIL}
    depot.alert("van-evil", EVIL, kind=EVIL, reason=EVIL, evidence=evidence, evidence_strip=strip, started=EVIL)
    depot._client.publish(f"dms/1/f/{EVIL.replace('/', '')}/status", b'{"status":"online"}', qos=1).wait_for_publish(20)
    for nonsense in (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"data":[]}', b"1e999", b"[" * 5000):
        depot._client.publish("dms/1/f/van-evil/alert", nonsense, qos=1).wait_for_publish(20)
        depot._client.publish("dms/1/f/van-evil/state", nonsense, qos=1).wait_for_publish(20)
    page.wait(f"{group('van-evil')} === 'call'")
    page.run(f"{row('van-evil')}.querySelector('button').click()")
    page.wait("!document.getElementById('detail').hidden")
    assert page.run("document.querySelectorAll('img, body script:not([src])').length") == 0
    assert page.run("window.hacked === undefined")
    assert EVIL[:20] in page.run("document.getElementById('detail').textContent")
    assert page.run("[...document.querySelectorAll('tr[data-key]')].every(r => /^f[/][a-z0-9-]+$/.test(r.dataset.key))")
    page.press("Escape")
    assert page.errors == []
    page.press("a")


def test_a_late_will_does_not_end_a_newer_session_and_a_lost_link_is_told(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-4", "b.000005")
    depot.say("van-4", "status", {"status": "offline", "session_id": "b.000004", "boot_id": "b", "reason": "lost"})
    depot.say("van-4", "state", {**STATE, "Vehicle.Driver.FatigueLevel": 33.0, "time": stamp()})
    page.wait(f"{row('van-4')}?.textContent.includes('33 %')")
    assert page.run(group("van-4")) == "calm"
    depot.say("van-4", "status", {"status": "offline", "session_id": "b.000005", "boot_id": "b", "reason": "lost"})
    page.wait(f"{group('van-4')} === 'silent'")
    assert "Link lost" in page.run(f"{row('van-4')}.textContent")
    depot.say("van-4", "status", {"status": "offline", "session_id": "b.000006", "boot_id": "b", "reason": "shutdown"})
    page.wait(f"{group('van-4')} === 'off'")


def test_a_driver_who_is_not_observed_on_purpose_needs_no_look(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-7")
    depot.say("van-7", "state", {**STATE, "observability": "blind", "reason": "no_face", "time": stamp()})
    page.wait(f"{group('van-7')} === 'watch'")
    state = {**STATE, "observability": "blind", "reason": "no_face", "privacy": True, "time": stamp()}
    depot.say("van-7", "state", state)
    page.wait(f"{group('van-7')} === 'calm'")
    assert "private" in page.run(f"{row('van-7')}.textContent")


def test_a_vehicle_that_watches_less_or_not_at_all_says_why(depot: Depot) -> None:
    """OK, DEGRADED, BLIND: the row tells it, the panel tells how much is watched and for which reason."""
    page = depot.browser
    depot.online("van-hot")
    page.wait(f"{group('van-hot')} === 'calm'")
    health = {"camera": "slowed", "cadence": "minimum", "cadence_reason": "82 °C", "faults": ["camera_slowed", "heat"]}
    depot.say("van-hot", "health", {**health, "time": stamp()})
    depot.say("van-hot", "state", {**STATE, "observability": "degraded", "reason": "low_fps", "time": stamp()})
    page.wait(f"{group('van-hot')} === 'watch'")
    assert "fewest frames" in page.run(f"{row('van-hot')}.textContent")
    page.run(f"{row('van-hot')}.querySelector('button').click()")
    page.wait("document.getElementById('detail').textContent.includes('10 frames a second, no expression: 82 °C')")
    health |= {
        "camera": "thermal",
        "cadence": "stopped",
        "cadence_reason": "87 °C",
        "faults": ["camera_thermal", "heat"],
    }
    depot.say("van-hot", "health", {**health, "time": stamp()})
    depot.say("van-hot", "state", {**STATE, "observability": "blind", "reason": "thermal", "time": stamp()})
    page.wait(f"{row('van-hot')}.textContent.includes('too hot to watch')")
    page.wait("document.getElementById('detail').textContent.includes('nobody: too hot: 87 °C')")
    health = {"camera": "ok", "cadence": "full", "faults": []}
    depot.say("van-hot", "health", {**health, "time": stamp()})
    depot.say("van-hot", "state", {**STATE, "time": stamp()})
    page.wait(f"{group('van-hot')} === 'calm'")
    page.press("Escape")


def test_keys_alone_are_enough(depot: Depot) -> None:
    page = depot.browser
    depot.online("van-5")
    depot.alert("van-5", "a-6", kind="sleep", level=4, peak=4)
    page.wait("document.querySelector('tr[data-key]').dataset.key === 'f/van-5'")
    page.run("document.activeElement.blur()")
    page.press("ArrowDown")
    assert page.run("document.activeElement.textContent") == "van-5"
    page.press("Enter")
    page.wait("!document.getElementById('detail').hidden")
    page.press("Escape")
    page.wait("document.getElementById('detail').hidden")
    assert page.run("document.activeElement.textContent") == "van-5"
    depot.alert("van-5", "a-7")
    page.wait("document.querySelector('.card-facts').textContent.endsWith('and 1 more')")
    page.press("a")  # one call answers both
    page.wait(f"{group('van-5')} !== 'call'")
    page.press("/")
    assert page.run("document.activeElement.id") == "find"
    page.type("#find", "van-5")
    page.wait("document.querySelectorAll('tr[data-key]').length === 1")
    page.type("#find", "v")
    page.press("Escape")
    page.run(
        "document.getElementById('find').value = ''; document.getElementById('find').dispatchEvent(new Event('input'))"
    )
    page.wait("document.querySelectorAll('tr[data-key]').length > 1")


def test_every_control_has_a_name(depot: Depot) -> None:
    nameless = depot.browser.run(
        "[...document.querySelectorAll('button, input, select, svg[role]')].filter(e => !(e.textContent.trim() || "
        "e.getAttribute('aria-label') || e.labels?.length)).map(e => e.outerHTML)"
    )
    assert nameless == []


def test_the_password_is_kept_nowhere(depot: Depot) -> None:
    page = depot.browser
    assert "correct horse" not in page.run("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert page.run("document.getElementById('password').value") == ""
    assert "ws://127.0.0.1" in page.run("localStorage.getItem('fleet-console.address')")


def test_a_telephone_shows_it_without_scrolling_sideways(depot: Depot) -> None:
    page = depot.browser
    page.resize(390, 844, phone=True)
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("getComputedStyle(document.querySelector('thead')).display") == "none"
    assert page.run("getComputedStyle(document.querySelector('tbody tr')).display") == "grid"
    page.resize(1360, 860)


def test_the_page_says_when_the_broker_is_gone_and_comes_back_by_itself(depot: Depot) -> None:
    page = depot.browser
    depot.broker.stop()
    page.wait("document.getElementById('link').dataset.state === 'lost'")
    page.wait("document.getElementById('call-none').textContent.startsWith('No connection since')")
    depot.broker.start()
    page.wait("document.getElementById('link').dataset.state === 'on'")
    assert wait_for(depot._client.is_connected)
    depot.online("van-6", "c.000001")
    page.wait(f"{group('van-6')} === 'calm'")
    assert page.errors == []


def test_a_wrong_address_is_explained(depot: Depot) -> None:
    page = depot.browser
    page.run("document.getElementById('leave').click()")
    page.type("#url", "http://example.org")
    page.press("Enter")
    page.wait("document.getElementById('connect-problem').textContent.startsWith('Write the address as wss://')")
    page.type("#url", "ws://127.0.0.1:1")
    page.press("Enter")
    page.wait("document.getElementById('connect-problem').textContent.includes('does not answer')")
