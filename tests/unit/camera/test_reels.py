from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.camera.reels import LONGEST_GAP_NS, StampTrack, natural_key

PERIOD_NS = 40_000_000


def placed(*positions_ms: float) -> list[float]:
    track = StampTrack(PERIOD_NS)
    return [track.place(position) / 1e6 for position in positions_ms]


def test_good_stamps_are_kept_to_the_nanosecond_at_a_variable_rate() -> None:
    assert placed(0.0, 33.366700033, 40.0, 500.0, 500.065) == [0.0, 33.3667, 40.0, 500.0, 500.065]


def test_a_film_that_starts_late_keeps_its_offset() -> None:
    assert placed(80.0, 120.0) == [80.0, 120.0]


@pytest.mark.parametrize("dead", [0.0, math.nan, -1.0])
def test_a_container_without_stamps_falls_back_to_the_frame_rate(dead: float) -> None:
    assert placed(dead, dead, dead, dead) == [0.0, 40.0, 80.0, 120.0]


def test_a_repeated_stamp_takes_one_period_and_the_film_runs_on_from_there() -> None:
    assert placed(0.0, 40.0, 40.0, 80.0, 120.0) == [0.0, 40.0, 80.0, 120.0, 160.0]


def test_a_wild_leap_is_a_damaged_stamp_and_a_long_pause_is_not() -> None:
    leap_ms = 3 * LONGEST_GAP_NS / 1e6
    assert placed(0.0, leap_ms, leap_ms + 33.0) == [0.0, 40.0, 73.0]
    assert placed(0.0, 590_000.0) == [0.0, 590_000.0]


@settings(deadline=None)  # a loaded machine is no failure
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50))
def test_whatever_the_file_says_time_increases_strictly_in_integers(positions_ms: list[float]) -> None:
    track = StampTrack(PERIOD_NS)
    stamps = [track.place(position) for position in positions_ms]
    assert all(isinstance(stamp, int) and stamp >= 0 for stamp in stamps)
    assert all(later > earlier for earlier, later in itertools.pairwise(stamps))


def test_pictures_sort_as_people_count() -> None:
    names = ["frame10.png", "frame2.png", "Frame1.png", "frame01.png", "a9b10.png", "a9b2.png", "7.png", "²x.png"]
    assert sorted(names, key=natural_key) == [
        "7.png",
        "a9b2.png",
        "a9b10.png",
        "frame01.png",
        "Frame1.png",
        "frame2.png",
        "frame10.png",
        "²x.png",
    ]
