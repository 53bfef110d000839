from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from edge.types import Evidence, EvidenceStrip
from edge.uplink.envelope import (
    MAX_CLOSED,
    Register,
    StoredAlert,
    context_without_expression,
    event,
    info_without_expression,
    withhold_expression,
)
from edge.uplink.messages import encode
from edge.uplink.wallclock import rfc3339
from tests.support.figures import Figures
from tests.support.uplink import CONTEXT, INFO, NOON_NS, S, SetClock, alert


def sent(stored: StoredAlert, now: Any, *, seq: int = 1, replayed: bool = False) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encode(event(stored, seq, "dms/1/f/v", now, replayed=replayed)))
    return document


def test_carries_the_decision_and_its_circumstances() -> None:
    now = SetClock().now()
    change = alert(phase="closed", reason="recovered", confidence=0.9, revision=2, acknowledged=True)
    data = sent(Register("boot", INFO).store(change, CONTEXT, now), now, seq=7)["data"]
    assert data["phase"] == "closed"
    assert data["revision"] == 2
    assert data["duration_s"] == 1.5
    assert data["started"] == rfc3339(NOON_NS - 3 * S // 2)
    assert data["ended"] == rfc3339(NOON_NS)
    assert data["evidence"] == [{"name": "eyes_closed_s", "value": 1.52, "threshold": 1.5, "valid_fraction": 1.0}]
    assert data["in_cab"] == {"played": True, "latency_ms": 48.0, "acknowledged": True}
    assert data["vehicle"]["speed_kmh"] == 83.0
    assert (data["boot_id"], data["seq"], data["mono_ns"]) == ("boot", 7, 1000 * S)
    assert data["clock"] == {"source": "ntp", "synced": True, "error_ms": 2.0}
    assert data["config_hash"] == "c0ffee"
    assert "displayed_expression_only" not in data
    assert "evidence_strip" not in data


def test_one_id_from_opened_to_closed_and_a_new_one_for_the_next() -> None:
    clock, register = SetClock(), Register("boot", INFO)
    ids = [
        register.store(alert("sleep-1", phase, kind="sleep"), CONTEXT, clock.advance(1.0)).alert_id
        for phase in ("opened", "updated", "closed", "opened")
    ]
    assert ids[0] == ids[1] == ids[2] != ids[3]


def test_open_alerts_are_listed_until_closed() -> None:
    clock, register = SetClock(), Register("boot", INFO)
    register.store(alert("sleep-1"), CONTEXT, clock.now())
    register.store(alert("vats-1", kind="vats", level=2), CONTEXT, clock.now())
    assert [item.kind for item in register.active(clock.now()).alerts] == ["microsleep", "vats"]
    register.store(alert("sleep-1", "closed"), CONTEXT, clock.now())
    assert [item.kind for item in register.active(clock.now()).alerts] == ["vats"]


def test_clock_set_later_corrects_the_wall_times_and_says_so() -> None:
    clock = SetClock(synced=False)
    clock.set(wall_ns=5 * S)  # 1970: no battery behind the clock
    stored = Register("boot", INFO).store(alert(), CONTEXT, clock.now())
    assert sent(stored, clock.advance(1.0))["time"].startswith("1970-01-01T00:00:05")
    clock.advance(9.0)
    corrected = sent(stored, clock.set(wall_ns=NOON_NS + 10 * S, synced=True, error_ms=1.0))
    assert corrected["time"] == rfc3339(NOON_NS)
    assert corrected["data"]["started"] == rfc3339(NOON_NS - 3 * S // 2)
    assert corrected["data"]["clock"] == {"source": "ntp", "synced": True, "error_ms": 1.0, "corrected": True}


@pytest.mark.parametrize(
    "jump_s", [3600, -86_400, -20_000 * 86_400, 50 * 31_557_600], ids=["+1h", "-1d", "-20000d", "+50y"]
)
def test_a_wall_time_that_was_off_is_right_once_the_clock_is_trusted(jump_s: int, figure: Figures) -> None:
    clock = SetClock(synced=False)
    clock.set(wall_ns=NOON_NS + jump_s * S)
    stored = Register("boot", INFO).store(alert(), CONTEXT, clock.now())
    clock.advance(9.0)
    told = sent(stored, clock.set(wall_ns=NOON_NS + 9 * S, synced=True, error_ms=1.0))
    off_s = abs((datetime.fromisoformat(told["time"]) - datetime.fromtimestamp(NOON_NS / S, UTC)).total_seconds())
    figure("clock_jumps", "an alert's wall time after the clock is trusted, off by", off_s, unit="s", at_most=0.001)


def test_stamps_of_an_earlier_kernel_boot_are_not_corrected() -> None:
    clock = SetClock(synced=False)
    clock.set(wall_ns=5 * S)
    stored = Register("boot", INFO).store(alert(), CONTEXT, clock.now())
    now = SetClock(domain="kernel-2").now()
    document = sent(stored, now)
    assert document["time"].startswith("1970-01-01")
    assert document["data"]["clock"] == {"source": "free", "synced": False}


def test_clock_that_was_good_is_not_corrected_by_a_jump() -> None:
    clock = SetClock()
    stored = Register("boot", INFO).store(alert(), CONTEXT, clock.now())
    assert sent(stored, clock.set(wall_ns=NOON_NS + 3600 * S))["time"] == rfc3339(NOON_NS)


@pytest.mark.parametrize("domain", ["kernel-1", "kernel-2"])
def test_ghost_is_closed_under_its_id_with_its_start_and_no_end(domain: str) -> None:
    before = SetClock()
    ghost = Register("boot-1", INFO).store(alert(revision=3), CONTEXT, before.now())
    after = SetClock(mono_s=1060.0 if domain == "kernel-1" else 12.0, domain=domain)
    after.set(wall_ns=NOON_NS + 60 * S)
    closed = Register("boot-2", INFO).close_ghost(ghost, after.now())
    data = sent(closed, after.now())["data"]
    assert data["alert_id"] == ghost.alert_id
    assert (data["phase"], data["reason"], data["revision"], data["boot_id"]) == ("closed", "restart", 4, "boot-2")
    assert data["started"] == rfc3339(NOON_NS - 3 * S // 2)
    assert "ended" not in data
    assert "duration_s" not in data


@pytest.mark.parametrize(
    ("kind", "level", "critical"),
    [
        ("microsleep", 3, True),
        ("sleep", 4, True),
        ("unresponsive", 5, True),
        ("distraction", 3, True),
        ("distraction", 2, False),
        ("eyes_closed", 1, False),
        ("health", 2, False),
    ],
)
def test_what_may_be_dropped_last(kind: str, level: int, critical: bool) -> None:
    stored = Register("b", INFO).store(alert(kind=kind, level=level), CONTEXT, SetClock().now())
    assert stored.critical is critical


def test_end_of_an_urgent_alert_is_as_critical_as_its_beginning() -> None:
    change = alert(kind="distraction", level=2, peak_level=3, phase="closed")
    assert Register("b", INFO).store(change, CONTEXT, SetClock().now()).critical


def test_expression_switched_off_leaves_nothing_of_it() -> None:
    assert withhold_expression(alert(kind="displayed_anger")) is None
    mixed = (Evidence("perclos60", 0.2, 0.15), Evidence("anger_share30", 0.7, 0.6), Evidence("valence", -0.7, 0.6))
    state = {"perclos60_deep_ns": 1, "anger30_ns": 2}
    kept = withhold_expression(alert(kind="fatigue", evidence=mixed, decision_state=state))
    assert kept is not None
    assert [item.name for item in kept.evidence] == ["perclos60"]
    assert kept.decision_state == {"perclos60_deep_ns": 1}
    strip = EvidenceStrip(start_ns=0, rate_hz=10.0, openness=(0.9,), anger_frame=(0.4,))
    context = context_without_expression(msgspec.structs.replace(CONTEXT, evidence_strip=strip))
    assert context.evidence_strip == EvidenceStrip(start_ns=0, rate_hz=10.0, openness=(0.9,))


def test_birth_without_expression() -> None:
    info = info_without_expression(INFO)
    assert [model.name for model in info.models] == ["face_short"]
    assert set(info.policy.purposes) == {"fatigue", "distraction"}
    assert info.policy.retention == INFO.policy.retention


def test_stored_alert_survives_the_disk() -> None:
    stored = Register("b", INFO).store(alert(), CONTEXT, SetClock().now())
    assert msgspec.json.decode(msgspec.json.encode(stored), type=StoredAlert) == stored


def test_what_the_driver_contests_and_what_is_beyond_the_budget_is_in_the_message() -> None:
    stored = Register("b", INFO).store(alert(contested=True, nuisance_suspect=True), CONTEXT, SetClock().now())
    data = event(stored, 1, "s", SetClock().now(), replayed=False).data
    assert (data.contested, data.nuisance_suspect) == (True, True)


def test_alert_that_is_contested_after_its_end_keeps_its_id() -> None:
    clock, register = SetClock(), Register("boot", INFO)
    opened = register.store(alert(), CONTEXT, clock.now())
    closed = register.store(alert(phase="closed"), CONTEXT, clock.now())
    assert register.key_of(opened.alert_id) is None
    assert register.key_of_closed(opened.alert_id, clock.advance(29.0)) == "microsleep-1"
    contested = register.store(alert(phase="closed", contested=True), CONTEXT, clock.now())
    assert opened.alert_id == closed.alert_id == contested.alert_id
    assert register.key_of_closed(opened.alert_id, clock.advance(31.0)) is None
    assert register.active(clock.now()).alerts == ()


def test_only_the_alert_that_closed_last_can_be_contested_after_its_end() -> None:
    clock, register = SetClock(), Register("boot", INFO)
    first, *_ = [register.store(alert(f"eyes_closed-{n}", "closed"), CONTEXT, clock.now()) for n in range(40)]
    assert register.key_of_closed(first.alert_id, clock.now()) is None
    assert len(register._closed) == MAX_CLOSED
