"""What holds for every indicator, whatever the stream: bounds, monotony, independence of the frame rate."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.indicators.fatigue import Cues, fatigue_level
from edge.types import EXPRESSIONS, AlertChange, Reading, StreamMember
from tests.properties.streams import AHEAD, ASIDE, SHUT, away_from, decide, observations, others, sampled
from tests.stories.builder import S

BOUNDS: dict[str, tuple[float, float]] = {
    "openness": (0.0, 1.2),
    "eyes_closed_s": (0.0, math.inf),
    "perclos60": (0.0, 1.0),
    "perclos180": (0.0, 1.0),
    "blink_rate": (0.0, math.inf),
    "mean_closure_ratio": (0.0, math.inf),
    "long_blink_share": (0.0, 1.0),
    "heaviness": (-math.inf, math.inf),
    "vigilance_alert": (0.0, 1.0),
    "vigilance_low_vigilant": (0.0, 1.0),
    "vigilance_drowsy": (0.0, 1.0),
    "microsleep_rate": (0.0, math.inf),
    "yawns10": (0.0, math.inf),
    "nods10": (0.0, math.inf),
    "fatigue_level": (0.0, 100.0),
    "kss_estimate": (5.0, 8.0),
    "off_road_s": (0.0, math.inf),
    "vats_s": (0.0, 30.0),
    "attention_buffer": (0.0, 2.0),
    "driver_absent": (0.0, math.inf),
    "observability": (0.0, 1.0),
    "camera_health": (0.0, 1.0),
    "valence": (-1.0, 1.0),
    "arousal": (-1.0, 1.0),
    "anger_frame": (0.0, 1.0),
    "displayed_anger": (0.0, 1.0),
    "alert_budget": (0.0, math.inf),
    **dict.fromkeys(("microsleep", "sleep", "unresponsive"), (0.0, 1.0)),
    **{f"baseline_{part}": (0.0, 1.0) for part in ("eyes", "mouth", "pose", "neutral_expression")},
    **{f"expression_{name}": (0.0, 1.0) for name in EXPRESSIONS},
}


def readings_of(stream: list[StreamMember]) -> dict[str, Reading]:
    return decide(stream)[1].indicators().readings


@given(st.lists(observations | others, max_size=80))
@settings(max_examples=100)
def test_every_reading_stays_within_its_bounds(members: list[StreamMember]) -> None:
    engine = DecisionEngine(Rules())
    for member in sorted(members, key=lambda member: member.t_ns):
        engine.feed(member)
        readings = engine.indicators().readings
        assert readings.keys() == BOUNDS.keys()
        for name, reading in readings.items():
            low, high = BOUNDS[name]
            assert reading.value is None or low <= reading.value <= high, (name, reading)
            assert 0.0 <= reading.valid_fraction <= 1.0
        shares = [readings[f"expression_{name}"].value for name in EXPRESSIONS]
        assert all(share is None for share in shares) or math.fsum(filter(None, shares)) == pytest.approx(1.0)


blinks = st.lists(st.tuples(st.integers(3, 12), st.integers(0, 20)), min_size=8, max_size=14)
"""Tenths of a second that the eyes are closed, and by how many a closure may be longer."""


def after_learning(closures: list[int]) -> list[StreamMember]:
    """A minute of normal blinking, then closures of so many tenths of a second, one every 5 s; their start is fixed."""
    told: list[tuple[float, dict[str, Any]]] = [(3.8, AHEAD), (0.2, SHUT)] * 17
    for tenths in closures:
        told += [(tenths / 10, SHUT), (5.0 - tenths / 10, AHEAD)]
    return sampled(told, 15)


@given(blinks)
@settings(max_examples=8)
def test_longer_closures_never_lower_perclos_or_fatigue(closures: list[tuple[int, int]]) -> None:
    shorter = readings_of(after_learning([tenths for tenths, _ in closures]))
    longer = readings_of(after_learning([tenths + more for tenths, more in closures]))
    for name in ("perclos60", "perclos180", "long_blink_share", "mean_closure_ratio", "microsleep_rate"):
        low, high = shorter[name].value, longer[name].value
        assert low is not None
        assert high is not None
        assert high >= low - 1e-9, name
    low, high = shorter["fatigue_level"].value, longer["fatigue_level"].value
    assert low is not None
    assert high is not None
    assert high >= low - 1e-9


cues = st.builds(
    Cues,
    perclos60=st.floats(0, 1),
    perclos180=st.none() | st.floats(0, 1),
    mean_closure_ratio=st.none() | st.floats(0, 9),
    long_blink_share=st.none() | st.floats(0, 1),
    microsleep_rate=st.integers(0, 9),
    yawns10=st.integers(0, 9),
    nods10=st.integers(0, 9),
    heaviness=st.none() | st.floats(-3, 6),
)
more = st.tuples(st.sampled_from(Cues._fields), st.floats(0, 1))


@given(cues, more)
def test_no_cue_that_grows_lowers_the_fatigue_level(present: Cues, grown: tuple[str, float]) -> None:
    name, by = grown
    value = getattr(present, name)
    if value is None:
        return
    larger = present._replace(**{name: value + (math.ceil(9 * by) if isinstance(value, int) else by)})
    before, after = fatigue_level(present, Rules()), fatigue_level(larger, Rules())
    assert before is not None
    assert after is not None
    assert 0.0 <= before <= after + 1e-9 <= 100.0 + 1e-8


@given(st.lists(st.integers(3, 40), min_size=2, max_size=6), st.integers(0, 5), st.integers(1, 10))
@settings(max_examples=12)
def test_longer_looks_aside_never_lower_what_is_counted(looks: list[int], which: int, more_tenths: int) -> None:
    def looked(tenths: list[int]) -> dict[str, Reading]:
        told: list[tuple[float, dict[str, Any]]] = [(3.0, AHEAD)]
        for length in tenths:
            told += [(length / 10, ASIDE), (1.0, AHEAD)]
        return readings_of(sampled(told, 15))

    place = which % len(looks)
    longer = [length + more_tenths * (index == place) for index, length in enumerate(looks)]
    if sum(longer) + 10 * len(longer) > 290:
        return  # beyond 30 s the window lets go of what is old
    before, after = looked(looks), looked(longer)
    assert (after["vats_s"].value or 0.0) >= (before["vats_s"].value or 0.0) - 1e-9


@given(
    closed_s=away_from(0.5, 1.0, 1.5, 3.0, 6.0),
    aside_s=away_from(0.5, 2.0, 3.0, 5.0, 6.0, 8.0),
    absent_s=away_from(0.5, 3.0, 6.0),
)
@settings(max_examples=10)
def test_ten_frames_a_second_give_the_alerts_of_twenty_within_a_frame(
    closed_s: float, aside_s: float, absent_s: float
) -> None:
    told = [(3.0, AHEAD), (closed_s, SHUT), (4.0, AHEAD), (aside_s, ASIDE), (4.0, AHEAD), (absent_s, {}), (4.0, AHEAD)]
    full, half = (
        [d for d in decide(sampled(told, fps))[0] if isinstance(d, AlertChange) and d.kind != "fatigue"]
        for fps in (20, 10)
    )
    assert [(d.key, d.phase, d.level) for d in half] == [(d.key, d.phase, d.level) for d in full]
    for slow, fast in zip(half, full, strict=True):
        assert abs(slow.t_ns - fast.t_ns) <= S // 10 + 1


@given(st.lists(st.integers(4, 20), min_size=6, max_size=12))
@settings(max_examples=8)
def test_perclos_is_the_same_at_any_frame_rate(closures: list[int]) -> None:
    told: list[tuple[float, dict[str, Any]]] = []
    for tenths in closures:
        told += [(6.0 - tenths / 10, AHEAD), (tenths / 10, SHUT)]
    told.append((1.0, AHEAD))
    deep_s = sum(closures) / 10
    expected = {60: deep_s / (6.0 * len(closures) + 1.0)} if 6.0 * len(closures) + 1.0 <= 60 else {}
    values = [readings_of(sampled(told, fps))["perclos60"].value for fps in (10, 15, 30)]
    for value in values:
        assert value is not None
        assert value == pytest.approx(values[-1], abs=len(closures) / 15 / 60)
        if expected:
            assert value == pytest.approx(expected[60], abs=len(closures) / 10 / 36)
