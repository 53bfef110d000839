"""The pipeline thread's loop: frames, silence and camera faults, each with its stamp, into the pipeline."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.latency import LatencyWindow
from edge.types import CameraHealth

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.base import Frame
    from edge.camera.capture import Condition
    from edge.pipeline import Pipeline
    from edge.runtime.clock import Clock
    from edge.runtime.slot import LatestSlot
    from edge.runtime.worker import Worker
    from edge.types import BaselineChange, Button, SettingsChange

NS_PER_S: Final = 1_000_000_000
REPEAT_NS: Final = NS_PER_S
"""A fault is told again every second while it lasts: the contract of `CameraHealth`."""
SILENCE_S: Final = 0.25
"""Without a frame for so long the driver is unseen: two and a half periods of the slowest useful rate, 10 fps [D]."""


class PipelineLoop:
    """Moves frames from the slot into the pipeline until the slot is closed and empty, or the worker is stopped."""

    def __init__(
        self,
        pipeline: Pipeline,
        slot: LatestSlot[Frame],
        condition: Callable[[], Condition | None],
        clock: Clock,
        *,
        live: bool,
        rest: Callable[[bool], None] | None = None,
    ) -> None:
        """`condition` tells what ails the camera besides its pictures, None where that must not speak over them.

        `rest` is told whether the camera may rest, because nobody is to be observed.
        """
        self._pipeline = pipeline
        self._slot = slot
        self._condition = condition
        self._clock = clock
        self._live = live
        self._rest = rest
        self.decided = LatencyWindow()
        """From the arrival of a frame until what follows from it has been handed to the cab."""
        self.reference_ns: int | None = None
        """When what is being decided on came about: the arrival of the frame, or the moment of the silence."""
        self._frame_ns: int | None = None
        self._taken_ns = 0
        self._fault: Condition | None = None
        self._fault_told_ns = 0
        self._inbox: queue.SimpleQueue[Button | SettingsChange | BaselineChange] = queue.SimpleQueue()

    def put(self, member: Button | SettingsChange | BaselineChange) -> None:
        """Take a member from another thread: it gets the pipeline's time and its place in the stream there."""
        self._inbox.put(member)

    def run(self, worker: Worker) -> None:
        """Loop, then close what is open: the target of the pipeline thread."""
        while not worker.stopping:
            frame = self._slot.get(SILENCE_S)
            if frame is not None:
                self._frame_ns, self._taken_ns = frame.t_ns, self._clock.monotonic_ns()
                # A file that is played fast waits in the slot for the pipeline: that is no latency.
                arrived_ns = frame.arrived_ns if self._live else None
                self.reference_ns = self._taken_ns if arrived_ns is None else arrived_ns
                self._tell_condition(frame.t_ns)
                self._pipeline.on_frame(frame)
                self.decided.note(self._clock.monotonic_ns() - self.reference_ns)
            elif self._slot.exhausted:
                break
            elif self._live:
                self.reference_ns = self._clock.monotonic_ns()
                now_ns = self._by_camera(self.reference_ns)
                self._tell_condition(now_ns)
                self._pipeline.on_silence(now_ns)
            self._feed_inbox()
            # A file is no camera, and read on by whoever plays it.
            if self._rest is not None and self._live:
                self._rest(self._pipeline.private)
            worker.beat()
        self._pipeline.close("shutdown")

    def _feed_inbox(self) -> None:
        while not self._inbox.empty():
            member = self._inbox.get_nowait()
            # Files played fast have a time line of their own, where the last frame is now.
            now_ns = (
                self._by_camera(self._clock.monotonic_ns()) if self._live or self._frame_ns is None else self._frame_ns
            )
            self._pipeline.feed(msgspec.structs.replace(member, t_ns=now_ns))

    def _by_camera(self, now_ns: int) -> int:
        """Return now on the camera's time line: a tick must not overtake frames that are still on their way."""
        return now_ns if self._frame_ns is None else self._frame_ns + (now_ns - self._taken_ns)

    def _tell_condition(self, t_ns: int) -> None:
        condition = self._condition()
        if condition is None:
            return
        if condition.state == "ok":
            if self._fault is not None:
                self._fault = None
                self._pipeline.feed(CameraHealth(t_ns=t_ns))
            return
        if self._fault is None or t_ns - self._fault_told_ns >= REPEAT_NS:
            self._fault, self._fault_told_ns = condition, t_ns
            self._pipeline.feed(CameraHealth(t_ns=t_ns, state=condition.state, detail=condition.detail))
