"""Nods and their number in 10 min (`nods10`).

Definition: the head's pitch drops by at least 15 degrees within 1 s, the eyes are closed for at least 0.3 s of it, and
the head is pulled up again (to within 5 degrees) in 3 s. Evidence for fatigue from two on, never alone. [S]

Closed is what PERCLOS counts: deep, and in closures longer than a blink. A look at the instruments lowers the lids, and
people blink when they look there and back. [D]
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S, CountWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Nod as NodRules

WINDOW_NS: Final = 600 * NS_PER_S
RECOVERED_WITHIN_DEG: Final = 5.0
"""So near to where it fell from, the head is up again [D]."""


class NodTracker:
    """The falling head and the nods of 10 min."""

    __slots__ = (
        "_closed_ns",
        "_drop_deg",
        "_drop_ns",
        "_fallen_ns",
        "_from_deg",
        "_highest",
        "_nods",
        "_recover_ns",
        "_shut_before_ns",
        "_start_ns",
    )

    def __init__(self, rules: NodRules) -> None:
        self.configure(rules)
        self._nods = CountWindow(WINDOW_NS)
        # (last moment at this pitch, pitch, shut time so far), pitch falling from left to right: the left end is the
        # highest pitch of the last `drop_s`.
        self._highest: deque[tuple[int, float, int]] = deque()
        self._fallen_ns: int | None = None
        self._start_ns = 0
        self._from_deg = 0.0
        self._shut_before_ns = 0

    def configure(self, rules: NodRules) -> None:
        """Take new thresholds from now on."""
        self._drop_deg = rules.drop_deg
        self._drop_ns = ns(rules.drop_s)
        self._closed_ns = ns(rules.closed_s)
        self._recover_ns = ns(rules.recover_s)

    def reset(self) -> None:
        """Forget everything."""
        self._nods.clear()
        self._highest.clear()
        self._fallen_ns = None

    def advance(self, start_ns: int, end_ns: int, pitch_deg: float | None, shut_ns: int) -> tuple[int, int] | None:
        """Hold the pitch from `start_ns` to `end_ns`; start and end of a nod when one is over.

        `shut_ns` is how long the eyes have been closed since the start of the stream, up to `end_ns`.
        """
        if pitch_deg is None:
            return None
        highest = self._highest
        while highest and highest[0][0] < start_ns - self._drop_ns:
            highest.popleft()
        nod = None
        if self._fallen_ns is not None:
            if pitch_deg >= self._from_deg - RECOVERED_WITHIN_DEG:
                if start_ns - self._fallen_ns <= self._recover_ns and shut_ns - self._shut_before_ns >= self._closed_ns:
                    nod = (self._start_ns, start_ns)
                    self._nods.add(start_ns)
                self._fallen_ns = None
            elif start_ns - self._fallen_ns > self._recover_ns:
                self._fallen_ns = None
        elif highest and highest[0][1] - pitch_deg >= self._drop_deg:
            self._start_ns, self._from_deg, self._shut_before_ns = highest[0]
            self._fallen_ns = start_ns
            highest.clear()
        while highest and highest[-1][1] <= pitch_deg:
            highest.pop()
        highest.append((end_ns, pitch_deg, shut_ns))
        return nod

    def nods10(self, now_ns: int) -> int:
        """Nods that ended in the last 10 min."""
        return self._nods.count(now_ns)
