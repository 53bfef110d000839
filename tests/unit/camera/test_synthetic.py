from __future__ import annotations

import itertools
import threading
from typing import get_args

import numpy as np
import pytest

from edge.camera.base import CameraError, CameraFormatError, CameraLostError, Frame
from edge.camera.faults import Fault, FaultKind, spoiled
from edge.camera.synthetic import BLINK_PERIOD_S, SyntheticSource
from edge.runtime.clock import ManualClock

S = 1_000_000_000
W, H = 160, 120


def frames_of(source: SyntheticSource, count: int) -> list[Frame]:
    source.open()
    frames = [source.read(1.0) for _ in range(count)]
    return [frame for frame in frames if frame is not None]


def test_the_same_pictures_every_time_and_each_one_different_from_the_last() -> None:
    first, second = (frames_of(SyntheticSource(width=W, height=H), 40) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.gray, other.gray)
    for earlier, later in itertools.pairwise(first):
        assert float(np.mean(earlier.gray != later.gray)) > 0.1


def test_stamps_follow_the_frame_rate_exactly_without_drift() -> None:
    source = SyntheticSource(width=W, height=H, fps=30.0, start_ns=500)
    frames = frames_of(source, 301)
    assert frames[1].t_ns == 500 + 33_333_333
    assert frames[300].t_ns == 500 + 10 * S


def test_the_drawn_eyes_blink_on_time() -> None:
    source = SyntheticSource(width=W, height=H, fps=10.0)
    eye = (slice(H // 2 - 15, H // 2 - 6), slice(W // 2 - 18, W // 2 - 9))
    dark = [int((source.draw(index)[eye] < 100).sum()) for index in range(80)]
    closed = [index for index, pixels in enumerate(dark) if pixels < max(dark) / 2]
    period = round(BLINK_PERIOD_S * 10)
    assert closed == [period - 2, period - 1, 2 * period - 2, 2 * period - 1]


def test_real_time_waits_until_a_frame_is_due() -> None:
    clock = ManualClock(7 * S)
    source = SyntheticSource(width=W, height=H, fps=10.0, pace="realtime", clock=clock)
    frames = frames_of(source, 3)
    assert [frame.t_ns for frame in frames] == [7 * S, 7 * S + S // 10, 7 * S + S // 5]
    assert clock.monotonic_ns() == 7 * S + S // 5


def test_close_from_another_thread_ends_a_wait() -> None:
    source = SyntheticSource(width=W, height=H, fps=0.001, pace="realtime")
    frames_of(source, 1)
    seen: list[Frame | None] = []
    reader = threading.Thread(target=lambda: seen.append(source.read(1.0)))
    reader.start()
    source.close()
    reader.join(60.0)
    assert seen == [None]


def outcome(source: SyntheticSource) -> str:
    try:
        frame = source.read(1.0)
    except CameraError as error:
        return type(error).__name__
    return "end" if frame is None else f"frame {frame.sequence}"


@pytest.mark.parametrize("kind", ["wrong_size", "wrong_dtype", "no_picture"])
def test_unreadable_faults_are_format_errors_and_pass(kind: FaultKind) -> None:
    source = SyntheticSource(width=W, height=H, frames=5, faults=(Fault(kind, 1, 3),))
    source.open()
    error = CameraFormatError.__name__
    assert [outcome(source) for _ in range(6)] == ["frame 0", error, error, "frame 3", "frame 4", "end"]


def test_a_stall_takes_its_time_and_then_frames_come_again() -> None:
    clock = ManualClock()
    source = SyntheticSource(
        width=W, height=H, fps=10.0, pace="realtime", frames=40, faults=(Fault("stall", 5, 30),), clock=clock
    )
    source.open()
    outcomes, times = [], []
    for _ in range(9):
        outcomes.append(outcome(source))
        times.append(clock.monotonic_ns() / S)
    lost = CameraLostError.__name__
    assert outcomes == ["frame 0", "frame 1", "frame 2", "frame 3", "frame 4", lost, lost, "frame 30", "frame 31"]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 1.5, 2.5, 3.0, 3.1])


def pictures(kind: FaultKind) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    source = SyntheticSource(width=W, height=H, faults=(Fault(kind, 2, 8),))
    return [frame.gray for frame in frames_of(source, 10)]


def test_a_fault_strikes_its_frames_and_no_others() -> None:
    honest = [frame.gray for frame in frames_of(SyntheticSource(width=W, height=H), 10)]
    kinds: list[FaultKind] = [
        "freeze",
        "cover",
        "black",
        "white",
        "noise",
        "torn",
        "upside_down",
        "mirrored",
        "dead_ir",
    ]
    for kind in kinds:
        spoilt = pictures(kind)
        same = [np.array_equal(a, b) for a, b in zip(honest, spoilt, strict=True)]
        assert same == [True, True, *[False] * 6, True, True], kind


def test_what_each_fault_looks_like() -> None:
    honest = frames_of(SyntheticSource(width=W, height=H), 3)[2].gray
    assert all(np.array_equal(frame, pictures("freeze")[1]) for frame in pictures("freeze")[2:8])
    assert pictures("black")[2].max() == 0
    assert pictures("white")[2].min() == 255
    covered = pictures("cover")
    assert covered[2].max() < 16
    assert not np.array_equal(covered[2], covered[3])
    assert 60 < pictures("noise")[2].std() < 90
    assert np.array_equal(pictures("upside_down")[2][::-1, ::-1], honest)
    assert np.array_equal(pictures("mirrored")[2][:, ::-1], honest)
    assert pictures("dead_ir")[2].max() <= 255 // 20
    torn = pictures("torn")[2]
    assert np.array_equal(torn[: H // 3], honest[: H // 3])
    assert not np.array_equal(torn[-1], honest[-1])
    assert sorted(torn[-1]) == sorted(honest[-1])


def test_every_fault_but_a_stall_is_a_picture() -> None:
    draw = SyntheticSource(width=W, height=H).draw
    for kind in get_args(FaultKind):
        fault = Fault(kind, 0, 9)
        if kind == "stall":
            with pytest.raises(ValueError, match="no picture"):
                spoiled(fault, 4, draw)
        else:
            again = spoiled(fault, 4, draw)
            assert np.array_equal(spoiled(fault, 4, draw), again), kind
