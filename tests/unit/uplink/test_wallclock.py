from __future__ import annotations

import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.wallclock import EARLIEST_PLAUSIBLE_NS, KernelWallClock, rfc3339


def test_reads_the_clock_of_camera_stamps_and_keeps_its_domain() -> None:
    clock = KernelWallClock()
    before = time.monotonic_ns()
    first, second = clock.now(), clock.now()
    assert before <= first.mono_ns <= second.mono_ns <= time.monotonic_ns()
    assert first.domain == second.domain != ""


def test_quality_is_consistent() -> None:
    now = KernelWallClock().now()
    assert now.source == ("ntp" if now.synced else "free")
    assert (now.error_ms is not None) == now.synced
    assert not now.synced or now.wall_ns >= EARLIEST_PLAUSIBLE_NS


@given(st.integers(min_value=0, max_value=250_000_000_000_000_000_00 // 10))
def test_wall_times_are_rfc_3339_in_utc(wall_ns: int) -> None:
    text = rfc3339(wall_ns)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == datetime.fromtimestamp(wall_ns // 1_000_000_000, tz=UTC).replace(
        microsecond=wall_ns % 1_000_000_000 // 1_000_000 * 1000
    )
