"""Waits until the driver has looked at one place for a moment, and takes what was measured meanwhile."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.aim.measures import Measures

HOLD_NS: Final = 1_500_000_000
"""So long the head must rest: longer than a passing glance, short enough for a driver who is asked to [D]."""
STEADY_DEG: Final = 6.0
"""A resting head stays within so much, the measure's own noise included [D]."""
AWAY_DEG: Final = 4.0
"""A look that is to be somewhere else than ahead begins so far from it [D]."""
GAP_NS: Final = 300_000_000
"""A face that is lost for longer, as by a blink of the tracker, ends the rest [D]."""
FEWEST: Final = 5
"""Frames that make a look [D: 5 a second are the least a camera may give]."""
GIVE_UP_NS: Final = 12_000_000_000
"""Then it is asked anew [D]."""


class SteadyLook:
    """One look; begins with its first frame."""

    def __init__(self, away_from: tuple[float, float] | None = None) -> None:
        """`away_from`: yaw and pitch in degrees that do not count, as ahead when a mirror is asked for."""
        self._away_from = away_from
        self._held: deque[tuple[int, Measures]] = deque()
        self._begun_ns: int | None = None
        self._seen_ns: int | None = None
        self._now_ns = 0

    def add(self, t_ns: int, measures: Measures | None) -> None:
        """Take one frame; None without a face."""
        self._begun_ns = t_ns if self._begun_ns is None else self._begun_ns
        self._now_ns = t_ns
        if measures is None or measures.yaw_deg is None or measures.pitch_deg is None:
            if self._held and t_ns - self._held[-1][0] > GAP_NS:
                self._held.clear()
            return
        self._seen_ns = t_ns
        if self._away_from is not None:
            yaw, pitch = self._away_from
            if math.hypot(measures.yaw_deg - yaw, measures.pitch_deg - pitch) < AWAY_DEG:
                self._held.clear()
                return
        self._held.append((t_ns, measures))
        while self._spread() > STEADY_DEG:
            self._held.popleft()

    @property
    def progress(self) -> float:
        """How much of the rest is done, 0 to 1."""
        if not self._held:
            return 0.0
        held_ns = self._held[-1][0] - self._held[0][0]
        return min(held_ns / HOLD_NS, len(self._held) / FEWEST, 1.0)

    @property
    def held(self) -> list[Measures] | None:
        """What was measured, once the look is done."""
        return [measures for _, measures in self._held] if self.progress >= 1.0 else None

    @property
    def failed(self) -> str | None:
        """Why nothing came of it, once it has taken too long."""
        if self._begun_ns is None or self._now_ns - self._begun_ns < GIVE_UP_NS or self.progress >= 1.0:
            return None
        if self._seen_ns is None or self._now_ns - self._seen_ns > GAP_NS:
            return "The face was not seen long enough."
        if self._away_from is not None and not self._held:
            return "The head hardly moved. Ask the driver to turn it as he does when driving."
        return "The head did not rest for a moment."

    def _spread(self) -> float:
        yaws = [measures.yaw_deg or 0.0 for _, measures in self._held]
        pitches = [measures.pitch_deg or 0.0 for _, measures in self._held]
        return max(max(yaws) - min(yaws), max(pitches) - min(pitches))
