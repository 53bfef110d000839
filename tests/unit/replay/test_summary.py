"""The summary document: counts, shares by time, alerts with their levels, times from the first member."""

from __future__ import annotations

from typing import Any

import pytest

from edge.replay.summary import Summary
from edge.types import AlertChange, AlertKind, Event, EventName, Evidence, FaceObservation, Phase, Tick, VehicleSample

S = 1_000_000_000
START = 500 * S


def at(seconds: float) -> int:
    return START + round(seconds * S)


def document(summary: Summary, *, expression: bool = True) -> dict[str, Any]:
    return summary.document(input_name="x", baseline="population", expression=expression, timing={})


def change(
    t_s: float, phase: Phase, level: int, *, kind: AlertKind = "microsleep", key: str = "microsleep-1", **fields: Any
) -> AlertChange:
    return AlertChange(
        t_ns=at(t_s), key=key, phase=phase, kind=kind, level=level, peak_level=level, started_ns=at(2), **fields
    )


def test_shares_are_weighted_by_time() -> None:
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(VehicleSample(t_ns=at(0)))
    summary.on_member(FaceObservation(t_ns=at(0), face=0.9, expression={"neutral": 1.0}))
    summary.on_member(FaceObservation(t_ns=at(1), face=0.9, expression={"anger": 1.0}))
    summary.on_member(FaceObservation(t_ns=at(1.5)))
    summary.on_member(Tick(t_ns=at(2)))
    summary.on_member(Tick(t_ns=at(9)))
    result = document(summary)
    assert result["frames"] == 3
    assert result["duration_s"] == 9.0
    assert result["face_fraction"] == pytest.approx(1.5 / 2, abs=1e-4)
    assert result["expression"]["neutral"] == pytest.approx(1 / 1.5, abs=1e-4)
    assert result["expression"]["anger"] == pytest.approx(0.5 / 1.5, abs=1e-4)
    assert result["expression"]["fear"] == 0.0


def test_the_last_frame_lasts_one_period() -> None:
    summary = Summary(open_end_reason="shutdown")
    for i in range(10):
        summary.on_member(FaceObservation(t_ns=at(i / 10), face=0.9 if i < 5 else None))
    result = document(summary)
    assert result["duration_s"] == 1.0
    assert result["face_fraction"] == 0.5


def test_one_frame_and_none() -> None:
    summary = Summary(open_end_reason="shutdown")
    assert document(summary)["duration_s"] == 0.0
    summary.on_member(FaceObservation(t_ns=at(0), face=1.0))
    result = document(summary)
    assert (result["frames"], result["duration_s"], result["face_fraction"]) == (1, 0.0, 1.0)


def test_slow_blinks_are_blinks_and_long_closures_are_not() -> None:
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(Tick(t_ns=START))
    names: list[EventName] = ["blink", "long_closure", "slow_blink", "yawn", "nod", "look_away", "face_absent", "blink"]
    for i, name in enumerate(names):
        summary.on_decision(Event(t_ns=at(i + 1), name=name, start_ns=at(i), end_ns=at(i + 0.5)))
    result = document(summary)
    assert result["counts"] == {"blinks": 3, "long_closures": 1, "yawns": 1, "look_aways": 1, "nods": 1}
    assert result["events"][1] == {"type": "long_closure", "start_s": 1.0, "end_s": 1.5}
    assert len(result["events"]) == len(names)


def test_an_alert_tells_its_levels_and_its_end() -> None:
    low = (Evidence(name="perclos60", value=0.1, threshold=0.08, window_s=60.0),)
    high = (Evidence(name="perclos60", value=0.2, threshold=0.15, window_s=60.0),)
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(Tick(t_ns=START))
    summary.on_decision(change(2, "opened", 1, kind="fatigue", key="fatigue-1", evidence=low, confidence=0.8))
    summary.on_decision(change(3, "updated", 2, kind="fatigue", key="fatigue-1", evidence=high))
    summary.on_decision(change(4, "updated", 2, kind="fatigue", key="fatigue-1", acknowledged=True))
    summary.on_decision(change(5, "updated", 1, kind="fatigue", key="fatigue-1", evidence=low))
    summary.on_decision(change(6, "closed", 2, kind="fatigue", key="fatigue-1", reason="recovered", ended_ns=at(5.5)))
    assert document(summary)["alerts"] == [
        {
            "kind": "fatigue",
            "level": 2,
            "start_s": 2.0,
            "end_s": 5.5,
            "key": "fatigue-1",
            "levels": [{"level": 1, "at_s": 2.0}, {"level": 2, "at_s": 3.0}, {"level": 1, "at_s": 5.0}],
            "reason": "recovered",
            "evidence": [{"name": "perclos60", "value": 0.2, "threshold": 0.15, "window_s": 60.0}],
            "confidence": 0.8,
        }
    ]


def test_what_only_the_end_of_the_input_closed_is_still_open() -> None:
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(Tick(t_ns=START))
    summary.on_decision(change(2, "opened", 3))
    summary.on_decision(change(4, "closed", 3, reason="shutdown"))
    alert = document(summary)["alerts"][0]
    assert alert["end_s"] is None
    assert alert["reason"] is None


def test_health_alerts_stand_apart() -> None:
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(Tick(t_ns=START))
    summary.on_decision(change(2, "opened", 1, kind="health", key="health-1", reason="stalled"))
    result = document(summary)
    assert result["alerts"] == []
    assert [(alert["kind"], alert["end_s"], alert["reason"]) for alert in result["health"]] == [
        ("health", None, "stalled")
    ]


def test_without_expression_no_such_key_appears() -> None:
    summary = Summary(open_end_reason="shutdown")
    summary.on_member(FaceObservation(t_ns=START, face=1.0))
    assert "expression" not in document(summary, expression=False)
