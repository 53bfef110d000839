"""Whether somebody is there and can be observed: `driver_absent`, `observability`, the event `face_absent`.

- `driver_absent`: continuous time without any face, seconds, while frames come and the camera is well. A face of less
  than 0.3 s does not end it. [D]
- `observability`: share of the last 10 s with a valid face and usable eyes; OK from 0.8, DEGRADED from 0.5, else BLIND;
  the reason is the one that took most of the lost time. It begins anew where a fault that blinds the camera begins or
  ends: BLIND at once, and back at once. [S Euro NCAP; D]
- `face_absent`: frames without a face for at least 0.5 s. [D]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from edge.indicators.window import NS_PER_S, TimeWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Presence as PresenceRules
    from edge.types import ObservabilityReason

State = Literal["ok", "degraded", "blind"]
EVENT_NS: Final = NS_PER_S // 2
"""No face for so long is an event [D]."""
FLICKER_NS: Final = 3 * NS_PER_S // 10
"""A face for less, amid its absence, is a mistake of the detector [D]."""
RETURN_NS: Final = NS_PER_S
"""A face for so long is a driver who came back [D]."""
SETTLE_NS: Final = NS_PER_S
"""Before so much has been seen the last frame alone tells whether the driver is observable [D]."""


class PresenceTracker:
    """Windows over faces and eyes."""

    __slots__ = (
        "_absent_since_ns",
        "_degraded_ratio",
        "_elapsed",
        "_lost",
        "_ok_ratio",
        "_present_ns",
        "_usable",
        "_usable_now",
        "absent_ns",
        "elapsed_ns",
        "present_since_ns",
        "ratio",
        "reason",
        "state",
        "usable_ns",
    )

    def __init__(self, rules: PresenceRules) -> None:
        span_ns = ns(rules.window_s)
        self._usable = TimeWindow(span_ns)
        self._elapsed = TimeWindow(span_ns)
        self._lost: dict[ObservabilityReason, TimeWindow] = {}
        self.configure(rules)
        self.reset()

    def configure(self, rules: PresenceRules) -> None:
        """Take new thresholds from now on."""
        self._ok_ratio = rules.ok_ratio
        self._degraded_ratio = rules.degraded_ratio
        span_ns = ns(rules.window_s)
        for window in (self._usable, self._elapsed, *self._lost.values()):
            window.span_ns = span_ns

    def forget_observability(self) -> None:
        """Begin the share anew: before a fault of the camera began, or ended, it tells nothing of how it is now."""
        self._usable.clear()
        self._elapsed.clear()
        self._lost.clear()
        self.usable_ns = 0
        """Usable time of the window as it was last judged."""
        self.elapsed_ns = 0
        """... out of so much."""

    def reset(self) -> None:
        """Forget everything."""
        self.forget_observability()
        self._absent_since_ns: int | None = None
        self._present_ns = 0
        self._usable_now = False
        self.absent_ns = 0
        self.present_since_ns: int | None = None
        self.ratio = 0.0
        self.state: State = "blind"
        self.reason: ObservabilityReason = "no_face"

    @property
    def settling(self) -> bool:
        """Whether so little has been seen that the next moment may change the judgement."""
        return self.elapsed_ns < SETTLE_NS

    @property
    def returned(self) -> bool:
        """Whether a face has been there long enough to say that the driver is back."""
        return self._present_ns >= RETURN_NS

    def advance_face(self, start_ns: int, end_ns: int, *, face: bool | None, healthy: bool) -> tuple[int, int] | None:
        """Hold a frame with or without a face (None: no frame came); start and end of an absence that is over.

        `healthy` is False when an empty picture says nothing about the driver.
        """
        duration_ns = end_ns - start_ns
        if face is None:
            return self.flush(start_ns)
        if face:
            if self.present_since_ns is None:
                self.present_since_ns = start_ns
            self._present_ns += duration_ns
            if self._present_ns >= FLICKER_NS:
                self.absent_ns = 0
            return self.flush(start_ns)
        self.present_since_ns = None
        self._present_ns = 0
        if healthy:
            self.absent_ns += duration_ns
        if self._absent_since_ns is None:
            self._absent_since_ns = start_ns
        return None

    def flush(self, t_ns: int) -> tuple[int, int] | None:
        """End the running absence at `t_ns`; start and end if it was long enough for an event."""
        since_ns, self._absent_since_ns = self._absent_since_ns, None
        return None if since_ns is None or t_ns - since_ns < EVENT_NS else (since_ns, t_ns)

    def advance_observability(self, start_ns: int, end_ns: int, lost_for: ObservabilityReason | None) -> None:
        """Hold a moment in which the eyes were usable (`lost_for` None) or not."""
        self._usable_now = lost_for is None
        self._elapsed.add(start_ns, end_ns)
        if lost_for is None:
            self._usable.add(start_ns, end_ns)
        else:
            window = self._lost.get(lost_for)
            if window is None:
                window = self._lost[lost_for] = TimeWindow(self._elapsed.span_ns)
            window.add(start_ns, end_ns)
            window.sum_ns(end_ns)

    def judge(self, end_ns: int, *, slow: bool) -> None:
        """Judge the last 10 s. `slow` when frames come too seldom for PERCLOS: observable, but degraded."""
        self.elapsed_ns = elapsed_ns = self._elapsed.sum_ns(end_ns)
        self.usable_ns = usable_ns = self._usable.sum_ns(end_ns)
        if elapsed_ns < SETTLE_NS:
            self.ratio = 1.0 if self._usable_now else 0.0
        else:
            self.ratio = usable_ns / elapsed_ns
        if self.ratio >= self._ok_ratio:
            self.state = "degraded" if slow else "ok"
            self.reason = "low_fps" if slow else "ok"
            return
        self.state = "degraded" if self.ratio >= self._degraded_ratio else "blind"
        longest_ns = -1
        for reason, window in self._lost.items():
            lost_ns = window.sum_ns(end_ns)
            if lost_ns > longest_ns:
                longest_ns, self.reason = lost_ns, reason
