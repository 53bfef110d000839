from __future__ import annotations

import pytest

from edge.config.rules import Anger, Rules
from edge.indicators.anger import AngerTracker
from edge.indicators.baseline import BaselineLearner
from edge.indicators.window import NS_PER_S
from edge.types import EXPRESSIONS

UNKNOWN = (None, None)


def face(anger: float) -> tuple[float, ...]:
    rest = (1.0 - anger) / 8
    return tuple({"anger": anger, "neutral": 3 * rest}.get(name, rest) for name in EXPRESSIONS)


def tracker() -> AngerTracker:
    return AngerTracker(Anger(), BaselineLearner(Rules(), 0.0, 0.0))


def test_the_share_is_over_valid_time() -> None:
    anger = tracker()
    anger.advance(0, 10 * NS_PER_S, face(0.8), UNKNOWN, learning=False)
    anger.advance(10 * NS_PER_S, 20 * NS_PER_S, None, UNKNOWN, learning=False)
    anger.advance(20 * NS_PER_S, 25 * NS_PER_S, face(0.1), UNKNOWN, learning=False)
    anger.judge(25 * NS_PER_S)
    assert anger.share30 is None
    anger.advance(25 * NS_PER_S, 30 * NS_PER_S, face(0.1), UNKNOWN, learning=False)
    anger.judge(30 * NS_PER_S)
    assert anger.share30 == pytest.approx(0.5)
    assert anger.valid_fractions(30 * NS_PER_S) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_what_is_not_known_of_the_driver_asks_for_a_wider_margin() -> None:
    anger = tracker()
    assert not anger.is_anger(0.69, UNKNOWN, learnt=False)
    assert anger.is_anger(0.7, UNKNOWN, learnt=False)
    assert not anger.is_anger(0.34, UNKNOWN, learnt=True)
    assert anger.is_anger(0.35, UNKNOWN, learnt=True)


def test_ten_seconds_of_a_calm_face_come_before_the_first_accusation() -> None:
    anger = tracker()
    anger.advance(0, 60 * NS_PER_S, face(0.5), UNKNOWN, learning=False)
    assert not anger.referenced  # neither calm nor anger: nothing is known of this face
    anger.advance(60 * NS_PER_S, 70 * NS_PER_S, face(0.1), UNKNOWN, learning=False)
    assert anger.referenced
    anger.forget()
    assert not anger.referenced


def test_what_another_neutral_face_judged_is_forgotten() -> None:
    anger = tracker()
    anger.advance(0, 30 * NS_PER_S, face(0.1), UNKNOWN, learning=True)
    anger.advance(30 * NS_PER_S, 61 * NS_PER_S, face(0.1), UNKNOWN, learning=True)
    assert anger.learnt
    anger.advance(61 * NS_PER_S, 62 * NS_PER_S, face(0.1), UNKNOWN, learning=True)
    anger.judge(62 * NS_PER_S)
    assert anger.share30 is None
    assert anger.valid_fractions(62 * NS_PER_S)[0] == pytest.approx(1 / 30)
