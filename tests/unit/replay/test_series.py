"""Timelines: bounded for any drive, and neither a blink nor a gap is lost on the way."""

from __future__ import annotations

import pytest

from edge.replay.series import FAST_BUCKETS, Line, SeriesCollector
from edge.types import EXPRESSIONS, FaceObservation, Indicators, Reading, Tick, VehicleSample

S = 1_000_000_000


class Source:
    def __init__(self) -> None:
        self.asked = 0

    def indicators(self) -> Indicators:
        self.asked += 1
        return Indicators(t_ns=0, readings={"perclos60": Reading(value=0.25), "perclos180": Reading(value=None)})


def test_a_bucket_keeps_its_lowest_and_highest_value() -> None:
    line = Line()
    for i in range(1000):
        line.add(i, 0.03 if i == 517 else 1.0)
    cut = line.buckets(0, 100, 10, 0.01)
    assert cut["lo"] == [100, 100, 100, 100, 100, 3, 100, 100, 100, 100]
    assert cut["hi"] == [100] * 10


def test_single_samples_need_no_second_list() -> None:
    line = Line()
    line.add(0, 0.5)
    line.add(10, 0.25)
    assert line.buckets(0, 10, 2, 0.01) == {"lo": [50, 25]}


def test_unseen_is_a_gap_and_never_zero() -> None:
    line = Line()
    for t, value in [(0, 1.0), (10, None), (20, 0.0)]:
        line.add(t, value)
    assert line.buckets(0, 10, 3, 0.01)["lo"] == [100, None, 0]


def test_a_value_holds_over_empty_buckets_but_not_for_ever() -> None:
    line = Line()
    line.add(0, 1.0)
    line.add(6 * S, 0.5)
    assert line.buckets(0, S, 7, 0.01)["lo"] == [100, 100, 100, None, None, None, 50]


def test_stamps_that_run_backwards_are_left_out() -> None:
    line = Line()
    line.add(10, 1.0)
    line.add(5, 0.0)
    assert list(line.values) == [1.0]


def test_the_collector_reads_every_kind_of_member() -> None:
    source = Source()
    collector = SeriesCollector(source, expression=True)
    for i in range(90):
        t_ns = i * S // 30
        expression = dict.fromkeys(EXPRESSIONS, 0.0) | {"neutral": 1.0} if i % 3 == 0 else None
        collector.on_member(
            FaceObservation(t_ns=t_ns, face=1.0, eye_openness_left=1.0, eye_openness_right=0.5, expression=expression)
        )
    collector.on_member(VehicleSample(t_ns=3 * S, speed_kmh=50.0))
    collector.on_member(Tick(t_ns=4 * S))
    grids = collector.grids()
    fast, slow = grids["fast"]["lines"], grids["slow"]["lines"]
    assert fast["openness"]["lo"][0] == 75
    assert "yaw_deg" not in fast
    assert slow["perclos60"]["lo"][0] == 250
    assert "perclos180" not in slow
    assert slow["speed_kmh"]["lo"][-1] == 500
    assert slow["neutral"]["lo"][0] == 100
    assert source.asked == pytest.approx(8, abs=1)


def test_a_long_drive_stays_small() -> None:
    collector = SeriesCollector(Source(), expression=False)
    for i in range(20_000):
        collector.on_member(FaceObservation(t_ns=i * S, face=1.0, eye_openness_left=(i % 100) / 100))
    grids = collector.grids()
    assert len(grids["fast"]["lines"]["openness"]["lo"]) == FAST_BUCKETS
    assert grids["fast"]["width_s"] * FAST_BUCKETS >= 19_999


def test_without_expression_nothing_of_it_is_collected() -> None:
    collector = SeriesCollector(Source(), expression=False)
    collector.on_member(FaceObservation(t_ns=0, face=1.0, eye_openness_left=1.0, expression={"anger": 1.0}))
    assert "anger" not in str(collector.grids())
