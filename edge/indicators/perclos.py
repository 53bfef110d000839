"""PERCLOS P80 over 60 and 180 s (`perclos60`, `perclos180`).

Definition: time with the eyes deep closed (openness below 0.2) inside closures of at least 0.25 s, counted back to
their start, divided by the time in which the eyes were seen. Ratio, 0 to 1. Dropping closures below 0.25 s keeps 30
normal blinks a minute from reading as drowsiness. None below half a window of valid time and below 10 frames a second.
While the eyes are unseen the last value stands: a lost face makes it neither higher nor lower. [S Wierwille, DDWS]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S, TimeWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Perclos as PerclosRules
    from edge.indicators.closure import ClosureTracker

SHORT_NS: Final = 60 * NS_PER_S
LONG_NS: Final = 180 * NS_PER_S


class PerclosTracker:
    """Both windows."""

    __slots__ = (
        "_deep_long",
        "_deep_short",
        "_min_closure_ns",
        "_pending",
        "_valid_long",
        "_valid_short",
        "counted_ns",
        "perclos60",
        "perclos180",
    )

    def __init__(self, rules: PerclosRules) -> None:
        self.configure(rules)
        self._valid_short = TimeWindow(SHORT_NS)
        self._valid_long = TimeWindow(LONG_NS)
        self._deep_short = TimeWindow(SHORT_NS)
        self._deep_long = TimeWindow(LONG_NS)
        self._pending: list[tuple[int, int]] = []
        self.counted_ns = 0
        """Deep time counted since the start of the stream, for differences."""
        self.perclos60: float | None = None
        self.perclos180: float | None = None

    def configure(self, rules: PerclosRules) -> None:
        """Take new thresholds from now on."""
        self._min_closure_ns = ns(rules.min_closure_s)

    def reset(self) -> None:
        """Forget everything."""
        for window in (self._valid_short, self._valid_long, self._deep_short, self._deep_long):
            window.clear()
        self._pending.clear()
        self.perclos60 = self.perclos180 = None

    def advance(self, start_ns: int, end_ns: int, closure: ClosureTracker, *, valid: bool, deep: bool) -> None:
        """Count one held sample; `closure` has been advanced to `end_ns` already."""
        if valid:
            self._valid_short.add(start_ns, end_ns)
            self._valid_long.add(start_ns, end_ns)
            if deep:
                self._pending.append((start_ns, end_ns))
        if self._pending:
            if closure.start_ns is None or closure.start_ns > self._pending[0][0]:
                self._pending.clear()
            elif closure.length_ns >= self._min_closure_ns:
                for deep_start_ns, deep_end_ns in self._pending:
                    self._deep_short.add(deep_start_ns, deep_end_ns)
                    self._deep_long.add(deep_start_ns, deep_end_ns)
                    self.counted_ns += deep_end_ns - deep_start_ns
                self._pending.clear()

    def judge(self, now_ns: int) -> None:
        """Work out both ratios; called while the eyes are seen, so that the last value stands while they are not."""
        self.perclos60 = _ratio(self._deep_short, self._valid_short, now_ns)
        self.perclos180 = _ratio(self._deep_long, self._valid_long, now_ns)

    def closure_finished(self) -> None:
        """Drop what was too short: the closure ended."""
        self._pending.clear()

    def sums_ns(self, now_ns: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return deep and valid time of the 60-s and of the 180-s window."""
        return (
            (self._deep_short.sum_ns(now_ns), self._valid_short.sum_ns(now_ns)),
            (self._deep_long.sum_ns(now_ns), self._valid_long.sum_ns(now_ns)),
        )

    def valid_fractions(self, now_ns: int) -> tuple[float, float]:
        """Return the valid share of the 60-s and the 180-s window."""
        return self._valid_short.sum_ns(now_ns) / SHORT_NS, self._valid_long.sum_ns(now_ns) / LONG_NS


def _ratio(deep: TimeWindow, valid: TimeWindow, now_ns: int) -> float | None:
    valid_ns = valid.sum_ns(now_ns)
    return None if 2 * valid_ns < valid.span_ns else deep.sum_ns(now_ns) / valid_ns
