"""The three states of vigilance, and the heaviness of the lids, from windows of 30 blinks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.indicators.vigilance import (
    HEAVINESS_KNOTS,
    heaviness,
    heaviness_share,
    normalised,
    vigilance_probabilities,
    window_statistics,
)

NUMBERS = st.floats(-600.0, 600.0)
BLINKS = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
PADDING = (0.0, 0.0, 0.0, 0.0)


def spread_out(centre: tuple[float, float, float, float], size: int = 30) -> list[tuple[float, float, float, float]]:
    """Blinks a deviation around their mean."""
    around = [math.sin(2.3 * index) * 1.4 for index in range(size)]
    shifts = [around, around[7:] + around[:7], around[13:] + around[:13], around[19:] + around[:19]]
    return [
        (
            centre[0] + shifts[0][index],
            centre[1] + shifts[1][index],
            centre[2] + shifts[2][index],
            centre[3] + shifts[3][index],
        )
        for index in range(size)
    ]


@given(st.lists(BLINKS, max_size=40))
def test_probabilities_are_a_distribution_whatever_the_blinks(window: list[tuple[float, float, float, float]]) -> None:
    probabilities = vigilance_probabilities(window)
    assert all(0.0 <= p <= 1.0 for p in probabilities)
    assert sum(probabilities) == pytest.approx(1.0)


def test_without_a_blink_nothing_is_more_probable() -> None:
    assert vigilance_probabilities([]) == vigilance_probabilities([PADDING] * 30) == (1 / 3, 1 / 3, 1 / 3)
    assert window_statistics([PADDING] * 30) is None


def test_rows_of_zeros_fill_up_and_are_no_blinks() -> None:
    blinks = spread_out((1.0, -1.0, 2.0, -0.5), 12)
    assert vigilance_probabilities([PADDING] * 18 + blinks) == vigilance_probabilities(blinks)


def test_statistics_by_hand() -> None:
    window = [(4.0, 1.0, 2.0, -3.0)] * 4 + [(6.0, -1.0, 100.0, 50.0)]
    statistics = window_statistics(window)
    assert statistics is not None
    assert statistics.rate_departure == pytest.approx(math.log(5.0 / (0.5 + 0.8)))
    expected = (4 * math.asinh(2.0) + math.asinh(100.0) - 3 * math.asinh(1.0)) / 5
    assert statistics.heaviness == pytest.approx(expected)
    # One of five is left out at either end: the 100 and the 50 say nothing.
    assert statistics.duration_departure == pytest.approx(2.0)
    assert statistics.velocity_departure == pytest.approx(3.0)


def test_blinks_like_the_alert_ones_are_alert() -> None:
    alert, low, drowsy = vigilance_probabilities(spread_out((0.0, 0.0, 0.0, 0.0)))
    assert alert > 0.7
    assert alert > low > drowsy


def test_long_small_slow_blinks_at_another_rate_are_drowsy() -> None:
    alert, low, drowsy = vigilance_probabilities(spread_out((25.0, -1.5, 2.5, -1.5)))
    assert drowsy > 0.5
    assert drowsy > low > alert


def test_another_rate_with_blinks_hardly_changed_is_low_vigilant() -> None:
    alert, low, drowsy = vigilance_probabilities(spread_out((25.0, 0.2, 0.6, -0.6)))
    assert low > drowsy
    assert low > alert


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30),
    st.integers(0, 29),
    st.floats(0.0, 100.0),
    st.floats(0.0, 100.0),
)
def test_no_blink_that_is_longer_or_smaller_makes_the_lids_lighter(
    blinks: list[tuple[float, float]], index: int, longer: float, smaller: float
) -> None:
    durations = [duration for duration, _ in blinks]
    amplitudes = [amplitude for _, amplitude in blinks]
    before = heaviness(durations, amplitudes)
    at = index % len(blinks)
    durations[at] += longer
    amplitudes[at] -= smaller
    after = heaviness(durations, amplitudes)
    assert after >= before - 1e-9
    assert heaviness_share(after) >= heaviness_share(before) - 1e-9


@given(st.floats(-10.0, 10.0), st.floats(0.0, 5.0))
def test_the_share_of_the_blink_term_never_falls(value: float, more: float) -> None:
    assert 0.0 <= heaviness_share(value) <= heaviness_share(value + more) <= 1.0


def test_the_share_goes_through_its_knots() -> None:
    assert [heaviness_share(x) for x, _ in HEAVINESS_KNOTS] == pytest.approx([y for _, y in HEAVINESS_KNOTS])
    assert heaviness_share(-3.0) == 0.0
    assert heaviness_share(0.15) == pytest.approx(0.2)
    assert heaviness_share(3.0) == 1.0


def test_normalised_is_distance_from_the_own_mean_in_own_deviations() -> None:
    assert normalised((12.0, 0.9, 0.3, 5.0), (10.0, 1.0, 0.2, 6.0), (1.0, 0.05, 0.05, 2.0)) == pytest.approx(
        (2.0, -2.0, 2.0, -0.5)
    )
