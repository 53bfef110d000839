"""Each group of indicators has its own switch: what is off is told nowhere, what is on loses nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from edge.config.purposes import GROUPS_OF
from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import AlertChange
from tests.stories.drives import STORIES

if TYPE_CHECKING:
    from tests.stories.told import Moment, Told

SWITCHES = {
    "fatigue": "fatigue_enabled",
    "distraction": "distraction_enabled",
    "displayed_expression": "expression_enabled",
}
TELLING = (
    "asleep-with-the-head-turned",
    "nodding-off-twice",
    "reading-in-the-lap",
    "sunglasses-at-noon",
    "road-rage-with-harsh-braking",
)
"""Stories in which each group tells something."""
NAMES = [name if name in TELLING else pytest.param(name, marks=pytest.mark.full) for name in STORIES]
EVENTS = {"fatigue": ("blink", "slow_blink", "long_closure", "yawn", "nod"), "distraction": ("look_away",)}


def story(name: str, **switches: bool) -> Told:
    of = STORIES[name]
    return of.build({"fps": 15.0}).judge(of.rules, **(of.engine | switches))


def of_group(moments: list[Moment], *groups: str) -> list[Moment]:
    """Return what serves these groups and no other."""
    return [moment for moment in moments if set(GROUPS_OF[moment.kind]) <= set(groups)]


@pytest.mark.parametrize("group", SWITCHES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_off_is_told_nowhere(name: str, group: str) -> None:
    told = story(name, **{SWITCHES[group]: False})
    assert not of_group(told.moments(), group)
    assert not any(told.events(event) for event in EVENTS.get(group, ()))
    for state in told.states():
        if group == "fatigue":
            assert (state.fatigue_alert_level, state.fatigue_level, state.kss_estimate) == (0, None, None)
        elif group == "distraction":
            assert state.distraction_alert_level == 0
            assert (state.eyes_on_road, state.attentive_ratio) == (None, None)


@pytest.mark.parametrize(
    ("off", "lines"),
    [
        ((), {"openness", "yaw_deg", "pitch_deg", "anger_frame"}),
        (("fatigue",), {"yaw_deg", "pitch_deg", "anger_frame"}),
        (("distraction",), {"openness", "yaw_deg", "pitch_deg", "anger_frame"}),
        (("fatigue", "distraction"), {"anger_frame"}),
        (("displayed_expression",), {"openness", "yaw_deg", "pitch_deg"}),
    ],
)
def test_a_minute_around_an_alert_tells_of_nothing_that_is_off(off: tuple[str, ...], lines: set[str]) -> None:
    of = STORIES["road-rage-with-harsh-braking"]
    engine = DecisionEngine(of.rules or Rules(), **(of.engine | {SWITCHES[group]: False for group in off}))
    stream = list(of.build({"fps": 15.0}).stream())
    closed = [
        engine.evidence_strip(decision.key)
        for decisions in itertools.chain(map(engine.feed, stream), map(engine.close, [stream[-1].t_ns]))
        for decision in decisions
        if isinstance(decision, AlertChange) and decision.phase == "closed"
    ]
    told = {
        name
        for strip in closed
        if strip is not None
        for name in ("openness", "yaw_deg", "pitch_deg", "anger_frame")
        if getattr(strip, name)
    }
    assert told == (lines if closed else set())
    assert bool(closed) is ("displayed_expression" not in off)


@pytest.mark.parametrize("group", SWITCHES)
def test_there_is_a_story_in_which_it_would_have_been_told(group: str) -> None:
    assert any(of_group(story(name).moments(), group) for name in TELLING)


@pytest.mark.parametrize("name", NAMES)
def test_without_displayed_expression_fatigue_and_distraction_are_whole(name: str) -> None:
    whole, without = story(name), story(name, expression_enabled=False)
    groups = ("fatigue", "distraction", "health")
    assert of_group(without.moments(), *groups) == of_group(whole.moments(), *groups)
