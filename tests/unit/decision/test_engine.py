from __future__ import annotations

from typing import Any

import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import (
    AlertChange,
    CameraHealth,
    DriverState,
    FaceObservation,
    SettingsChange,
    VehicleSample,
)

FRAME_NS = 1_000_000_000 // 15


def frames(start: int, count: int, **fields: Any) -> list[FaceObservation]:
    look = {"face": 0.9, "eye_openness_left": 1.0, "eye_openness_right": 1.0, "yaw_deg": 0.0, "pitch_deg": 0.0} | fields
    return [FaceObservation(t_ns=(start + index) * FRAME_NS, **look) for index in range(count)]


def opened(engine: DecisionEngine, members: list[FaceObservation]) -> list[AlertChange]:
    decisions = [decision for member in members for decision in engine.feed(member)]
    return [d for d in decisions if isinstance(d, AlertChange) and d.phase == "opened"]


def test_nothing_has_been_seen_before_the_first_member() -> None:
    engine = DecisionEngine(Rules())
    assert engine.state() == DriverState(t_ns=0)
    assert engine.indicators().readings["perclos60"].value is None
    assert engine.close(5) != []


def test_all_indicators_are_read_by_their_name() -> None:
    engine = DecisionEngine(Rules())
    opened(engine, frames(0, 30))
    names = set(engine.indicators().readings)
    assert names >= {
        "eyes_closed_s", "perclos60", "perclos180", "mean_closure_ratio", "long_blink_share", "blink_rate",
        "microsleep_rate", "yawns10", "nods10", "fatigue_level", "kss_estimate", "off_road_s", "vats_s",
        "attention_buffer", "driver_absent", "valence", "arousal", "anger_frame", "displayed_anger", "observability",
        "camera_health", "alert_budget", "microsleep", "sleep", "unresponsive",
    }  # fmt: skip


def test_a_state_is_told_when_a_level_or_the_observability_changes() -> None:
    engine = DecisionEngine(Rules())
    told = [d for member in frames(0, 60) for d in engine.feed(member) if isinstance(d, DriverState)]
    assert [state.observability for state in told] == ["blind", "ok"]
    told = [
        d
        for member in frames(60, 40, eye_openness_left=0.0, eye_openness_right=0.0)
        for d in engine.feed(member)
        if isinstance(d, DriverState)
    ]
    assert [state.closure_alert_level for state in told] == [1, 3]
    assert told[-1].eyes_on_road is None


def test_settings_hold_from_their_time_on() -> None:
    engine = DecisionEngine(Rules())
    shut = {"eye_openness_left": 0.0, "eye_openness_right": 0.0}
    opened(engine, frames(0, 30))
    engine.feed(SettingsChange(t_ns=30 * FRAME_NS, changes={"closure.microsleep_s": 2.0, "rules.perclos.min_fps": 5.0}))
    assert engine.rules.closure.microsleep_s == 2.0
    assert [change.kind for change in opened(engine, frames(30, 28, **shut))] == ["eyes_closed"]
    assert [change.kind for change in opened(engine, frames(58, 5, **shut))] == ["microsleep"]


@pytest.mark.parametrize(
    "changes",
    [
        {"closure.microsleep_s": 9.0},
        {"closure.nonsense": 1.0},
        {"nonsense.microsleep_s": 1.0},
        {"closure": 1.0},
        {"x": 1},
    ],
)
def test_no_setting_leaves_its_range(changes: dict[str, float]) -> None:
    engine = DecisionEngine(Rules())
    engine.feed(SettingsChange(t_ns=0, changes=changes))
    assert engine.rules == Rules()
    assert engine.ignored == 1


def test_a_vehicle_sample_that_is_older_is_ignored() -> None:
    engine = DecisionEngine(Rules())
    engine.feed(VehicleSample(t_ns=10, speed_kmh=50.0))
    engine.feed(VehicleSample(t_ns=9, speed_kmh=0.0))
    engine.feed(CameraHealth(t_ns=10))
    engine.feed(CameraHealth(t_ns=9, state="frozen"))
    assert engine.ignored == 2


def test_a_camera_fault_is_told_without_any_frame() -> None:
    decisions = DecisionEngine(Rules()).feed(CameraHealth(t_ns=7, state="stalled"))
    (change,) = [d for d in decisions if isinstance(d, AlertChange)]
    assert (change.kind, change.reason, change.t_ns, change.started_ns) == ("health", "stalled", 7, 7)


def test_confidence_is_that_of_the_face() -> None:
    engine = DecisionEngine(Rules())
    shut = {"eye_openness_left": 0.0, "eye_openness_right": 0.0, "face": 0.5}
    changes = opened(engine, frames(0, 30) + frames(30, 30, **shut))
    assert changes[-1].confidence == pytest.approx(0.5)
    assert changes[-1].observability == pytest.approx(1.0)
