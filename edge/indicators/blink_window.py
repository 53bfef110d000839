"""The last 30 blinks against the driver's own alert ones: heaviness of the lids, and the three states of vigilance.

Each blink is (frequency, amplitude, duration, velocity), the last three as in `lids.py`. Frequency is blinks a minute
of the time the eyes were seen, over at most the last 10 min of it: in the set it counts from the start of a film of
about 10 min [S]. All four are normalised by mean and deviation of the driver's alert blinks (`alert_blinks.py`).

Values exist from 30 blinks on that came within 10 min, at 15 frames a second and more. [D on S]
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.indicators.lids import LidTracker
from edge.indicators.vigilance import (
    WINDOW_BLINKS,
    Blink,
    normalised,
    vigilance_probabilities,
    window_statistics,
)
from edge.indicators.window import NS_PER_S

if TYPE_CHECKING:
    from edge.config.rules import Closure as ClosureRules
    from edge.config.rules import Openness as OpennessRules
    from edge.types import AlertBlinks

SPAN_NS: Final = 600 * NS_PER_S
NS_PER_MIN: Final = 60 * NS_PER_S


class BlinkWindow:
    """Measures every blink and judges the last 30."""

    __slots__ = ("_blinks", "_ends", "_judged", "_lids", "_seen_ns", "heaviness", "probabilities")

    def __init__(self, openness: OpennessRules, closure: ClosureRules) -> None:
        self._lids = LidTracker(openness, closure)
        self._blinks: deque[tuple[int, Blink]] = deque(maxlen=WINDOW_BLINKS)
        """When it was over, and what it was like."""
        self._ends: deque[int] = deque()
        """Seen time at the end of each blink."""
        self._forget()

    def _forget(self) -> None:
        self._seen_ns = 0
        self._judged: tuple[int, AlertBlinks] | None = None
        self.heaviness: float | None = None
        """Of the window; about 0 when alert."""
        self.probabilities: tuple[float, float, float] | None = None
        """Alert, low vigilant, drowsy."""

    def configure(self, openness: OpennessRules, closure: ClosureRules) -> None:
        """Take new thresholds from now on."""
        self._lids.configure(openness, closure)

    def reset(self) -> None:
        """Forget everything."""
        self._lids.reset()
        self._blinks.clear()
        self._ends.clear()
        self._forget()

    @property
    def known_share(self) -> float:
        """How much of a window is known, 0 to 1."""
        return len(self._blinks) / WINDOW_BLINKS

    def advance(self, start_ns: int, end_ns: int, openness: float | None, *, fast_enough: bool) -> Blink | None:
        """Hold `openness`; return the blink that is over, not normalised. `fast_enough` is the frame-rate gate."""
        if openness is not None and fast_enough:
            self._seen_ns += end_ns - start_ns
        movement = self._lids.advance(start_ns, end_ns, openness)
        if movement is None or not fast_enough:
            return None
        seen_ns = self._seen_ns - (end_ns - movement.reopened_ns)
        ends = self._ends
        ends.append(seen_ns)
        while ends[0] <= seen_ns - SPAN_NS:
            ends.popleft()
        per_minute = len(ends) * NS_PER_MIN / max(min(seen_ns, SPAN_NS), 1)
        blink = (per_minute, movement.amplitude, movement.duration_s, movement.velocity_per_s)
        self._blinks.append((movement.reopened_ns, blink))
        return blink

    def judge(self, now_ns: int, alert: AlertBlinks | None) -> None:
        """Work out heaviness and probabilities, if a blink has come since; `alert` is None before it is learnt."""
        blinks = self._blinks
        if alert is None or len(blinks) < WINDOW_BLINKS or now_ns - blinks[0][0] > SPAN_NS:
            self._judged = self.heaviness = self.probabilities = None
            return
        if self._judged is not None and self._judged == (blinks[-1][0], alert):
            return
        self._judged = (blinks[-1][0], alert)
        window = [normalised(blink, alert.mean, alert.deviation) for _, blink in blinks]
        statistics = window_statistics(window)
        self.heaviness = None if statistics is None else statistics.heaviness
        self.probabilities = vigilance_probabilities(window)
