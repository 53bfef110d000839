from __future__ import annotations

from itertools import pairwise

import pytest

from edge.config.rules import Alerts
from edge.decision.privacy import PrivacyWatch
from edge.types import VehicleSample

S = 1_000_000_000


def watched(
    *told: tuple[float, float | None, bool | None], after_s: float | None = 180.0, period_s: float = 1.0
) -> PrivacyWatch:
    """A watch that was told speeds and ignitions, each once a second from its time until the next one's."""
    watch = PrivacyWatch(Alerts(), after_s)
    for (start_s, speed_kmh, ignition), (end_s, *_) in pairwise(told):
        at_s = start_s
        while at_s < end_s:
            watch.read(VehicleSample(t_ns=round(at_s * S), speed_kmh=speed_kmh, ignition=ignition))
            at_s += period_s
    return watch


def end(at_s: float) -> tuple[float, None, None]:
    return at_s, None, None


def test_three_minutes_at_a_standstill() -> None:
    watch = watched((0, 50.0, True), (10, 0.0, True), end(200))
    assert not watch.at(round(189.9 * S))
    assert watch.at(190 * S)


def test_a_speed_that_nobody_knows_may_be_any() -> None:
    watch = watched((0, 0.0, True), end(200))
    assert watch.at(201 * S)
    assert not watch.at(round(201.1 * S)), "2 s after the last reading"
    assert not PrivacyWatch(Alerts(), 180.0).at(10**15)
    assert not watched((0, None, False), end(400)).at(399 * S), "the ignition alone does not say that it stands"


def test_time_in_which_the_speed_was_unknown_does_not_count() -> None:
    watch = watched((0, 0.0, None), (100, None, None), (110, 0.0, None), end(300))
    assert not watch.at(289 * S)
    assert watch.at(290 * S)


@pytest.mark.parametrize("speed_kmh", [5.0, 90.0])
def test_it_ends_when_the_vehicle_moves(speed_kmh: float) -> None:
    watch = watched((0, 0.0, None), end(200))
    watch.read(VehicleSample(t_ns=200 * S, speed_kmh=speed_kmh))
    assert not watch.at(200 * S)


def test_a_receiver_that_drifts_still_stands_and_a_crawl_never_began_to() -> None:
    drifting = watched((0, 0.5, None), (50, 4.9, None), (60, 0.2, None), end(200))
    assert drifting.at(199 * S)
    assert not watched((0, 3.0, None), end(400)).at(399 * S)


def test_soon_after_the_ignition_went_off() -> None:
    watch = watched((0, 0.0, True), (30, 0.0, False), end(60))
    assert not watch.at(round(34.9 * S))
    assert watch.at(35 * S)
    rolling = watched((0, 30.0, True), (30, 30.0, False), end(60))
    assert not rolling.at(59 * S), "a vehicle that rolls is watched"


def test_a_start_of_the_engine_is_no_ignition_off() -> None:
    assert not watched((0, 0.0, True), (30, 0.0, False), end(33)).at(33 * S)
    after = watched((0, 0.0, True), (30, 0.0, False), (33, 0.0, True), end(60))
    assert not after.at(59 * S)


def test_the_ignition_wakes_it_and_the_standstill_counts_anew() -> None:
    watch = watched((0, 0.0, False), (300, 0.0, True), end(500))
    assert not watch.at(300 * S)
    assert not watch.at(479 * S)
    assert watch.at(480 * S)


def test_it_can_be_switched_off() -> None:
    assert not watched((0, 0.0, False), end(4000), after_s=None).at(3999 * S)


@pytest.mark.parametrize("speed_kmh", [float("nan"), -3.0, 1e6])
def test_an_impossible_speed_says_nothing(speed_kmh: float) -> None:
    assert not watched((0, speed_kmh, False), end(400)).at(399 * S)


def test_asking_changes_nothing_and_old_readings_are_passed_over() -> None:
    watch = watched((0, 0.0, True), end(200))
    assert [watch.at(t_ns) for t_ns in (10**12, 0, 199 * S, 0, 199 * S)] == [False, False, True, False, True]
    watch.read(VehicleSample(t_ns=100 * S, speed_kmh=90.0, ignition=False))
    assert watch.at(199 * S)
