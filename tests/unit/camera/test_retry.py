from __future__ import annotations

from edge.camera.retry import BackOff

S = 1_000_000_000


def test_waits_double_from_one_to_thirty_seconds() -> None:
    back_off = BackOff()
    assert [back_off.failed() for _ in range(8)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_ten_steady_seconds_start_over() -> None:
    back_off = BackOff()
    back_off.failed()
    back_off.failed()
    for second in range(11):
        back_off.delivered(second * S)
    assert back_off.failed() == 1.0


def test_a_camera_that_dies_after_each_opening_is_tried_ever_more_rarely() -> None:
    back_off = BackOff()
    waits = []
    for attempt in range(4):
        back_off.delivered(attempt * 20 * S)
        back_off.delivered((attempt * 20 + 5) * S)
        waits.append(back_off.failed())
    assert waits == [1.0, 2.0, 4.0, 8.0]
