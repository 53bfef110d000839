"""How the lids move in one blink: amplitude, duration, opening velocity.

The same quantities as in the UTA-RLDD blink sequences [S Ghoddoosian et al. 2019, and the authors' code], of openness
instead of the eye aspect ratio and in seconds instead of frames; both units cancel when a blink is normalised.

- Where the lids come from: the highest openness of the 0.3 s before they fell below 0.8 of it.
- amplitude = ((before - lowest) + (after - lowest)) / 2, openness;
- duration: time below 0.8 of where they came from, s; when they do not rise so far, up to their highest point;
- velocity = (after - lowest) / (time from the last moment at the bottom until they are up + 1/15 s), openness a second;
  the bottom is up to 0.2 of where they came from, and the set counts two more frames, of 30 a second, than lie between.
- after: the highest openness of the 0.3 s in which the lids, once open, may come to rest.

Openness is held between samples, so a sample split in two changes nothing and a lower frame rate only adds noise. A
movement with unseen time in it is not measured, nor one whose beginning was not seen. [D]
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.indicators.window import NS_PER_S, ns

if TYPE_CHECKING:
    from edge.config.rules import Closure as ClosureRules
    from edge.config.rules import Openness as OpennessRules

BEFORE_NS: Final = 3 * NS_PER_S // 10
SETTLE_NS: Final = 3 * NS_PER_S // 10
MOVING_BELOW: Final = 0.8
"""Share of where the lids came from; openness of open eyes varies by less [D: measured on films]."""
BOTTOM_BELOW: Final = 0.2
TWO_FRAMES_S: Final = 2 / 30


class LidMovement(NamedTuple):
    """One blink, of any length."""

    reopened_ns: int
    """When the eyes were open again."""
    amplitude: float
    duration_s: float
    velocity_per_s: float


class LidTracker:
    """Follows openness and tells each movement once the lids have come to rest."""

    __slots__ = (
        "_after",
        "_after_ns",
        "_before",
        "_bottom_end_ns",
        "_closed_below",
        "_closed_from_ns",
        "_closed_until_ns",
        "_lowest",
        "_min_ns",
        "_recent",
        "_reopened_above",
        "_start_ns",
        "_up_ns",
    )

    def __init__(self, openness: OpennessRules, closure: ClosureRules) -> None:
        self.configure(openness, closure)
        self._recent: deque[tuple[int, int, float]] = deque()
        """Start, end and value of what was seen in the last 0.3 s."""
        self._begin()

    def configure(self, openness: OpennessRules, closure: ClosureRules) -> None:
        """Take new thresholds from now on."""
        self._closed_below = openness.closed_below
        self._reopened_above = openness.reopened_above
        self._min_ns = ns(closure.blink_min_s)

    def _begin(self) -> None:
        self._start_ns: int | None = None
        """When the running movement began; None while the lids rest."""
        self._closed_from_ns = 0
        self._closed_until_ns = 0
        self._bottom_end_ns = 0
        self._up_ns: int | None = None
        self._after_ns = 0
        self._before = 0.0
        self._lowest = 0.0
        self._after = 0.0
        """The highest openness since the eyes are open again; 0 while they are not."""

    def reset(self) -> None:
        """Forget everything."""
        self._recent.clear()
        self._begin()

    def advance(self, start_ns: int, end_ns: int, openness: float | None) -> LidMovement | None:
        """Hold `openness` from `start_ns` to `end_ns`; return the movement that came to rest by then."""
        found = None
        if openness is None:
            if self._after > 0.0 and self._up_ns is not None:
                found = self._movement()
            self.reset()
            return found
        if self._after > 0.0 and openness <= self._reopened_above:
            found = self._movement()
            self._begin()
        if self._start_ns is None and openness < self._closed_below:
            self._fall(start_ns, openness)
        if self._start_ns is not None:
            self._follow(start_ns, end_ns, openness)
            if self._after > 0.0 and end_ns - self._closed_until_ns >= SETTLE_NS:
                found = self._movement()
                self._begin()
        self._remember(start_ns, end_ns, openness)
        return found

    def _fall(self, now_ns: int, openness: float) -> None:
        self._before = max((value for _, _, value in self._recent), default=openness)
        self._start_ns = self._closed_from_ns = now_ns
        for start_ns, _, value in reversed(self._recent):
            if value >= MOVING_BELOW * self._before:
                break
            self._start_ns = start_ns
        self._lowest = openness

    def _follow(self, start_ns: int, end_ns: int, openness: float) -> None:
        self._lowest = min(self._lowest, openness)
        if openness <= max(self._lowest, BOTTOM_BELOW * self._before):
            self._bottom_end_ns = end_ns
        if openness <= self._reopened_above:
            self._closed_until_ns = end_ns
            return
        if self._up_ns is None and openness >= MOVING_BELOW * self._before:
            self._up_ns = start_ns
        if openness > self._after:
            self._after = openness
            self._after_ns = start_ns

    def _remember(self, start_ns: int, end_ns: int, openness: float) -> None:
        recent = self._recent
        recent.append((start_ns, end_ns, openness))
        horizon = end_ns - BEFORE_NS
        while recent[0][1] <= horizon:
            recent.popleft()

    def _movement(self) -> LidMovement | None:
        start_ns = self._start_ns
        too_short = self._closed_until_ns - self._closed_from_ns < self._min_ns
        if start_ns is None or too_short or self._before <= self._reopened_above:
            return None
        end_ns = self._after_ns if self._up_ns is None else self._up_ns
        opening_s = max(end_ns - self._bottom_end_ns, 0) / NS_PER_S
        rise = self._after - self._lowest
        return LidMovement(
            reopened_ns=self._closed_until_ns,
            amplitude=(self._before + self._after) / 2 - self._lowest,
            duration_s=(end_ns - start_ns) / NS_PER_S,
            velocity_per_s=rise / (opening_s + TWO_FRAMES_S),
        )
