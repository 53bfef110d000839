"""Every alert that fires carries inequalities that are true, and the sums that show it."""

from __future__ import annotations

import random
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.decision.inequality import FORMULAS, reevaluate
from edge.types import AlertChange, AlertKind, Evidence, StreamMember, VehicleSample
from tests.stories.builder import Drive, face_of

ANGRY = face_of(anger=0.8)
CALM = face_of(anger=0.02)
BRAKING = -5.0


def alerts(drive: Drive) -> list[AlertChange]:
    """All changes of alerts, as they come back from JSON."""
    engine = DecisionEngine(Rules())
    decisions = [decision for member in drive.stream() for decision in engine.feed(member)]
    changes = [decision for decision in decisions if isinstance(decision, AlertChange)]
    return [msgspec.json.decode(msgspec.json.encode(change), type=AlertChange) for change in changes]


def eyes(openness: float) -> dict[str, float]:
    return {"eye_openness_left": openness, "eye_openness_right": openness}


def braked(t_ns: int) -> StreamMember:
    return VehicleSample(t_ns=t_ns, speed_kmh=60.0, acceleration_mps2=BRAKING)


def drowsy(minutes: float, per_minute: float, closed_s: float) -> Drive:
    return Drive(fps=30).blinking(60 * minutes, per_minute=per_minute, closed_s=closed_s)


DRIVES: dict[str, Drive] = {
    "asleep": Drive(fps=15).ahead(5).closed(8).ahead(6),
    "asleep twice": Drive(fps=15).ahead(5).closed(2).ahead(5).closed(2).ahead(5),
    "asleep, eyes half open later": Drive(fps=15).ahead(5).closed(2).show(6, **eyes(0.25)).ahead(6),
    "asleep, head down": Drive(fps=15).ahead(5).closed(4, pitch_deg=-16.0).ahead(6),
    "looking aside": Drive(fps=15).ahead(5).aside(12).ahead(6),
    "looking again and again": Drive(fps=15).ahead(5).show(30, lambda t: {"yaw_deg": 35.0 if t % 3.2 < 2.2 else 0.0}),
    "drowsy": drowsy(4, 12, 0.9),
    "drowsy and slow to close": drowsy(4, 24, 0.45),
    "drowsy by many signs": drowsy(4, 7, 0.8).closed(1.2).blinking(60, per_minute=7, closed_s=0.8),
    "closures again and again": drowsy(6, 2, 1.2),
    "angry": Drive(fps=5).show(90, expression=CALM).show(60, expression=ANGRY),
    "angry twice": Drive(fps=5)
    .show(90, expression=CALM)
    .show(45, expression=ANGRY)
    .show(320, expression=CALM)
    .show(90, expression=ANGRY),
    "angry and braking": Drive(fps=5)
    .show(90, expression=CALM)
    .show(25, expression=ANGRY)
    .member(braked)
    .show(3, expression=ANGRY),
    "absent": Drive(fps=10).ahead(5).no_face(9).ahead(4),
    "silent camera": Drive(fps=10).ahead(5).silent(4).ahead(4),
    "covered camera": Drive(fps=10).ahead(5).camera("covered").ahead(4),
    "eyes hidden": Drive(fps=10).ahead(5).show(30, eye_openness_left=None, eye_openness_right=None),
}


TOLD = {name: alerts(drive) for name, drive in DRIVES.items()}


def all_hold(changes: list[AlertChange]) -> set[tuple[str, str]]:
    """Check every inequality of every change; return the kinds and names that were met."""
    met = set()
    for change in changes:
        assert change.evidence, f"{change.key} {change.phase} says not why"
        for entry in change.evidence:
            verdict = reevaluate(entry, change.decision_state)
            assert verdict.holds, f"{change.key} {change.phase}: {entry} {verdict} {change.decision_state}"
            met.add((change.kind, entry.name))
    return met


@pytest.mark.parametrize("name", DRIVES)
def test_what_fired_is_true_by_its_own_sums(name: str) -> None:
    assert all_hold(TOLD[name])


def test_no_kind_and_no_inequality_is_left_out() -> None:
    met = {pair for changes in TOLD.values() for pair in all_hold(changes)}
    assert {kind for kind, _ in met} == set(get_args(AlertKind))
    assert {name for _, name in met} == set(FORMULAS)


@st.composite
def drives(draw: st.DrawFn) -> Drive:
    """Some minutes of a driver who does many things."""
    seeded = random.Random(draw(st.integers(0, 10**6)))
    drive = Drive(fps=draw(st.sampled_from([10.0, 15.0, 30.0])), jitter=draw(st.sampled_from([0.0, 0.3])))
    for _ in range(draw(st.integers(3, 9))):
        length_s = seeded.uniform(0.3, 9.0)
        openness = seeded.choice([0.02, 0.19, 0.21, 0.29, 0.6])
        look = seeded.choice(["ahead", "closed", "aside", "no_face", "silent", "half", "blinking"])
        if look == "half":
            drive.closed(
                length_s, eye_openness_left=openness, eye_openness_right=openness, pitch_deg=seeded.choice([0.0, -15.0])
            )
        elif look == "blinking":
            drive.blinking(5 * length_s, per_minute=40, closed_s=seeded.uniform(0.2, 0.9))
        else:
            getattr(drive, look)(length_s)
    return drive


@given(drives())
@settings(max_examples=40, deadline=None)
def test_whatever_is_driven_what_fired_is_true(drive: Drive) -> None:
    all_hold(alerts(drive))


@given(name=st.sampled_from(sorted(DRIVES)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_tampered_number_does_not_hold(name: str, data: st.DataObject) -> None:
    change = data.draw(st.sampled_from(TOLD[name]))
    entry = data.draw(st.sampled_from(change.evidence))
    factor = data.draw(st.floats(1.001, 2.0) | st.floats(0.001, 0.999))
    tampered: Evidence = msgspec.structs.replace(entry, value=entry.value * factor if entry.value else factor)
    assert reevaluate(tampered, change.decision_state).finding == "value_differs"
