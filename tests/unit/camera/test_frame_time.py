from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from edge.camera.frame_time import FrameTime
from edge.runtime.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.figures import Figures

PERIOD_NS = NS_PER_S // 30
HOUR_NS = 3600 * NS_PER_S
BASE_NS = 5 * HOUR_NS


def times(wrong: Callable[[int], int], frames: int = 900, wrong_from: int = 300, wrong_to: int = 600) -> list[int]:
    """Return the times of frames a thirtieth of a second apart, some of them with wrong stamps."""
    line = FrameTime()
    return [
        line.of(wrong(number) if wrong_from <= number < wrong_to else BASE_NS + number * PERIOD_NS, number * PERIOD_NS)
        for number in range(frames)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda number: BASE_NS + HOUR_NS + number * PERIOD_NS, id="an hour ahead"),
        pytest.param(lambda number: number * PERIOD_NS, id="hours behind"),
        pytest.param(lambda _: 0, id="nought"),
        pytest.param(lambda _: BASE_NS + 299 * PERIOD_NS, id="standing"),
        pytest.param(lambda number: BASE_NS + (600 - number) * PERIOD_NS, id="running back"),
        pytest.param(lambda number: BASE_NS + number * PERIOD_NS + number % 2 * 2 * NS_PER_S, id="to and fro"),
        pytest.param(lambda _: -5, id="below nought"),
        pytest.param(lambda _: 1 << 70, id="beyond every clock"),
    ],
)
def test_wrong_stamps_neither_stop_nor_stretch_time(wrong: Callable[[int], int], figure: Figures) -> None:
    found = times(wrong)
    steps = [after - before for before, after in itertools.pairwise(found)]
    untrue = sum(step != PERIOD_NS for step in steps)
    figure("camera_stalls", "frames dated wrongly while stamps stand, jump or run back", untrue, at_most=0)


def test_true_stamps_are_left_alone_however_unsteady_their_arrival() -> None:
    line = FrameTime()
    late_ns = (0, 40_000_000, 900_000_000, 950_000_000, 10_000_000)
    stamps = [BASE_NS + number * PERIOD_NS for number in range(50)]
    assert [line.of(stamp, stamp + late_ns[number % 5]) for number, stamp in enumerate(stamps)] == stamps
    assert line.replaced == 0


def test_a_silence_is_a_gap_and_no_fault() -> None:
    line = FrameTime()
    line.of(BASE_NS, 0)
    assert line.of(BASE_NS + 60 * NS_PER_S, 60 * NS_PER_S) == BASE_NS + 60 * NS_PER_S
    assert line.replaced == 0


def test_a_camera_that_begins_anew_is_one_step_and_one_that_goes_on_so_is_astray() -> None:
    line = FrameTime()
    line.of(BASE_NS, 0)
    assert line.of(0, PERIOD_NS) == BASE_NS + PERIOD_NS
    assert line.of(PERIOD_NS, 2 * PERIOD_NS) == BASE_NS + 2 * PERIOD_NS
    assert not line.astray(2 * PERIOD_NS)
    for number in range(3, 6):
        line.of(0, number * PERIOD_NS)
    assert line.astray(6 * PERIOD_NS)
    assert not line.astray(6 * PERIOD_NS + 10 * NS_PER_S)
