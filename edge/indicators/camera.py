"""The camera's condition (`camera_health`) and its frame rate.

`camera_health`: 1 when frames come and nothing is reported, 0 with a fault. The fault is what the camera reported, or
`stalled` when no frame came for 1 s. [S]
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S

if TYPE_CHECKING:
    from edge.types import CameraState, ObservabilityReason

RATE_SPAN_NS: Final = 2 * NS_PER_S
"""The frame rate is judged over so long [D]."""
JITTER_TOLERANCE: Final = 0.9
"""A nominal 10 frames a second with jitter counts as 10: 10 % tolerance [D]."""
STALL_NS: Final = NS_PER_S
"""No frame for so long is a stalled camera [S]."""
REASON_OF_STATE: Final[dict[CameraState, ObservabilityReason]] = {
    "stalled": "frozen",
    "frozen": "frozen",
    "covered": "covered",
    "garbled": "frozen",
    "moved": "no_face",
    "thermal": "thermal",
    "model_error": "model_error",
}


class FrameRate:
    """Frames a second over the last two seconds."""

    __slots__ = ("_times", "fps")

    def __init__(self) -> None:
        self._times: deque[int] = deque()
        self.fps: float | None = None

    def frame(self, t_ns: int) -> None:
        """One frame was observed."""
        times = self._times
        times.append(t_ns)
        while times[0] < t_ns - RATE_SPAN_NS:
            times.popleft()
        if len(times) > 1:
            self.fps = (len(times) - 1) * NS_PER_S / (t_ns - times[0])

    def reset(self) -> None:
        """Forget everything."""
        self._times.clear()
        self.fps = None

    def at_least(self, min_fps: float) -> bool:
        """Whether the rate is at least this, jitter allowed for; an unknown rate is."""
        return self.fps is None or self.fps >= min_fps * JITTER_TOLERANCE


class CameraWatch:
    """What is wrong with the camera."""

    __slots__ = ("_last_frame_ns", "reported", "silent_ns", "stalled")

    def __init__(self) -> None:
        self._last_frame_ns: int | None = None
        self.reported: CameraState = "ok"
        self.silent_ns = 0
        """How long no frame has come, as last told."""
        self.stalled = False

    def report(self, state: CameraState) -> None:
        """Take the condition that the camera told."""
        self.reported = state

    def frame(self, t_ns: int) -> None:
        """Note a frame."""
        self._last_frame_ns = t_ns
        self.silent_ns = 0
        self.stalled = False

    def no_frame(self, t_ns: int) -> None:
        """Note that none came in time. The first such moment starts the watch when no frame ever came."""
        if self._last_frame_ns is None:
            self._last_frame_ns = t_ns
        self.silent_ns = t_ns - self._last_frame_ns
        self.stalled = self.silent_ns >= STALL_NS

    def wake(self, t_ns: int) -> None:
        """Begin to wait for frames anew, with time for the first one."""
        self._last_frame_ns = t_ns
        self.silent_ns = 0
        self.stalled = False

    @property
    def fault(self) -> CameraState | None:
        """The fault, None when the camera is well."""
        if self.reported != "ok":
            return self.reported
        return "stalled" if self.stalled else None

    @property
    def slowed(self) -> bool:
        """Whether fewer frames are looked at than should be, because the board bears no more."""
        return self.reported == "slowed"

    @property
    def tells_nothing(self) -> bool:
        """Whether the picture is none of now, whatever it seems to show: the same again and again, or garbled."""
        return self.reported in {"frozen", "garbled"}

    @property
    def blinding(self) -> bool:
        """Whether the fault keeps the driver from being seen, so that an empty picture says nothing about him."""
        return self.fault in REASON_OF_STATE

    @property
    def reason(self) -> ObservabilityReason:
        """The fault as a reason of not observing; `frozen` when nothing more is known."""
        return REASON_OF_STATE.get(self.fault or "stalled", "frozen")
