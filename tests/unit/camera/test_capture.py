from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.camera.base import (
    CameraBusyError,
    CameraError,
    CameraFormatError,
    CameraHungError,
    CameraLostError,
    CameraUnavailableError,
    Frame,
)
from edge.camera.capture import BEAT_S, Capture
from edge.camera.faults import Fault
from edge.camera.synthetic import SyntheticSource
from edge.runtime.clock import ManualClock
from edge.runtime.slot import LatestSlot

if TYPE_CHECKING:
    from collections.abc import Callable

S = 1_000_000_000
ABSENT = CameraUnavailableError("no camera", "plug it in")
BUSY = CameraBusyError("in use", "close the other program")
LOST = CameraLostError("silent", "check the cable")
BAD = CameraFormatError("uint16 pixels", "choose grey")


class Script:
    """A camera that does what the list says: an error is raised, a number of frames is delivered, None is the end."""

    live = True

    def __init__(
        self, clock: ManualClock, openings: list[CameraError | None], reads: list[CameraError | int | None]
    ) -> None:
        self._clock = clock
        self._openings = openings
        self._reads = reads
        self._sequence = 0
        self.closed = 0
        self.opened_at_s: list[float] = []

    def open(self) -> None:
        self.opened_at_s.append(self._clock.monotonic_ns() / S)
        error = self._openings.pop(0) if self._openings else None
        if error is not None:
            raise error

    def read(self, timeout_s: float) -> Frame | None:
        step = self._reads[0]
        if isinstance(step, int) and step > 1:
            self._reads[0] = step - 1
        else:
            self._reads.pop(0)
        if isinstance(step, CameraLostError):
            self._clock.advance(timeout_s)
            raise step
        if step is None or isinstance(step, CameraError):
            self._clock.advance(0.1)
            if step is None:
                return None
            raise step
        self._clock.advance(0.1)
        self._sequence += 1
        return Frame(np.zeros((48, 64), np.uint8), self._clock.monotonic_ns(), self._sequence)

    def close(self) -> None:
        self.closed += 1


def captured(
    reads: list[CameraError | int | None], openings: list[CameraError | None] | None = None, *, reopen: bool = True
) -> tuple[Capture, Script, LatestSlot[Frame], Callable[[], int]]:
    clock = ManualClock()
    source = Script(clock, openings or [], reads)
    slot = LatestSlot[Frame]()
    beats: list[int] = []
    capture = Capture(source, slot, stall_s=1.0, reopen=reopen, clock=clock)
    try:
        capture.run(threading.Event(), lambda: beats.append(clock.monotonic_ns()))
    finally:
        gaps = [later - earlier for earlier, later in itertools.pairwise([0, *beats])]
        assert all(gap <= max(BEAT_S, 1.0) * S for gap in gaps)
    return capture, source, slot, lambda: len(beats)


def test_a_finite_source_is_delivered_and_the_slot_closed() -> None:
    capture, source, slot, beats = captured([5, None])
    assert capture.frames == 5
    assert beats() == 5
    assert slot.closed
    assert slot.drops == 4
    last = slot.get(0.0)
    assert last is not None
    assert last.sequence == 5
    assert slot.exhausted
    assert source.closed >= 1


def test_a_camera_that_appears_late_is_waited_for_with_growing_pauses() -> None:
    capture, source, _, _ = captured([1, None], [ABSENT, BUSY, ABSENT, LOST, ABSENT, ABSENT, ABSENT, None])
    assert source.opened_at_s == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0]
    assert capture.openings == 1
    assert capture.condition.state == "ok"


def test_a_lost_camera_is_closed_told_and_opened_again() -> None:
    seen: list[tuple[str, str | None]] = []

    class Watched(Capture):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "condition":
                seen.append((value.state, value.detail))  # type: ignore[attr-defined]
            super().__setattr__(name, value)

    clock = ManualClock()
    source = Script(clock, [], [10, LOST, 2, None])
    capture = Watched(source, LatestSlot[Frame](), stall_s=1.0, clock=clock)
    capture.run(threading.Event(), lambda: None)
    assert seen == [("ok", None), ("stalled", "silent; check the cable"), ("ok", None)]
    assert source.opened_at_s == [0.0, 3.0]
    assert source.closed >= 2
    assert capture.openings == 2
    assert capture.frames == 12


def test_steady_frames_make_the_next_pause_short_again() -> None:
    _, source, _, _ = captured([LOST, 50, LOST, 150, LOST, 1, None])
    # Lost after 1 s of silence each; pauses of 1 s, of 2 s after 5 s of frames, of 1 s after 15 s of frames.
    assert source.opened_at_s == pytest.approx([0.0, 2.0, 2.0 + 5.0 + 1.0 + 2.0, 10.0 + 15.0 + 1.0 + 1.0])


def test_a_few_unreadable_pictures_are_passed_over_and_counted() -> None:
    capture, source, _, beats = captured([3, BAD, BAD, 3, None])
    assert capture.unreadable == 2
    assert capture.frames == 6
    assert len(source.opened_at_s) == 1
    assert capture.condition.since_ns == 0
    assert beats() == 8


def test_pictures_unreadable_for_three_seconds_reopen_the_camera() -> None:
    capture, source, _, _ = captured([3, *[BAD] * 30, 3, None])
    assert capture.unreadable == 30
    assert len(source.opened_at_s) == 2
    assert source.opened_at_s[1] == pytest.approx(0.3 + 3.0 + 1.0)
    assert capture.frames == 6


def test_pictures_that_stay_unreadable_are_read_on_so_that_they_are_back_at_once() -> None:
    capture, source, _, beats = captured([3, *[BAD] * 600, 3, None])
    # After 3, 6, 12 and 24 s of them, each after a pause of 1 s, and never closed for longer.
    assert source.opened_at_s == pytest.approx([0.0, 4.3, 11.3, 24.3, 49.3])
    assert capture.frames == 6
    assert beats() > 600


def test_unreadable_pictures_are_told_within_the_stall_time() -> None:
    clock = ManualClock()
    capture = Capture(Script(clock, [], [1, *[BAD] * 12, None]), LatestSlot[Frame](), stall_s=1.0, clock=clock)
    capture.run(threading.Event(), lambda: None)
    assert capture.condition.state == "stalled"
    assert capture.condition.since_ns == pytest.approx(1.1 * S)
    assert "uint16" in str(capture.condition.detail)


def test_a_mistake_in_the_configuration_is_raised_at_once() -> None:
    with pytest.raises(CameraFormatError):
        captured([1], [BAD])


def test_a_wrong_format_after_replugging_is_waited_out() -> None:
    capture, _, _, _ = captured([5, LOST, 5, None], [None, BAD, BAD, None])
    assert capture.frames == 10


def test_a_hanging_driver_is_left_to_a_new_process() -> None:
    with pytest.raises(CameraHungError):
        captured([5, LOST, 5], [None, CameraHungError("hangs", "restart")])


def test_a_file_is_not_tried_again() -> None:
    with pytest.raises(CameraUnavailableError):
        captured([], [ABSENT], reopen=False)
    capture, _, _, _ = captured([1, *[BAD] * 100, 1, None], reopen=False)
    assert capture.frames == 2
    assert capture.unreadable == 100


def test_stop_ends_the_wait_for_a_camera_at_once() -> None:
    stop = threading.Event()
    clock = ManualClock()
    source = Script(clock, [ABSENT] * 50, [])
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 10:
            stop.set()

    slot = LatestSlot[Frame]()
    Capture(source, slot, stall_s=1.0, clock=clock).run(stop, beat)
    assert beats == 10
    assert slot.closed
    assert source.closed >= 1


def test_an_unexpected_exception_leaves_with_the_source_closed() -> None:
    clock = ManualClock()
    source = Script(clock, [], [])
    with pytest.raises(IndexError):
        Capture(source, LatestSlot[Frame](), stall_s=1.0, clock=clock).run(threading.Event(), lambda: None)
    assert source.closed == 1


def test_with_a_generated_stall_the_camera_is_back_within_ten_seconds() -> None:
    clock = ManualClock()
    # The generator starts over when it is opened again, so the stall comes twice.
    source = SyntheticSource(
        width=64, height=48, fps=10.0, pace="realtime", faults=(Fault("stall", 20, 90),), frames=100, clock=clock
    )
    delivered: list[float] = []

    class Recording(LatestSlot[Frame]):
        def put(self, item: Frame) -> None:
            delivered.append(item.t_ns / S)

    stop = threading.Event()

    def beat() -> None:
        if clock.monotonic_ns() > 20 * S:
            stop.set()

    Capture(source, Recording(), stall_s=1.0, clock=clock).run(stop, beat)
    gaps = [later - earlier for earlier, later in itertools.pairwise(delivered)]
    assert max(gaps) > 1.0
    assert max(gaps) < 10.0


def test_while_the_camera_rests_no_picture_goes_on_and_nobody_is_told_of_one() -> None:
    clock = ManualClock()
    seen: list[int] = []
    slot = LatestSlot[Frame]()
    source = Script(clock, [], [10, None])
    capture = Capture(source, slot, stall_s=1.0, clock=clock, on_frame=lambda frame: seen.append(frame.sequence))

    def beat() -> None:
        capture.rest(3 <= capture.frames < 8)

    capture.run(threading.Event(), beat)
    assert seen == [1, 2, 3, 9, 10]
    assert slot.puts == 5
    assert (capture.frames, capture.openings, capture.condition.state) == (10, 1, "ok")


class Paced:
    """A camera of a frame rate, without waiting. Frames come as their stamps say, or after a thirtieth of a second."""

    live = True

    def __init__(self, clock: ManualClock, stamps_ns: list[int]) -> None:
        self._clock = clock
        self._stamps_ns = stamps_ns
        self._last_ns = stamps_ns[0]

    def open(self) -> None:
        pass

    def read(self, timeout_s: float) -> Frame | None:
        if not self._stamps_ns:
            return None
        stamp_ns = self._stamps_ns.pop(0)
        step_ns = stamp_ns - self._last_ns
        self._clock.advance((step_ns if step_ns >= 0 else S // 30) / S)
        self._last_ns = stamp_ns
        return Frame(np.zeros((4, 4), np.uint8), stamp_ns, 0)

    def close(self) -> None:
        pass


def handed_on(stamps_ns: list[int], max_fps: float | None) -> list[int]:
    taken: list[int] = []
    clock = ManualClock()
    capture = Capture(
        Paced(clock, stamps_ns),
        LatestSlot[Frame](),
        stall_s=1.0,
        clock=clock,
        on_frame=lambda frame: taken.append(frame.t_ns),
    )
    capture.limit(max_fps)
    frames = len(stamps_ns)
    capture.run(threading.Event(), lambda: None)
    assert capture.frames == frames, "a frame that is held back is a sign of life all the same"
    return taken


@pytest.mark.parametrize(
    ("camera_fps", "max_fps", "expected"),
    [(30, 15.0, 15), (30, 10.0, 10), (20, 15.0, 15), (25, 10.0, 10), (60, 15.0, 15), (12, 15.0, 12), (30, None, 30)],
)
def test_a_limit_is_kept_at_any_rate_of_the_camera(camera_fps: int, max_fps: float | None, expected: int) -> None:
    jitter = (0, 2_000_000, -2_000_000)
    stamps = [i * S // camera_fps + jitter[i % 3] + 5 * S for i in range(10 * camera_fps)]
    assert len(handed_on(stamps, max_fps)) / 10 == pytest.approx(expected, abs=0.3)


def test_a_limit_of_none_at_all_hands_nothing_on() -> None:
    assert handed_on([i * S // 30 for i in range(90)], 0.0) == []


def test_a_limit_goes_on_after_a_gap() -> None:
    stamps = [0, S // 30, 100 * S, 100 * S + S // 30, 100 * S + S // 10]
    assert handed_on(stamps, 10.0) == [0, 100 * S, 100 * S + S // 10]


def test_stamps_that_step_back_hold_nothing_up_and_become_a_fault_only_again_and_again() -> None:
    forth = [i * S // 30 for i in range(30)]
    once = handed_on([*forth, *forth], None)
    assert once == sorted(once)
    assert once[-1] == pytest.approx(59 * S / 30, abs=100)
    clock = ManualClock()
    capture = Capture(Paced(clock, forth[:2] * 4), LatestSlot[Frame](), stall_s=1.0, clock=clock)
    capture.run(threading.Event(), lambda: None)
    assert capture.astray
