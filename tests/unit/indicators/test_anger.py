from __future__ import annotations

import pytest

from edge.config.rules import Anger
from edge.indicators.anger import ANGER, DISGUST, AngerTracker, NeutralExpression
from edge.indicators.window import NS_PER_S
from edge.types import EXPRESSIONS


def face(anger: float, happiness: float = 0.02) -> tuple[float, ...]:
    rest = (1.0 - anger - happiness) / 8
    shares = {"anger": anger, "happiness": happiness, "neutral": 4 * rest}
    return tuple(shares.get(name, rest) for name in EXPRESSIONS)


def test_unlearnt_the_population_serves() -> None:
    neutral = NeutralExpression(60 * NS_PER_S)
    shown = face(0.5)
    assert neutral.hostility(shown) == pytest.approx(shown[ANGER] + shown[DISGUST])


def test_an_angry_resting_face_reads_as_neutral_and_still_shows_anger() -> None:
    neutral = NeutralExpression(60 * NS_PER_S)
    for _ in range(60):
        neutral.advance(face(0.5), NS_PER_S)
    assert neutral.learnt
    assert neutral.hostility(face(0.5)) < 0.2
    assert neutral.hostility(face(0.95)) > 0.35


def test_a_mild_resting_face_makes_nobody_angrier() -> None:
    neutral = NeutralExpression(60 * NS_PER_S)
    for _ in range(60):
        neutral.advance(face(0.001), NS_PER_S)
    shown = face(0.3)
    assert neutral.hostility(shown) <= shown[ANGER] + shown[DISGUST] + 0.05


def test_a_bout_within_the_learning_minute_does_not_enter() -> None:
    calm, bout = NeutralExpression(60 * NS_PER_S), NeutralExpression(60 * NS_PER_S)
    for second in range(60):
        calm.advance(face(0.05), NS_PER_S)
        bout.advance(face(0.8 if 20 <= second < 34 else 0.05), NS_PER_S)
    assert bout.hostility(face(0.6)) == pytest.approx(calm.hostility(face(0.6)))


def test_laughter_is_not_learnt() -> None:
    neutral = NeutralExpression(60 * NS_PER_S)
    neutral.advance(face(0.01, happiness=0.8), 100 * NS_PER_S)
    assert neutral.valid_ns == 0


def test_the_share_is_over_valid_time() -> None:
    tracker = AngerTracker(Anger(), 60 * NS_PER_S)
    tracker.advance(0, 10 * NS_PER_S, face(0.6), (None, None), learning=False)
    tracker.advance(10 * NS_PER_S, 20 * NS_PER_S, None, (None, None), learning=False)
    tracker.advance(20 * NS_PER_S, 25 * NS_PER_S, face(0.1), (None, None), learning=False)
    tracker.judge(25 * NS_PER_S)
    assert tracker.share30 is None
    tracker.advance(25 * NS_PER_S, 30 * NS_PER_S, face(0.1), (None, None), learning=False)
    tracker.judge(30 * NS_PER_S)
    assert tracker.share30 == pytest.approx(0.5)
    assert tracker.valid_fractions(30 * NS_PER_S) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
