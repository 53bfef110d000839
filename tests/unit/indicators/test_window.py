from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.indicators.window import CountWindow, DurationWindow, FaceLog, Histogram, TimeWindow, ValiditySums, ns

SEGMENTS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=30)


def test_seconds_round_to_the_nearest_nanosecond() -> None:
    assert ns(0.1 + 0.2) == 300_000_000


@given(SEGMENTS, st.integers(1, 200), st.integers(0, 300))
def test_a_time_window_is_the_overlap_with_its_span(gaps: list[tuple[int, int]], span: int, later: int) -> None:
    window = TimeWindow(span)
    segments = []
    at = 0
    for gap, length in gaps:
        window.add(at + gap, at + gap + length)
        segments.append((at + gap, at + gap + length))
        at += gap + length
    now = at + later
    assert window.sum_ns(now) == sum(max(0, end - max(start, now - span)) for start, end in segments)


@given(SEGMENTS)
def test_asking_in_between_changes_nothing(gaps: list[tuple[int, int]]) -> None:
    asked, unasked = TimeWindow(100), TimeWindow(100)
    at = 0
    for gap, length in gaps:
        for window in (asked, unasked):
            window.add(at + gap, at + gap + length)
        at += gap + length
        asked.sum_ns(at)
    assert asked.sum_ns(at + 10) == unasked.sum_ns(at + 10)


def test_validity_sums_follow_each_condition() -> None:
    sums = ValiditySums(100, 2)
    sums.add(0, 10, (True, False))
    sums.add(10, 20, (True, False))
    sums.add(20, 30, (True, True))
    sums.add(50, 60, (False, True))
    assert sums.sums_ns(60) == (30, 20)
    assert sums.sums_ns(125) == (5, 15)
    sums.clear()
    assert sums.sums_ns(125) == (0, 0)


def test_counts_leave_with_their_span() -> None:
    window = CountWindow(10)
    for t_ns in (0, 4, 8):
        window.add(t_ns)
    assert [window.count(t_ns) for t_ns in (8, 10, 14, 20)] == [3, 2, 1, 0]


def test_durations_leave_with_their_end() -> None:
    window = DurationWindow(100, 5)
    window.add(10, 4, 4)
    window.add(20, 9, 6)
    assert (window.count(20), window.sum_ns, window.long_count) == (2, 10, 1)
    assert (window.count(111), window.sum_ns, window.long_count) == (1, 6, 1)
    assert (window.count(121), window.sum_ns, window.long_count) == (0, 0, 0)


def test_quantiles_are_weighted_by_time() -> None:
    histogram = Histogram(0.0, 1.0, 0.01)
    assert histogram.quantile(0.5) is None
    histogram.add(0.2, 89)
    histogram.add(0.8, 11)
    assert histogram.quantile(0.5) == pytest.approx(0.2)
    assert histogram.quantile(0.9) == pytest.approx(0.8)
    assert histogram.median_between(0.5, 1.0) == pytest.approx(0.8)
    assert histogram.median_between(0.3, 0.5) is None
    assert histogram.between_ns(0.5, 1.0) == 11


def test_values_beyond_a_histogram_count_at_its_ends() -> None:
    histogram = Histogram(0.0, 1.0, 0.1)
    histogram.add(7.0, 1)
    assert histogram.quantile(0.5) == pytest.approx(1.0)


def test_face_confidence_is_a_mean_over_time() -> None:
    faces = FaceLog()
    assert faces.mean(0, 100) is None
    faces.add(0, 30, 0.9)
    faces.add(30, 40, 0.5)
    assert faces.mean(40, 40) == pytest.approx(0.8)
    assert faces.mean(40, 20) == pytest.approx(0.7)
    assert faces.mean(140, 20) is None
