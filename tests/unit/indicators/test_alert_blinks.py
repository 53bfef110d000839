"""Mean and deviation of a driver's blinks when alert, and how the baseline keeps them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.config.rules import Rules
from edge.indicators.alert_blinks import AlertBlinkLearner
from edge.indicators.baseline import BaselineLearner
from edge.indicators.eye_baseline import POPULATION
from edge.indicators.sample import Sample
from edge.indicators.vigilance import Blink
from edge.indicators.window import NS_PER_S
from edge.types import AlertBlinks

BLINKS: list[Blink] = [
    (15.0 + index, 1.0 + 0.1 * (-1) ** index, 0.2 + 0.05 * (-1) ** index, 7.0 + (-1) ** index) for index in range(30)
]


def learn(blinks: list[Blink]) -> AlertBlinks | None:
    learner = AlertBlinkLearner()
    found = [learner.add(blink, index * NS_PER_S) for index, blink in enumerate(blinks)]
    learnt = [entry for entry in found if entry is not None]
    return learnt[0] if learnt else None


def test_mean_and_deviation_of_thirty_blinks_the_rate_of_the_last_ten() -> None:
    assert learn(BLINKS[:29]) is None
    learnt = learn(BLINKS)
    assert learnt is not None
    assert learnt.mean == pytest.approx((15.0 + 24.5, 1.0, 0.2, 7.0))
    assert learnt.deviation == pytest.approx((2.8723, 0.1, 0.05, 1.0), abs=1e-4)
    assert (learnt.blinks, learnt.learnt_ns) == (30, 29 * NS_PER_S)


def test_a_driver_who_blinks_like_a_clock_has_the_floors_as_deviation() -> None:
    learnt = learn([(20.0, 1.0, 0.2, 8.0)] * 30)
    assert learnt is not None
    assert learnt.deviation == pytest.approx((0.6, 0.03, 1 / 30, 0.8))


def test_a_long_closure_begins_learning_anew() -> None:
    asleep: Blink = (15.0, 1.0, 1.2, 5.0)
    assert learn([*BLINKS[:20], asleep, *BLINKS[:29]]) is None
    assert learn([*BLINKS[:20], asleep, *BLINKS]) is not None


def test_drowsy_blinks_are_not_learnt_as_alert() -> None:
    drowsy = [(rate, amplitude, duration + 0.25, velocity) for rate, amplitude, duration, velocity in BLINKS]
    assert learn(drowsy) is None
    assert learn(drowsy + BLINKS) is not None


class Driver:
    """A baseline learner and its driver, who looks ahead with open eyes."""

    def __init__(self) -> None:
        self.learner = BaselineLearner(Rules(), 0.0, 0.0)
        self.t_ns = 0

    def look(self, length_s: int, **fields: object) -> Driver:
        sample = Sample()
        for name, value in ({"face": 0.9, "left": 1.0, "right": 1.0, "yaw_deg": 0.0} | fields).items():
            setattr(sample, name, value)
        for _ in range(length_s):
            self.learner.advance(self.t_ns, self.t_ns + NS_PER_S, sample, closed=False)
            self.t_ns += NS_PER_S
        return self

    def blink(self, blinks: list[Blink]) -> Driver:
        for blink in blinks:
            self.learner.measured_blink(blink, self.t_ns)
        return self


def test_blinks_before_the_open_eyes_are_known_are_not_learnt() -> None:
    driver = Driver().look(59).blink(BLINKS).look(2)
    assert driver.learner.frozen
    assert driver.learner.eyes.alert_blinks is None
    assert driver.blink(BLINKS).learner.eyes.alert_blinks == replace(learn(BLINKS), learnt_ns=driver.t_ns)


def test_they_are_learnt_once_and_frozen() -> None:
    driver = Driver().look(61).blink(BLINKS)
    first = driver.learner.eyes.alert_blinks
    heavier = [(rate, amplitude - 0.2, duration + 0.1, velocity) for rate, amplitude, duration, velocity in BLINKS]
    assert driver.look(30).blink(heavier * 3).learner.eyes.alert_blinks == first


def test_a_wider_open_eye_changes_their_unit() -> None:
    driver = Driver().look(61).blink(BLINKS)
    first = driver.learner.eyes.alert_blinks
    raised = driver.look(61, left=1.25, right=1.25).learner.eyes.alert_blinks
    assert first is not None
    assert raised is not None
    assert raised.mean == pytest.approx((first.mean[0], first.mean[1] / 1.25, first.mean[2], first.mean[3] / 1.25))
    assert raised.deviation[1] == pytest.approx(first.deviation[1] / 1.25)
    assert driver.learner.rollback()
    assert driver.learner.eyes.alert_blinks == first


def test_they_are_kept_for_each_state_of_glasses() -> None:
    driver = Driver().look(61, glasses=False).blink(BLINKS)
    bare = driver.learner.eyes
    driver.blink(BLINKS[:20]).look(6, glasses=True)
    assert driver.learner.eyes == POPULATION
    driver.look(61, glasses=True).blink(BLINKS[:29])
    assert driver.learner.eyes.alert_blinks is None
    assert driver.look(6, glasses=False).learner.eyes == bare
