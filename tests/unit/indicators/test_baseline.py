from __future__ import annotations

import pytest

from edge.config.rules import Rules
from edge.indicators.baseline import BaselineLearner
from edge.indicators.eye_baseline import POPULATION
from edge.indicators.sample import Sample
from edge.indicators.window import NS_PER_S
from edge.types import (
    AlertBlinks,
    DriverBaseline,
    EyeBaseline,
    MouthBaseline,
    NeutralFace,
    PoseBaseline,
    Provenance,
)

STEP_NS = NS_PER_S // 10


class Learning:
    """A learner and the time it was fed."""

    def __init__(self, *, yaw: float = 0.0, pitch: float = 0.0) -> None:
        self.learner = BaselineLearner(Rules(), yaw, pitch)
        self.t_ns = 0

    def feed(self, length_s: float, *, closed: bool = False, **fields: object) -> BaselineLearner:
        sample = Sample()
        look = {"face": 0.9, "left": 1.0, "right": 1.0, "mouth_ratio": 0.3, "yaw_deg": 0.0, "pitch_deg": 0.0} | fields
        for name, value in look.items():
            setattr(sample, name, value)
        for _ in range(round(length_s * 10)):
            self.learner.advance(self.t_ns, self.t_ns + STEP_NS, sample, closed=closed)
            self.t_ns += STEP_NS
        return self.learner


def test_open_eyes_are_learnt_once_and_frozen() -> None:
    learning = Learning()
    learner = learning.feed(59, left=0.85, right=0.9)
    assert not learner.frozen
    assert learner.progress == pytest.approx(59 / 60)
    learner = learning.feed(2, left=0.85, right=0.9)
    assert learner.frozen
    assert (learner.eyes.open_left, learner.eyes.open_right) == (pytest.approx(0.85), pytest.approx(0.9))
    assert learner.eyes.provenance == Provenance(learnt_ns=60 * NS_PER_S, valid_ns=60 * NS_PER_S, quality=1.0)


def test_a_sleeper_is_never_learnt_as_open() -> None:
    learner = Learning().feed(300, left=0.02, right=0.02, closed=True)
    assert learner.eyes == POPULATION
    assert learner.progress == 0.0


def test_narrow_eyes_stop_at_the_floor() -> None:
    learner = Learning().feed(61, left=0.5, right=0.5)
    assert learner.eyes.open_left == pytest.approx(0.7)


def test_fading_eyes_do_not_lower_a_frozen_baseline() -> None:
    learning = Learning()
    learning.feed(61)
    for raw in (0.9, 0.8, 0.7, 0.6):
        learning.feed(120, left=raw, right=raw)
    assert learning.learner.eyes.open_left == pytest.approx(1.0)


def test_a_later_alert_minute_raises_it_and_can_be_rolled_back() -> None:
    learning = Learning()
    first = learning.feed(61).eyes
    assert learning.feed(61, left=1.04, right=1.04).eyes == first
    assert learning.feed(120, left=1.2, right=1.2).eyes.open_left == pytest.approx(1.2)
    assert learning.learner.rollback()
    assert learning.learner.eyes == first


def test_a_minute_that_was_not_alert_raises_nothing() -> None:
    learning = Learning()
    first = learning.feed(61).eyes
    for _ in range(6):
        learning.feed(30, left=1.3, right=1.3)
        learning.learner.spoil()
    assert learning.learner.eyes == first


def test_eyes_turned_away_from_the_camera_are_not_learnt() -> None:
    assert not Learning().feed(120, yaw_deg=45.0).frozen


def test_an_eye_that_was_hardly_seen_takes_the_value_of_the_other() -> None:
    learning = Learning()
    learning.feed(10, left=0.5)
    learner = learning.feed(51, left=None, right=0.9)
    assert learner.eyes.open_left == learner.eyes.open_right == pytest.approx(0.9, abs=0.11)


def test_blinks_give_the_closed_eye_and_the_own_mean() -> None:
    learning = Learning()
    for _ in range(12):
        learning.learner.blink(0.08, NS_PER_S // 8)
    eyes = learning.feed(61).eyes
    assert eyes.closed == pytest.approx(0.08)
    assert eyes.blink_mean_ns == NS_PER_S // 8
    assert eyes.blinks == 12


def test_drowsy_blinks_are_not_learnt_as_normal() -> None:
    learning = Learning()
    for _ in range(12):
        learning.learner.blink(0.5, NS_PER_S // 2 - 1)
    eyes = learning.feed(61).eyes
    assert eyes.closed == 0.2
    assert eyes.blink_mean_ns == 3 * NS_PER_S // 10


def test_the_neutral_pose_is_the_median_near_the_configured_one() -> None:
    learning = Learning(yaw=40.0)
    learning.feed(40, yaw_deg=44.0, pitch_deg=-5.0)
    learner = learning.feed(25, yaw_deg=0.0, pitch_deg=-5.0)
    assert (learner.yaw_deg, learner.pitch_deg) == (pytest.approx(44.0), pytest.approx(-5.0))


def test_looking_aside_while_learning_poisons_nothing() -> None:
    learning = Learning()
    learning.feed(25, yaw_deg=8.0)
    learner = learning.feed(40, yaw_deg=40.0)
    assert (learner.yaw_deg, learner.pitch_deg) == (0.0, 0.0)
    assert learning.feed(61, yaw_deg=3.0).yaw_deg == pytest.approx(3.0)


def test_a_mouth_open_all_along_is_no_neutral() -> None:
    learning = Learning()
    assert learning.feed(61, mouth_ratio=0.8).mouth_ratio == 0.3
    assert learning.feed(61, mouth_ratio=0.25).mouth_ratio == pytest.approx(0.25)


def test_glasses_have_a_baseline_of_their_own() -> None:
    learning = Learning()
    learning.feed(61, glasses=False, left=0.95, right=0.95)
    bare = learning.learner.eyes
    assert learning.feed(3, glasses=True).eyes == bare
    assert learning.feed(3, glasses=True).eyes == POPULATION
    dressed = learning.feed(61, glasses=True, left=0.6, right=0.6).eyes
    assert dressed.open_left == pytest.approx(0.9 * 0.95)
    assert learning.feed(6, glasses=False).eyes == bare


PROVENANCE = Provenance(learnt_ns=5, valid_ns=60 * NS_PER_S, quality=0.9)
CALM = (0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05)


def known() -> DriverBaseline:
    """A driver with wide eyes, a small mouth and a head a little aside."""
    return DriverBaseline(
        eyes={"bare": EyeBaseline(1.2, 1.1, 0.05, provenance=PROVENANCE)},
        mouth=MouthBaseline(0.25, PROVENANCE),
        pose=PoseBaseline(4.0, -6.0, PROVENANCE),
        neutral_expression={"bare": NeutralFace((1.0, 1.0, 1.0, 0.5, 1.0, 0.5, 1.0), PROVENANCE)},
    )


def test_every_part_is_rolled_back_in_its_turn() -> None:
    learning = Learning()
    learner = learning.feed(61, yaw_deg=4.0, mouth_ratio=0.25)
    for second in range(61):
        learner.resting_face(CALM, NS_PER_S, second * NS_PER_S)
    assert set(learner.progress_by_part().values()) == {1.0}
    left = []
    while learner.rollback():
        left.append({part for part, progress in learner.progress_by_part().items() if progress == 1.0})
    assert [len(parts) for parts in left] == [3, 2, 1, 0]
    assert (learner.eyes, learner.mouth_ratio, learner.yaw_deg) == (POPULATION, 0.3, 0.0)
    assert learner.given() == DriverBaseline()
    assert learning.feed(61, yaw_deg=4.0).yaw_deg == 4.0


def test_what_is_given_out_can_be_taken_back() -> None:
    learning = Learning()
    learner = learning.feed(61, left=0.9, right=0.85, glasses=False, yaw_deg=4.0)
    learner.resting_face(CALM, 61 * NS_PER_S, 61 * NS_PER_S)
    other = Learning()
    other.learner.take(learner.given())
    assert other.learner.given() == learner.given()
    assert other.feed(0.1, glasses=False).eyes == learner.eyes
    assert (other.learner.frozen, other.learner.progress, other.learner.yaw_deg) == (True, 1.0, 4.0)


def test_each_change_raises_the_revision() -> None:
    learning = Learning()
    revisions = {learning.learner.revision}
    revisions.add(learning.feed(61).revision)
    learning.learner.take(known())
    revisions.add(learning.learner.revision)
    learning.learner.take(None)
    revisions.add(learning.learner.revision)
    assert len(revisions) == 4
    assert not learning.learner.frozen


def test_a_returning_driver_is_kept_per_glasses() -> None:
    learning = Learning()
    learning.learner.take(known())
    assert learning.learner.eyes == POPULATION  # nobody has told yet whether he wears glasses
    assert learning.feed(0.1, glasses=False).eyes.open_left == 1.2
    assert learning.feed(6, glasses=True).eyes == POPULATION
    assert learning.feed(6, glasses=False).eyes.open_left == 1.2


def test_a_returning_driver_never_falls_below_what_he_was() -> None:
    learning = Learning()
    learning.learner.take(known())
    dressed = learning.feed(66, glasses=True, left=0.5, right=0.5).eyes
    assert dressed.open_left == pytest.approx(0.9 * 1.2)


def test_nothing_from_outside_is_believed_beyond_what_could_be_learnt() -> None:
    nan = float("nan")
    forged = DriverBaseline(
        eyes={
            "bare": EyeBaseline(0.05, 0.05, provenance=PROVENANCE),
            "glasses": EyeBaseline(nan, 1.0, provenance=PROVENANCE),
            "unknown": EyeBaseline(
                1.0, 1.0, alert_blinks=AlertBlinks((nan,) * 4, (0.0,) * 4, 30, 0), provenance=PROVENANCE
            ),
        },
        mouth=MouthBaseline(2.5, PROVENANCE),
        pose=PoseBaseline(60.0, 0.0, PROVENANCE),
        neutral_expression={"bare": NeutralFace((nan,) * 7, PROVENANCE)},
    )
    learning = Learning()
    learning.learner.take(forged)
    believed = learning.learner.given()
    assert believed.eyes["bare"].open_left == pytest.approx(0.7)  # a sleeper's eyes are never open ones
    assert "glasses" not in believed.eyes
    assert believed.eyes["unknown"].alert_blinks is None
    assert (believed.mouth, believed.pose, believed.neutral_expression) == (None, None, {})


def test_eyes_without_provenance_are_the_populations() -> None:
    learning = Learning()
    learning.learner.take(DriverBaseline(eyes={"unknown": EyeBaseline(1.4, 1.4)}))
    assert learning.learner.eyes == POPULATION


def test_without_expressions_no_resting_face_is_kept() -> None:
    learner = BaselineLearner(Rules(), 0.0, 0.0, expression_enabled=False)
    learner.take(known())
    learner.resting_face(CALM, 61 * NS_PER_S, 0)
    assert learner.given().neutral_expression == {}
    assert set(learner.progress_by_part()) == {"eyes", "mouth", "pose"}


def test_progress_is_told_part_by_part() -> None:
    learner = Learning().feed(30, mouth_ratio=None)
    assert learner.progress_by_part() == {
        "eyes": pytest.approx(0.5), "mouth": 0.0, "pose": pytest.approx(0.5), "neutral_expression": 0.0,
    }  # fmt: skip
