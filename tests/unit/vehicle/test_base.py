from __future__ import annotations

from edge.vehicle.base import SampleClock

S = 1_000_000_000


def due_at(stamps_ns: list[int]) -> list[int]:
    clock = SampleClock()
    return [t_ns for t_ns in stamps_ns if clock.due(t_ns)]


def test_one_sample_a_second_whatever_the_frame_rate() -> None:
    for fps in (5, 15, 30, 120):
        stamps = [round(7 * S + index * S / fps) for index in range(10 * fps)]
        assert due_at(stamps) == [stamps[index * fps] for index in range(10)], fps


def test_late_frames_do_not_slow_the_rate() -> None:
    # A rate that does not divide the second: each sample comes with the first frame after its time.
    stamps = [round(index * S / 7.3) for index in range(730)]
    assert len(due_at(stamps)) == 100


def test_after_a_gap_there_is_one_sample_and_not_many() -> None:
    assert due_at([0, 60 * S + 5, 60 * S + 6, 61 * S, 61 * S + 5]) == [0, 60 * S + 5, 61 * S]


def test_time_that_ran_back_starts_anew() -> None:
    assert due_at([100 * S, 3 * S, 3 * S + 1, 4 * S]) == [100 * S, 3 * S, 4 * S]
