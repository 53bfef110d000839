from __future__ import annotations

import threading
import time

import pytest

from edge.runtime.clock import ManualClock, SystemClock


def test_system_clock_reads_the_clock_of_camera_stamps_and_wall_time() -> None:
    clock = SystemClock()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    stamp = clock.monotonic_ns()
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert before <= stamp <= after
    assert abs(clock.wall_ns() - time.time_ns()) < 60_000_000_000


def test_system_clock_wait_returns_at_once_when_the_event_is_set_and_tells_a_timeout() -> None:
    clock = SystemClock()
    event = threading.Event()
    assert clock.wait(event, 0.0) is False
    assert clock.wait(event, -5.0) is False
    event.set()
    assert clock.wait(event, 3600.0) is True


def test_manual_clock_waits_without_blocking_and_remembers() -> None:
    clock = ManualClock(monotonic_ns=5, wall_ns=1_000)
    event = threading.Event()
    assert clock.wait(event, 2.5) is False
    assert clock.monotonic_ns() == 2_500_000_005
    assert clock.wall_ns() == 2_500_001_000
    event.set()
    assert clock.wait(event, 9.0) is True
    assert clock.waits_s == [2.5]
    assert clock.monotonic_ns() == 2_500_000_005


def test_wall_time_jumps_alone() -> None:
    clock = ManualClock(monotonic_ns=7, wall_ns=0)
    clock.set_wall_ns(-20_000 * 86_400 * 1_000_000_000)
    assert clock.monotonic_ns() == 7
    assert clock.wall_ns() < 0


def test_a_monotonic_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        ManualClock().advance(-1.0)
