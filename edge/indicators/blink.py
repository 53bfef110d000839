"""Blinks: events and statistics of how the eyes close.

- Events: blink 0.05-0.5 s, slow_blink 0.5-1.0 s, long_closure from 1.0 s; shorter dips are noise. [S]
- `blink_rate`: closures below 1.0 s a minute of valid time, over 60 s; for display only (no relation to KSS). [S]
- `mean_closure_ratio`: mean closure duration over 180 s divided by the driver's own alert mean, from 10 closures on. A
  single closure counts with at most 1 s, because longer ones have their own rules. [S]
- `long_blink_share`: closures longer than 0.5 s over all closures, 180 s, ratio. [S Johns]
- `microsleep_rate`: deep closures of at least 1.0 s in 10 min, a count. [D]

The statistics are None below 15 frames a second (`low_fps`) and below half a window of valid time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S, CountWindow, DurationWindow, TimeWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Blink as BlinkRules
    from edge.config.rules import Closure as ClosureRules
    from edge.indicators.closure import FinishedClosure
    from edge.types import EventName

RATE_NS: Final = 60 * NS_PER_S
STATISTICS_NS: Final = 180 * NS_PER_S
MICROSLEEP_NS: Final = 600 * NS_PER_S


class BlinkTracker:
    """Windows over finished closures."""

    __slots__ = (
        "_blinks",
        "_closures",
        "_log_ns",
        "_long_ns",
        "_microsleeps",
        "_min_blinks",
        "_min_ns",
        "_valid_rate",
        "_valid_statistics",
    )

    def __init__(self, blink: BlinkRules, closure: ClosureRules) -> None:
        self.configure(blink, closure)
        self._blinks = CountWindow(RATE_NS)
        self._closures = DurationWindow(STATISTICS_NS, ns(closure.log_s))
        self._microsleeps = CountWindow(MICROSLEEP_NS)
        self._valid_rate = TimeWindow(RATE_NS)
        self._valid_statistics = TimeWindow(STATISTICS_NS)

    def configure(self, blink: BlinkRules, closure: ClosureRules) -> None:
        """Take new thresholds from now on."""
        self._min_blinks = blink.min_blinks
        self._min_ns = ns(closure.blink_min_s)
        self._log_ns = ns(closure.log_s)
        self._long_ns = ns(closure.long_closure_s)

    def reset(self) -> None:
        """Forget everything."""
        self._blinks.clear()
        self._closures.clear()
        self._microsleeps.clear()
        self._valid_rate.clear()
        self._valid_statistics.clear()

    def advance(self, start_ns: int, end_ns: int) -> None:
        """Count time in which the eyes were seen often enough."""
        self._valid_rate.add(start_ns, end_ns)
        self._valid_statistics.add(start_ns, end_ns)

    def trim(self, now_ns: int) -> None:
        """Let go of what has left the windows, whether or not anybody reads them."""
        self._blinks.count(now_ns)
        self._closures.count(now_ns)
        self._valid_rate.sum_ns(now_ns)
        self._valid_statistics.sum_ns(now_ns)

    def event_name(self, finished: FinishedClosure) -> EventName | None:
        """Name this closure; None for noise and for a blink whose end was not seen."""
        duration_ns = finished.end_ns - finished.start_ns
        if duration_ns >= self._long_ns:
            return "long_closure"
        if duration_ns >= self._log_ns:
            return "slow_blink"
        return "blink" if duration_ns >= self._min_ns and finished.end_seen else None

    def closure_finished(self, finished: FinishedClosure) -> None:
        """Count one closure."""
        duration_ns = finished.end_ns - finished.start_ns
        if duration_ns < self._min_ns or not finished.end_seen:
            return
        if duration_ns < self._long_ns:
            self._blinks.add(finished.end_ns)
        self._closures.add(finished.end_ns, duration_ns, min(duration_ns, self._long_ns))

    def microsleep(self, t_ns: int) -> None:
        """Count a closure that has been deep and long enough at `t_ns`."""
        self._microsleeps.add(t_ns)

    def microsleep_rate(self, now_ns: int) -> int:
        """Deep closures of at least 1.0 s in the last 10 min."""
        return self._microsleeps.count(now_ns)

    def valid_fractions(self, now_ns: int) -> tuple[float, float]:
        """Return the valid share of the 60-s and the 180-s window."""
        return self._valid_rate.sum_ns(now_ns) / RATE_NS, self._valid_statistics.sum_ns(now_ns) / STATISTICS_NS

    def blink_rate(self, now_ns: int) -> float | None:
        """Blinks a minute of valid time."""
        valid_ns = self._valid_rate.sum_ns(now_ns)
        if 2 * valid_ns < RATE_NS:
            return None
        return self._blinks.count(now_ns) * RATE_NS / valid_ns

    def mean_closure_ratio(self, now_ns: int, own_mean_ns: int) -> float | None:
        """Mean closure duration over the driver's alert mean."""
        count = self._closures.count(now_ns)
        if count < self._min_blinks or 2 * self._valid_statistics.sum_ns(now_ns) < STATISTICS_NS:
            return None
        return self._closures.sum_ns / count / own_mean_ns

    def long_blink_share(self, now_ns: int) -> float | None:
        """Closures longer than 0.5 s over all closures."""
        count = self._closures.count(now_ns)
        if count < self._min_blinks or 2 * self._valid_statistics.sum_ns(now_ns) < STATISTICS_NS:
            return None
        return self._closures.long_count / count
