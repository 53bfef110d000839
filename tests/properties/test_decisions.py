"""What holds for every stream, however strange."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import (
    AlertChange,
    Decision,
    Event,
    StreamMember,
)
from tests.properties.streams import AHEAD, ASIDE, SHUT, away_from, decide, observations, others, sampled, scenes
from tests.stories.builder import S

CLOSURES = {"eyes_closed", "microsleep", "sleep", "unresponsive"}


def gist(decisions: list[Decision]) -> list[tuple[Any, ...]]:
    """Decisions without the time at which they were told."""
    told: list[tuple[Any, ...]] = []
    for decision in decisions:
        if isinstance(decision, AlertChange):
            told.append((decision.key, decision.phase, decision.level))
        elif isinstance(decision, Event):
            told.append((decision.name, decision.start_ns, decision.end_ns))
    return told


def told_when(decisions: list[Decision]) -> dict[tuple[Any, ...], int]:
    """When each decision was told."""
    return {told: decision.t_ns for decision in decisions for told in gist([decision])}


@given(told=scenes(seen=False), fps=st.sampled_from([10, 15, 30]))
@settings(max_examples=40, deadline=None)
def test_unseen_is_never_closed(told: list[tuple[float, dict[str, Any]]], fps: int) -> None:
    decisions, engine = decide(sampled(told, fps))
    assert not [
        d for d in decisions if isinstance(d, Event) and d.name in {"blink", "slow_blink", "long_closure", "nod"}
    ]
    off_road = {
        d.key for d in decisions if isinstance(d, AlertChange) and d.evidence and d.evidence[0].name == "off_road_s"
    }
    assert not [d for d in decisions if isinstance(d, AlertChange) and d.kind in CLOSURES and d.key not in off_road]
    assert engine.indicators().readings["perclos60"].value is None


@given(told=scenes(), fps=st.sampled_from([15, 30]), data=st.data())
@settings(max_examples=40, deadline=None)
def test_splitting_samples_changes_no_decision(
    told: list[tuple[float, dict[str, Any]]], fps: int, data: st.DataObject
) -> None:
    stream = sampled(told, fps)
    split: list[StreamMember] = []
    for member, following in pairwise(stream):
        split.append(member)
        if data.draw(st.booleans()):
            middle_ns = (member.t_ns + following.t_ns) // 2
            split.append(msgspec.structs.replace(member, t_ns=middle_ns))
    split.append(stream[-1])
    # Two things that come due at one time may be told in either order, and what comes due within the last frame by one
    # of the streams only. What took most of ten blind seconds is judged four times a second: a tie may show in one.
    whole, parts = told_when(decide(stream)[0]), told_when(decide(split)[0])
    late = [
        when[told]
        for when, other in ((whole, parts), (parts, whole))
        for told in when.keys() - other.keys()
        if not (told[0].startswith("health") and told[1] == "updated")
    ]
    assert all(stream[-1].t_ns - t_ns <= S / fps for t_ns in late)


@given(
    closed_s=away_from(0.5, 1.0, 1.5, 3.0, 6.0),
    aside_s=away_from(0.5, 2.0, 3.0, 5.0, 6.0, 8.0),
    absent_s=away_from(0.5, 3.0, 6.0),
)
@settings(max_examples=15, deadline=None)
def test_half_the_frame_rate_gives_the_same_alerts_within_a_frame(
    closed_s: float, aside_s: float, absent_s: float
) -> None:
    told = [(3.0, AHEAD), (closed_s, SHUT), (4.0, AHEAD), (aside_s, ASIDE), (4.0, AHEAD), (absent_s, {}), (4.0, AHEAD)]
    full, half = (
        [d for d in decide(sampled(told, fps))[0] if isinstance(d, AlertChange) and d.kind != "fatigue"]
        for fps in (30, 15)
    )
    assert [(d.key, d.phase, d.level) for d in half] == [(d.key, d.phase, d.level) for d in full]
    for slow, fast in zip(half, full, strict=True):
        assert abs(slow.t_ns - fast.t_ns) <= S // 15 + 1
        assert abs(slow.started_ns - fast.started_ns) <= S // 15 + 1


def finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(finite(entry) for entry in value.values())
    if isinstance(value, (list, tuple)):
        return all(finite(entry) for entry in value)
    return True


@given(st.lists(observations | others, max_size=60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_number_that_is_none_ever_enters_or_leaves(members: list[StreamMember], in_order: bool) -> None:
    stream = sorted(members, key=lambda member: member.t_ns) if in_order else members
    decisions, engine = decide(stream)
    assert finite([msgspec.to_builtins(decision) for decision in decisions])
    readings = engine.indicators().readings
    assert finite(msgspec.to_builtins(readings))
    for name in ("perclos60", "perclos180", "observability", "long_blink_share"):
        value = readings[name].value
        assert value is None or 0.0 <= value <= 1.0
    for reading in readings.values():
        assert 0.0 <= reading.valid_fraction <= 1.0
    fatigue = engine.state().fatigue_level
    assert fatigue is None or 0.0 <= fatigue <= 100.0


@given(st.lists(observations | others, max_size=60))
@settings(max_examples=60, deadline=None)
def test_alerts_live_once(members: list[StreamMember]) -> None:
    engine = DecisionEngine(Rules())
    decisions = [decision for member in members for decision in engine.feed(member)]
    decisions += engine.close(10**12)
    phases: dict[str, list[str]] = {}
    revisions: dict[str, list[int]] = {}
    for decision in decisions:
        if isinstance(decision, AlertChange):
            phases.setdefault(decision.key, []).append(decision.phase)
            revisions.setdefault(decision.key, []).append(decision.revision)
    for told in phases.values():
        assert told[0] == "opened"
        assert "closed" in told
        assert set(told[1 : told.index("closed")]) <= {"updated"}
    for numbers in revisions.values():
        assert numbers == list(range(len(numbers)))


@given(told=scenes(), fps=st.sampled_from([10, 15]))
@settings(max_examples=25, deadline=None)
def test_the_same_stream_gives_the_same_bytes(told: list[tuple[float, dict[str, Any]]], fps: int) -> None:
    stream = sampled(told, fps)
    assert msgspec.json.encode(decide(stream)[0]) == msgspec.json.encode(decide(stream)[0])
