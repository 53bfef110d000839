from __future__ import annotations

import pytest

from edge.config.rules import Rules
from edge.indicators.eye_baseline import POPULATION, EyeLearner
from edge.types import EyeBaseline, Provenance


def test_what_comes_from_outside_is_bounded_like_what_is_learnt() -> None:
    learner = EyeLearner(Rules())
    wild = EyeBaseline(open_left=0.1, open_right=9.0, closed=0.9, blink_mean_ns=10**9)
    believed = learner.bounded(wild)
    assert (believed.open_left, believed.open_right) == (pytest.approx(0.7), 1.5)
    assert (believed.closed, believed.blink_mean_ns) == (0.2, 300_000_000)


def test_nothing_falls_below_a_share_of_what_was_frozen_first() -> None:
    learner = EyeLearner(Rules())
    learner.first = EyeBaseline(1.1, 1.0, provenance=Provenance(learnt_ns=1, valid_ns=1, quality=1.0))
    believed = learner.bounded(POPULATION)
    assert (believed.open_left, believed.open_right) == (1.0, 1.0)
    narrow = learner.bounded(EyeBaseline(0.7, 0.7))
    assert (narrow.open_left, narrow.open_right) == (pytest.approx(0.99), pytest.approx(0.9))
