"""The last 30 blinks of a driver against his own alert ones, from openness to `fatigue_level`."""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Any

import pytest

from edge.config.rules import Rules
from edge.indicators.alert_blinks import AlertBlinkLearner
from edge.indicators.blink_window import BlinkWindow
from edge.indicators.fatigue import Cues, blink_term, fatigue_level, independent_cues
from edge.indicators.vigilance import heaviness_share
from edge.indicators.window import NS_PER_S
from edge.types import AlertBlinks
from tests.stories.builder import Drive

RULES = Rules()
ALERT = AlertBlinks(mean=(15.0, 1.0, 0.2, 9.0), deviation=(1.0, 0.05, 0.05, 1.0), blinks=30, learnt_ns=0)


class Lids:
    """A window that is shown blinks of an eye that is wide open or shut."""

    def __init__(self) -> None:
        self.window = BlinkWindow(RULES.openness, RULES.closure)
        self.t_ns = 0

    def hold(self, length_s: float, openness: float | None, *, fast_enough: bool = True) -> Any:
        start_ns, self.t_ns = self.t_ns, self.t_ns + round(length_s * NS_PER_S)
        return self.window.advance(start_ns, self.t_ns, openness, fast_enough=fast_enough)

    def blink(self, count: int, *, every_s: float = 4.0, shut_s: float = 0.2, fast_enough: bool = True) -> Lids:
        for _ in range(count):
            self.hold(every_s - shut_s, 1.0, fast_enough=fast_enough)
            self.hold(shut_s, 0.0, fast_enough=fast_enough)
        self.hold(0.5, 1.0, fast_enough=fast_enough)
        return self

    def heaviness(self) -> float | None:
        self.window.judge(self.t_ns, ALERT)
        return self.window.heaviness


def test_a_blink_is_told_with_its_rate_of_the_time_seen() -> None:
    lids = Lids()
    lids.hold(3.8, 1.0)
    lids.hold(0.2, 0.0)
    assert lids.hold(0.5, 1.0) == pytest.approx((15.0, 1.0, 0.2, 15.0))
    lids.hold(100.0, None)
    lids.hold(3.3, 1.0)
    lids.hold(0.2, 0.0)
    # Two blinks in 8.0 s seen; the 100 s unseen count for nothing.
    assert lids.hold(0.5, 1.0)[0] == pytest.approx(15.0)


def test_the_rate_looks_back_ten_minutes() -> None:
    lids = Lids().blink(75, every_s=4.0).blink(150, every_s=8.0)
    lids.hold(3.0, 1.0)
    lids.hold(0.2, 0.0)
    assert lids.hold(0.5, 1.0)[0] == pytest.approx(7.5, abs=0.2)


def test_there_is_no_heaviness_before_thirty_blinks() -> None:
    assert Lids().blink(29).heaviness() is None
    assert Lids().blink(30).heaviness() is not None


def test_there_is_none_before_the_alert_blinks_are_known() -> None:
    lids = Lids().blink(30)
    lids.window.judge(lids.t_ns, None)
    assert lids.window.heaviness is None
    assert lids.window.probabilities is None


def test_blinks_of_more_than_ten_minutes_are_no_window() -> None:
    lids = Lids().blink(30)
    assert lids.heaviness() is not None
    lids.hold(600.0, 1.0)
    assert lids.heaviness() is None


def test_blinks_at_a_low_frame_rate_do_not_count() -> None:
    assert Lids().blink(40, fast_enough=False).heaviness() is None


def test_the_window_slides() -> None:
    usual, longer = Lids().blink(60).heaviness(), Lids().blink(30).blink(30, shut_s=0.35).heaviness()
    assert usual == pytest.approx(0.0, abs=0.05)
    assert longer == pytest.approx(1.82, abs=0.05)


def test_a_reset_forgets() -> None:
    lids = Lids().blink(30)
    lids.window.reset()
    assert lids.heaviness() is None
    assert lids.window.known_share == 0.0


def test_heavy_lids_take_the_place_of_closure_ratio_and_long_blinks() -> None:
    before = Cues(perclos60=0.0, mean_closure_ratio=2.0, long_blink_share=0.25)
    assert blink_term(before) == pytest.approx(1.0)
    assert blink_term(before._replace(heaviness=0.0)) == 0.0
    assert blink_term(Cues(heaviness=0.4)) == pytest.approx(heaviness_share(0.4)) == pytest.approx(0.8)
    assert fatigue_level(Cues(perclos60=0.0, heaviness=9.0), RULES) == pytest.approx(30.0)


def test_heavy_lids_are_one_cue_with_the_closures() -> None:
    assert independent_cues(Cues(heaviness=0.39), RULES) == 0
    assert independent_cues(Cues(heaviness=0.4), RULES) == 1
    assert independent_cues(Cues(heaviness=0.4, long_blink_share=0.2), RULES) == 1


def heavy_drive(fps: float, *, shut_s: float) -> Drive:
    """Three alert minutes, in which eyes and blinks are learnt, then two of blinks that last `shut_s`."""
    drive = Drive(fps=fps, jitter=0.2)
    for index in range(45):
        drive.blinking(4, per_minute=15, closed_s=0.15 + 0.03 * (index % 3))
    return drive.blinking(132, per_minute=15, closed_s=shut_s)


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_longer_blinks_of_a_driver_raise_his_fatigue_level(fps: float) -> None:
    told = heavy_drive(fps, shut_s=0.4).judge()
    heaviness = told.reading("heaviness")
    assert heaviness is not None
    assert heaviness > 1.0
    drowsy, alert = told.reading("vigilance_drowsy"), told.reading("vigilance_alert")
    assert drowsy is not None
    assert alert is not None
    assert drowsy > alert
    level = told.reading("fatigue_level")
    assert level is not None
    assert level >= 30.0
    baseline = told.engine._bank.baseline.eyes.alert_blinks
    assert baseline is not None
    assert baseline.mean[2] == pytest.approx(0.18, abs=0.02)


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_the_same_blinks_go_on_and_nothing_rises(fps: float) -> None:
    told = heavy_drive(fps, shut_s=0.18).judge()
    heaviness = told.reading("heaviness")
    assert heaviness is not None
    assert heaviness < 0.2
    assert told.alerts() == []


def test_below_15_fps_there_is_no_heaviness() -> None:
    readings = heavy_drive(10.0, shut_s=0.4).judge().engine.indicators().readings
    assert (readings["heaviness"].value, readings["heaviness"].reason) == (None, "low_fps")


def alert_half_hour(seed: int, wander: float) -> list[tuple[float, float]]:
    """Heaviness and p(alert) at each blink of an alert driver whose blink rate wanders by this share over minutes.

    Gaps are gamma distributed around 3 to 6 s, parts of a blink log-normal around usual lengths; 15 frames a second.
    """
    chance = random.Random(seed)
    window, learner, alert = BlinkWindow(RULES.openness, RULES.closure), AlertBlinkLearner(), None
    gap_s, shut_s = chance.uniform(3.0, 6.0), chance.uniform(0.05, 0.12)
    drift, ends_s, found = 0.0, 0.0, []
    falls_s, bottom_s, rises_s, depth = math.inf, math.inf, math.inf, 1.0
    frame_ns = NS_PER_S // 15
    for frame in range(1800 * 15):
        at_s = frame / 15
        if at_s >= ends_s:
            drift = 0.97 * drift + chance.gauss(0.0, wander * math.sqrt(1 - 0.97**2))
            falls_s = at_s + max(0.4, chance.gammavariate(1.6, gap_s * math.exp(drift) / 1.6))
            bottom_s = falls_s + 0.08 * math.exp(chance.gauss(0.0, 0.2))
            rises_s = bottom_s + shut_s * math.exp(chance.gauss(0.0, 0.35))
            ends_s = rises_s + 0.15 * math.exp(chance.gauss(0.0, 0.2))
            depth = min(1.0, chance.gauss(1.0, 0.08))
        if at_s < falls_s:
            shut = 0.0
        elif at_s < bottom_s:
            shut = (at_s - falls_s) / (bottom_s - falls_s)
        else:
            shut = 1.0 - max(at_s - rises_s, 0.0) / (ends_s - rises_s)
        openness = max(1.0 - depth * shut + chance.gauss(0.0, 0.03), 0.0)
        now_ns = (frame + 1) * frame_ns
        blink = window.advance(frame * frame_ns, now_ns, openness, fast_enough=True)
        if blink is None:
            continue
        if alert is None:
            alert = learner.add(blink, now_ns)
        window.judge(now_ns, alert)
        if window.heaviness is not None and window.probabilities is not None:
            found.append((window.heaviness, window.probabilities[0]))
    return found


def test_the_lids_of_alert_drivers_are_not_heavy_however_their_rate_wanders() -> None:
    for wander in (0.0, 0.4):
        drives = [alert_half_hour(seed, wander) for seed in range(16)]
        shares = [heaviness_share(heaviness) for drive in drives for heaviness, _ in drive]
        assert median(shares) < 0.1
        assert sum(shares) / len(shares) < 0.2
