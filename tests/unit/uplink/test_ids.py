from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.ids import alert_id, boot_id


@given(st.integers(min_value=0, max_value=2**63))
def test_alert_ids_are_uuids_of_version_7_with_their_time(wall_ns: int) -> None:
    made = uuid.UUID(alert_id(wall_ns))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == wall_ns // 1_000_000


def test_alert_ids_of_one_moment_differ() -> None:
    assert len({alert_id(0) for _ in range(1000)}) == 1000


@given(st.lists(st.integers(min_value=-(10**18), max_value=4 * 10**18), min_size=2, max_size=20))
def test_boot_ids_sort_in_the_order_of_starts_whatever_the_clock_says(walls_ns: list[int]) -> None:
    number, ids = 0, []
    for wall_ns in walls_ns:
        made, number = boot_id(wall_ns, number)
        ids.append(made)
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
