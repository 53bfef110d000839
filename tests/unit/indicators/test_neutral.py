from __future__ import annotations

import math

import pytest

from edge.indicators.neutral import ANGER, DISGUST, SHIFT_MAX, NeutralExpression, trusted
from edge.indicators.window import NS_PER_S
from edge.types import EXPRESSIONS, NeutralFace, Provenance

MINUTE_NS = 60 * NS_PER_S
PROVENANCE = Provenance(learnt_ns=1, valid_ns=2, quality=1.0)


def face(anger: float, happiness: float = 0.02) -> tuple[float, ...]:
    rest = (1.0 - anger - happiness) / 8
    shares = {"anger": anger, "happiness": happiness, "neutral": 4 * rest}
    return tuple(shares.get(name, rest) for name in EXPRESSIONS)


def show(neutral: NeutralExpression, *angers: float) -> None:
    for second, anger in enumerate(angers):
        neutral.advance(face(anger), NS_PER_S, end_ns=(second + 1) * NS_PER_S)


def test_unlearnt_the_population_serves() -> None:
    neutral = NeutralExpression(MINUTE_NS)
    shown = face(0.5)
    assert neutral.hostility(shown) == pytest.approx(shown[ANGER] + shown[DISGUST])


def test_an_angry_resting_face_reads_as_neutral_and_still_shows_anger() -> None:
    neutral = NeutralExpression(MINUTE_NS)
    show(neutral, *[0.5] * 60)
    assert neutral.learnt
    assert neutral.hostility(face(0.5)) < 0.2
    assert neutral.hostility(face(0.95)) > 0.35


def test_a_mild_resting_face_makes_nobody_angrier() -> None:
    neutral = NeutralExpression(MINUTE_NS)
    show(neutral, *[0.001] * 60)
    shown = face(0.3)
    assert neutral.hostility(shown) <= shown[ANGER] + shown[DISGUST] + 0.05


def test_a_bout_within_the_learning_minute_does_not_enter() -> None:
    calm, bout = NeutralExpression(MINUTE_NS), NeutralExpression(MINUTE_NS)
    show(calm, *[0.05] * 60)
    show(bout, *[0.8 if 20 <= second < 34 else 0.05 for second in range(60)])
    assert bout.hostility(face(0.6)) == pytest.approx(calm.hostility(face(0.6)))


def test_laughter_is_not_learnt_and_lowers_the_quality() -> None:
    neutral = NeutralExpression(MINUTE_NS)
    neutral.advance(face(0.01, happiness=0.8), 30 * NS_PER_S, end_ns=0)
    neutral.pass_time(30 * NS_PER_S)
    assert neutral.progress == 0.0
    assert neutral.advance(face(0.05), 100 * NS_PER_S, end_ns=7)
    assert neutral.known is not None
    assert neutral.known.provenance == Provenance(learnt_ns=7, valid_ns=MINUTE_NS, quality=pytest.approx(60 / 160))
    assert neutral.progress == 1.0


def test_a_known_face_is_taken_over_and_never_learnt_again() -> None:
    taught = NeutralExpression(MINUTE_NS)
    show(taught, *[0.5] * 60)
    taken = NeutralExpression(MINUTE_NS, taught.known)
    show(taken, *[0.01] * 60)
    assert taken.hostility(face(0.5)) == taught.hostility(face(0.5))


@pytest.mark.parametrize("factors", [(), (1.0,) * 6, (1.0,) * 6 + (0.0,), (1.0,) * 6 + (math.nan,)])
def test_what_is_no_resting_face_is_not_believed(factors: tuple[float, ...]) -> None:
    assert trusted(NeutralFace(factors, PROVENANCE)) is None


def test_a_resting_face_from_outside_is_bounded_like_a_learnt_one() -> None:
    believed = trusted(NeutralFace((1e9,) * 7, PROVENANCE))
    assert believed is not None
    assert believed.factors[ANGER] == believed.factors[DISGUST] == 1.0
    assert max(believed.factors) == pytest.approx(math.exp(SHIFT_MAX))
