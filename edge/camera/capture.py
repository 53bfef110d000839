"""The capture thread: frames from a source into the slot, and what happens when there are none."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.camera.base import (
    CameraError,
    CameraFormatError,
    CameraHungError,
    CameraLostError,
    CameraSource,
    Frame,
)
from edge.camera.frame_time import FrameTime
from edge.camera.retry import FIRST_S, BackOff
from edge.runtime.clock import NS_PER_S, Clock, SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge.runtime.slot import LatestSlot
    from edge.types import CameraState

logger = logging.getLogger(__name__)

BEAT_S: Final = 0.5
"""While it waits for a camera to come back, the thread shows that it is alive so often [D]."""
EARLY_RATIO: Final = 0.1
"""A frame that comes so much of a period before it is due is taken: stamps jitter [D]."""
UNREADABLE_S: Final = 3.0
UNREADABLE_LONGEST_S: Final = 60.0
"""Unreadable pictures for so long: the camera is opened again. Twice as long each time that this was no help, since
pictures that come right by themselves are back at once only while somebody reads them [D]."""


class UnreadableError(CameraLostError):
    """It delivers, but no picture that can be read: opened again in the hope of another mode."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the capture thread knows about the camera: `ok`, or `stalled` and in words why and what to do."""

    state: CameraState
    since_ns: int
    detail: str | None = None


class Capture:
    """Opens the source, moves its frames into the slot, and opens it anew when it is lost.

    The attributes are written by the thread in `run` and may be read by any other.
    """

    def __init__(
        self,
        source: CameraSource,
        slot: LatestSlot[Frame],
        *,
        stall_s: float,
        reopen: bool = True,
        clock: Clock | None = None,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        """`stall_s` without a frame is a lost camera; `reopen=False` (files) raises instead of trying again.

        `on_frame` is told every frame before it goes into the slot, and must not wait.
        """
        self.condition = Condition("ok", 0)
        self.resting = False
        """Set by whoever decides that nobody is to be observed: pictures are thrown away where they come in."""
        self.frames = 0
        """Good frames so far."""
        self.unreadable = 0
        """Pictures that were no frames (wrong size or type, broken)."""
        self.openings = 0
        """Successful openings; more than one means that the camera was lost in between."""
        self.astray = False
        """The camera's stamps are replaced again and again: frames are dated by their arrival."""
        self._source = source
        self._slot = slot
        self._time = FrameTime()
        self._stall_s = stall_s
        self._reopen = reopen
        self._on_frame = on_frame
        self._clock = clock or SystemClock()
        self._back_off = BackOff()
        self._last_good_ns = 0
        self._unreadable_s = UNREADABLE_S
        self._max_fps: float | None = None
        self._due_ns: int | None = None

    def limit(self, max_fps: float | None) -> None:
        """Hand on so many frames a second at most, evenly spread; 0 none, None all. From any thread."""
        self._max_fps = max_fps

    def rest(self, resting: bool) -> None:
        """Throw pictures away where they come in, or hand them on again.

        The source stays open: sensors survive only some openings, and the first picture afterwards comes at once. An
        infrared light that follows the frames goes off.
        """
        if resting != self.resting:
            logger.info("the camera %s", "rests: nobody is to be observed" if resting else "looks again")
            self.resting = resting

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Deliver until `stop` is set or a finite source ends; then the slot is closed.

        `beat` is called after every frame, every failure and every half second of waiting, so that a watchdog sees
        the difference between a missing camera and a hanging thread. Opening a sensor may take up to ten seconds.

        Raises what trying again cannot mend: `CameraFormatError` at the first opening (a mistake in the
        configuration), `CameraHungError` (only a new process helps), and with `reopen=False` every `CameraError` but
        one unreadable picture.
        """
        try:
            while not stop.is_set():
                try:
                    self._source.open()
                    self.openings += 1
                    self._last_good_ns = self._clock.monotonic_ns()
                    if self._deliver(stop, beat):
                        break
                except CameraError as error:
                    self._source.close()
                    self._raise_if_final(error)
                    self._wait(error, stop, beat)
        finally:
            self._source.close()
        self._slot.close()

    def _deliver(self, stop: threading.Event, beat: Callable[[], None]) -> bool:
        """Move frames until the end (True), a stop (False) or a `CameraError`."""
        while not stop.is_set():
            try:
                frame = self._source.read(self._stall_s)
            except CameraFormatError as error:
                self._pass_over(error)
                beat()
                continue
            if frame is None:
                return True
            arrived_ns = self._clock.monotonic_ns()
            if self._source.live:
                frame = self._timed(frame, arrived_ns)
            if not self.resting and self._is_due(frame.t_ns):
                if self._on_frame is not None:
                    self._on_frame(frame)
                self._slot.put(replace(frame, arrived_ns=arrived_ns))
            self._note_good()
            beat()
        return False

    def _timed(self, frame: Frame, arrived_ns: int) -> Frame:
        """Give a frame the time that it can have; a camera that makes this necessary again and again is told of."""
        t_ns = self._time.of(frame.t_ns, arrived_ns)
        if self._time.astray(arrived_ns) != self.astray:
            self.astray = not self.astray
            if self.astray:
                logger.warning("the camera's stamps stand, jump or run back: frames are dated by their arrival")
        return frame if t_ns == frame.t_ns else replace(frame, t_ns=t_ns)

    def _is_due(self, t_ns: int) -> bool:
        """Tell whether this frame is one of those that are handed on."""
        max_fps = self._max_fps
        if max_fps is None:
            self._due_ns = None
            return True
        if max_fps == 0:
            return False
        period_ns = round(NS_PER_S / max_fps)
        due_ns = self._due_ns
        # A schedule instead of a spacing: at 20 frames a second every second one would make 10, not 15.
        if due_ns is None or not -period_ns <= t_ns - due_ns <= period_ns:
            self._due_ns = t_ns + period_ns
            return True
        if t_ns < due_ns - EARLY_RATIO * period_ns:
            return False
        self._due_ns = due_ns + period_ns
        return True

    def _note_good(self) -> None:
        now_ns = self._last_good_ns = self._clock.monotonic_ns()
        self.frames += 1
        self._back_off.delivered(now_ns)
        self._unreadable_s = UNREADABLE_S
        if self.condition.state != "ok":
            logger.info("the camera delivers again")
            self.condition = Condition("ok", now_ns)

    def _pass_over(self, error: CameraFormatError) -> None:
        self.unreadable += 1
        silent_s = (self._clock.monotonic_ns() - self._last_good_ns) / NS_PER_S
        if silent_s >= self._stall_s:
            self._note_bad(error)
        if self._reopen and silent_s >= self._unreadable_s:
            self._unreadable_s = min(2 * self._unreadable_s, UNREADABLE_LONGEST_S)
            raise UnreadableError(error.what, error.remedy) from error

    def _note_bad(self, error: CameraError) -> None:
        if self.condition.state == "ok" or self.condition.detail != str(error):
            logger.warning("camera: %s", error)
            self.condition = Condition("stalled", self._clock.monotonic_ns(), str(error))

    def _raise_if_final(self, error: CameraError) -> None:
        hopeless = isinstance(error, CameraFormatError) and self.frames == 0
        if hopeless or isinstance(error, CameraHungError) or not self._reopen:
            raise error

    def _wait(self, error: CameraError, stop: threading.Event, beat: Callable[[], None]) -> None:
        self._note_bad(error)
        # What delivers pictures is there: how seldom it is opened again is told by how long they were read.
        wait_s = FIRST_S if isinstance(error, UnreadableError) else self._back_off.failed()
        logger.info("the camera is opened again in %g s", wait_s)
        until_ns = self._clock.monotonic_ns() + round(wait_s * NS_PER_S)
        beat()
        while (left_ns := until_ns - self._clock.monotonic_ns()) > 0:
            if self._clock.wait(stop, min(BEAT_S, left_ns / NS_PER_S)):
                return
            beat()
