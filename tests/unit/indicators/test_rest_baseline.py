from __future__ import annotations

import pytest

from edge.indicators.rest_baseline import MouthLearner, PoseLearner
from edge.indicators.window import NS_PER_S
from edge.types import Provenance

MINUTE_NS = 60 * NS_PER_S


def test_unseen_time_lowers_the_quality_and_adds_nothing() -> None:
    mouth = MouthLearner()
    assert mouth.advance(None, MINUTE_NS, MINUTE_NS, MINUTE_NS) is None
    assert mouth.valid_ns == 0
    assert mouth.advance(0.25, MINUTE_NS + MINUTE_NS // 2, MINUTE_NS // 2, MINUTE_NS) is None
    learnt = mouth.advance(0.25, 2 * MINUTE_NS, MINUTE_NS // 2, MINUTE_NS)
    assert learnt is not None
    assert learnt.mouth_ratio == pytest.approx(0.25)
    assert learnt.provenance == Provenance(learnt_ns=2 * MINUTE_NS, valid_ns=MINUTE_NS, quality=0.5)


def test_a_head_that_was_mostly_elsewhere_teaches_nothing() -> None:
    pose = PoseLearner(0.0, 0.0)
    assert pose.advance((40.0, 0.0), 1, 31 * NS_PER_S, MINUTE_NS, 15.0) is None
    assert pose.advance((2.0, 0.0), 2, 29 * NS_PER_S, MINUTE_NS, 15.0) is None
    assert pose.valid_ns == 0
    learnt = pose.advance((2.0, -3.0), 3, MINUTE_NS, MINUTE_NS, 15.0)
    assert learnt is not None
    assert (learnt.yaw_deg, learnt.pitch_deg) == (2.0, -3.0)
    assert pose.trusted(learnt, 15.0)
    assert not PoseLearner(40.0, 0.0).trusted(learnt, 15.0)
