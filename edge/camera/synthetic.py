"""A camera without a camera: the same pictures every time, and every fault on demand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from edge.camera.base import CameraFormatError, CameraLostError, CameraUnavailableError, Frame
from edge.camera.faults import spoiled
from edge.camera.transform import Transform
from edge.runtime.clock import NS_PER_S, Clock, SystemClock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.camera.faults import Fault

BLINK_PERIOD_S: Final = 4.0
"""15 blinks a minute, a usual rate at rest [D]."""
BLINK_S: Final = 0.2
"""An ordinary blink lasts 0.1 to 0.4 s [S]."""


class SyntheticSource:
    """Generates a cartoon face that blinks before a moving gradient: deterministic by frame number.

    Made to exercise the plumbing; the face is a drawing and no network has to find it. Frame n carries the stamp
    `start_ns` + n / fps. With `pace="realtime"` frames come when due, with "fast" at once. `frames` ends the stream
    after so many; None goes on for ever. Faults strike by frame number; a stalled camera raises `CameraLostError`
    for every read until the stall is over.
    """

    def __init__(
        self,
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 30.0,
        pace: Literal["realtime", "fast"] = "fast",
        frames: int | None = None,
        faults: tuple[Fault, ...] = (),
        transform: Transform | None = None,
        start_ns: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.live = pace == "realtime"
        self._size = (width, height)
        self._fps = fps
        self._frames = frames
        self._faults = faults
        self._transform = transform or Transform()
        self._wanted_start_ns = start_ns
        self._clock = clock or SystemClock()
        self._closed = threading.Event()
        self._is_open = False
        self._sequence = 0
        self._opened_at_ns = 0
        self._start_ns = 0

    def open(self) -> None:
        """Begin with frame 0."""
        self._closed.clear()
        self._is_open = True
        self._sequence = 0
        self._opened_at_ns = self._clock.monotonic_ns()
        if self._wanted_start_ns is not None:
            self._start_ns = self._wanted_start_ns
        else:
            self._start_ns = self._opened_at_ns if self.live else 0

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, None after the last; raises as the contract says when a fault strikes."""
        if not self._is_open:
            if self._closed.is_set():
                return None
            raise CameraUnavailableError("the synthetic camera is not open", "call open() first")
        if self._frames is not None and self._sequence >= self._frames:
            return None
        fault = next((fault for fault in self._faults if fault.covers(self._sequence)), None)
        if fault is not None and fault.kind == "stall":
            self._stall(fault, timeout_s)
        sequence = self._sequence
        if self._waits_until(sequence):
            return None
        self._sequence += 1
        picture = self.draw(sequence) if fault is None or fault.kind == "stall" else spoiled(fault, sequence, self.draw)
        gray = self._transform.apply(picture)
        self._check_size(gray)
        return Frame(
            gray=gray, t_ns=self._start_ns + self._offset_ns(sequence), sequence=sequence, exposure_us=8_000.0, gain=1.0
        )

    def close(self) -> None:
        """Stop; a `read` that waits in another thread returns None."""
        self._is_open = False
        self._closed.set()

    def draw(self, sequence: int) -> NDArray[np.uint8]:
        """Return picture `sequence` before any fault: shape (height, width), uint8."""
        width, height = self._size
        ramp = (np.arange(width, dtype=np.int64) + 2 * sequence) % (2 * width)
        shade = np.abs(ramp - width) * 96 // width
        slope = np.arange(height, dtype=np.int64) * 48 // height
        picture = (shade[None, :] + slope[:, None] + 16).astype(np.uint8)
        _draw_face(picture, closed=sequence / self._fps % BLINK_PERIOD_S >= BLINK_PERIOD_S - BLINK_S)
        return picture

    def _offset_ns(self, sequence: int) -> int:
        return round(sequence * NS_PER_S / self._fps)

    def _waits_until(self, sequence: int) -> bool:
        if not self.live:
            return False
        due_ns = self._opened_at_ns + self._offset_ns(sequence)
        return self._clock.wait(self._closed, (due_ns - self._clock.monotonic_ns()) / NS_PER_S)

    def _stall(self, fault: Fault, timeout_s: float) -> None:
        """Let time pass without frames; return when frames come again within the time-out."""
        silent = fault.end - self._sequence
        patience = max(1, round(timeout_s * self._fps))
        if silent < patience:
            self._sequence = fault.end
            return
        self._sequence += patience
        self._waits_until(self._sequence)
        raise CameraLostError(f"no frame for {timeout_s:g} s", "check the cable; the camera is opened again")

    def _check_size(self, gray: NDArray[np.uint8]) -> None:
        width, height = self._size if self._transform.rotation_deg in {0, 180} else self._size[::-1]
        if gray.shape != (height, width):
            raise CameraFormatError(
                f"the camera delivers {gray.shape[1]}x{gray.shape[0]} instead of {width}x{height} pixels",
                "set camera.width and camera.height to what it offers",
            )


def _draw_face(picture: NDArray[np.uint8], *, closed: bool) -> None:
    """Draw a bright head, dark eyes (a line when closed) and a mouth, in the middle, in place."""
    height, width = picture.shape
    unit = min(width, height) / 100.0
    middle_x, middle_y = width / 2, height / 2

    def ellipse(x: float, y: float, half_width: float, half_height: float, grey: int) -> None:
        centre = (round(middle_x + x * unit), round(middle_y + y * unit))
        axes = (max(1, round(half_width * unit)), max(1, round(half_height * unit)))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, grey, cv2.FILLED)

    ellipse(0, 0, 28, 38, 190)
    for side in (-1, 1):
        ellipse(11 * side, -9, 6, 0.8 if closed else 3, 60)
        ellipse(11 * side, -16, 7, 1, 110)
    ellipse(0, 4, 2.5, 7, 160)
    ellipse(0, 19, 10, 2, 90)
