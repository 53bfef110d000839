from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.types import DriverState
from edge.uplink.contract.examples import examples
from edge.uplink.envelope import Register, event
from edge.uplink.lines import describe
from edge.uplink.messages import Health, OutboxHealth, Status, encode, state_message
from edge.uplink.topics import Topics
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

TOPICS = Topics("depot-7", "van-12")
NOW = SetClock().now()


def line_of(phase: str = "opened", *, replayed: bool = False, **fields: object) -> str:
    stored = Register("b", INFO).store(alert(phase=phase, **fields), CONTEXT, NOW)
    return describe(TOPICS.alert, encode(event(stored, 1, TOPICS.source, NOW, replayed=replayed)))


def test_alert_says_who_what_how_grave_and_why() -> None:
    line = line_of()
    assert line.startswith("depot-7/van-12")
    for words in ("OPENED", "microsleep", "L3 urgent", "eyes_closed_s 1.52 (limit 1.5)", "83 km/h"):
        assert words in line
    assert "late" not in line
    assert "delivered late" in line_of(replayed=True)


def test_closed_alert_says_how_long_and_why_it_ended() -> None:
    line = line_of("closed", reason="recovered")
    assert "CLOSED" in line
    assert "1.5 s" in line
    assert "recovered" in line
    assert "limit" not in line


def test_anger_is_named_as_displayed_expression() -> None:
    line = line_of(kind="displayed_anger", level=1)
    assert "displayed_anger  L1 notice" in line
    assert "displayed expression only" in line


def test_other_topics() -> None:
    online = Status(status="online", session_id="b.000001", boot_id="b")
    assert describe(TOPICS.status, encode(online)).endswith("ONLINE  session b.000001")
    lost = Status(status="offline", session_id="b.000001", boot_id="b", reason="lost")
    assert "OFFLINE (lost)" in describe(TOPICS.status, encode(lost))
    assert "software 0.1.0" in describe(TOPICS.info, encode(INFO))
    register = Register("b", INFO)
    assert describe(TOPICS.alerts_active, encode(register.active(NOW))).endswith("open alerts: none")
    register.store(alert(), CONTEXT, NOW)
    assert describe(TOPICS.alerts_active, encode(register.active(NOW))).endswith("open alerts: microsleep L3")
    state = DriverState(t_ns=NOW.mono_ns, fatigue_alert_level=2, fatigue_level=61.0, displayed_anger_alert_level=1)
    line = describe(TOPICS.state, encode(state_message(state, NOW, "b", expression=True)))
    assert "fatigue L2, displayed anger L1, fatigue 61 %, view blind (no_face)" in line
    outbox = OutboxHealth(depth=3, dropped_info=0, dropped_critical=0, dropped_queue_full=0)
    health = Health(camera="ok", fps=30.0, inference_ms=2.0, delegate="cpu", temperature_c=70.0, outbox=outbox)
    line = describe(TOPICS.health, encode(health))
    assert line.endswith("health  camera ok, 30.0 fps, 2.0 ms, cpu, 70 °C, 3 waiting")
    assert "FAULTS disk_full" in describe(TOPICS.health, encode(Health(camera="ok", faults=("disk_full",))))


@pytest.mark.parametrize("name", ["alert", "status", "info", "state", "alerts/active", "health", "config/reported"])
@given(payload=st.binary(max_size=80) | st.sampled_from([b"{}", b"[]", b"null", b"1", b'"x"', b'{"data": 3}']))
def test_no_payload_can_break_it(name: str, payload: bytes) -> None:
    line = describe(f"{TOPICS.source}/{name}", payload)
    assert line.startswith("depot-7/van-12")
    assert "\n" not in line


def test_cleared_and_foreign_topics() -> None:
    assert describe(TOPICS.status, b"") == "depot-7/van-12  status cleared"
    assert describe("weather", b"abc") == "weather: 3 bytes"


def test_trip_response_and_settings_are_one_line_each() -> None:
    shown = {
        name: describe(f"dms/1/f/v/{topic}", msgspec.json.encode(examples()[name]))
        for name, topic in (("trip", "trip"), ("rsp", "rsp/ping"), ("config/reported", "config/reported"))
    }
    assert "117 min, driver observed 97 %; alerts: 1 microsleep, 2 fatigue, 3 distraction" in shown["trip"]
    assert shown["rsp"].endswith("answers ping: done, uptime_s 7200.0")
    assert "settings refused, in force 12; rules.closure.microsleep_s: expected a number" in shown["config/reported"]
