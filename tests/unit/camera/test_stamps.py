from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.camera.stamps import SensorStamps

MS = 1_000_000
NOW = 10**15


def test_a_sane_sensor_stamp_is_kept_to_the_nanosecond() -> None:
    stamps = SensorStamps()
    assert stamps.place(NOW - 33 * MS - 7, NOW) == NOW - 33 * MS - 7
    assert stamps.place(NOW - 1, NOW + 33 * MS) == NOW - 1
    assert stamps.distrusted == 0


def test_absent_old_future_and_foreign_stamps_give_way_to_the_time_of_arrival() -> None:
    stamps = SensorStamps()
    wall_ns = 1_790_000_000 * 10**9
    for index, sensor_ns in enumerate((None, 0, NOW - 3_000 * MS, NOW + 900 * MS, wall_ns)):
        arrived_ns = NOW + index * 33 * MS
        assert stamps.place(sensor_ns, arrived_ns) == arrived_ns
    assert stamps.distrusted == 5


def test_a_repeated_or_backward_stamp_does_not_stop_time() -> None:
    stamps = SensorStamps()
    assert stamps.place(NOW, NOW) == NOW
    assert stamps.place(NOW, NOW + 33 * MS) == NOW + 33 * MS
    assert stamps.place(NOW - 10 * MS, NOW + 33 * MS) == NOW + 33 * MS + 1


@settings(deadline=None)  # a loaded machine is no failure
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-(10**18), 10**18)), st.integers(0, 10**10)), max_size=60))
def test_time_strictly_increases_whatever_the_driver_says(readings: list[tuple[int | None, int]]) -> None:
    stamps = SensorStamps()
    arrived_ns = 0
    placed = []
    for sensor_ns, step_ns in readings:
        arrived_ns += step_ns
        placed.append(stamps.place(sensor_ns, arrived_ns))
    assert all(later > earlier for earlier, later in itertools.pairwise(placed))
