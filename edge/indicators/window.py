"""Sums over sliding windows in integer nanoseconds: exact, order-free of rounding, the same on every machine."""

from __future__ import annotations

from collections import deque
from typing import Final

NS_PER_S: Final = 1_000_000_000


def ns(seconds: float) -> int:
    """Seconds to the nearest integer nanosecond."""
    return round(seconds * NS_PER_S)


class TimeWindow:
    """How much of the last `span_ns` a condition held. Segments are added in time order and merge when they touch."""

    __slots__ = ("_segments", "_sum_ns", "span_ns")

    def __init__(self, span_ns: int) -> None:
        self.span_ns = span_ns
        self._segments: deque[list[int]] = deque()
        self._sum_ns = 0

    def add(self, start_ns: int, end_ns: int) -> None:
        """Add that the condition held from `start_ns` to `end_ns`; not before the end of what was added earlier."""
        segments = self._segments
        if segments and segments[-1][1] == start_ns:
            segments[-1][1] = end_ns
        else:
            segments.append([start_ns, end_ns])
        self._sum_ns += end_ns - start_ns

    def sum_ns(self, now_ns: int) -> int:
        """Nanoseconds within [now - span, now]; older time is forgotten. `now_ns` must not go backwards."""
        horizon = now_ns - self.span_ns
        segments = self._segments
        while segments and segments[0][0] < horizon:
            first = segments[0]
            if first[1] > horizon:
                self._sum_ns -= horizon - first[0]
                first[0] = horizon
                break
            self._sum_ns -= first[1] - first[0]
            segments.popleft()
        return self._sum_ns

    def clear(self) -> None:
        """Forget everything."""
        self._segments.clear()
        self._sum_ns = 0


class ValiditySums:
    """How much of the last `span_ns` each of several conditions held; cheap while none of them changes."""

    __slots__ = ("_end_ns", "_held", "_start_ns", "_windows")

    def __init__(self, span_ns: int, conditions: int) -> None:
        self._windows = tuple(TimeWindow(span_ns) for _ in range(conditions))
        self._held: tuple[bool, ...] = ()
        self._start_ns = 0
        self._end_ns = 0

    def add(self, start_ns: int, end_ns: int, held: tuple[bool, ...]) -> None:
        """Add which conditions held from `start_ns` to `end_ns`."""
        if held != self._held or start_ns != self._end_ns:
            self._settle()
            self._held = held
            self._start_ns = start_ns
        self._end_ns = end_ns

    def _settle(self) -> None:
        for window, held in zip(self._windows, self._held, strict=False):
            if held:
                window.add(self._start_ns, self._end_ns)
                window.sum_ns(self._end_ns)
        self._start_ns = self._end_ns

    def sums_ns(self, now_ns: int) -> tuple[int, ...]:
        """Nanoseconds within [now - span, now], one a condition."""
        self._settle()
        return tuple(window.sum_ns(now_ns) for window in self._windows)

    def clear(self) -> None:
        """Forget everything."""
        for window in self._windows:
            window.clear()
        self._held = ()
        self._start_ns = self._end_ns = 0


class CountWindow:
    """How many moments fell into the last `span_ns`."""

    __slots__ = ("_times", "span_ns")

    def __init__(self, span_ns: int) -> None:
        self.span_ns = span_ns
        self._times: deque[int] = deque()

    def add(self, t_ns: int) -> None:
        """One more, at `t_ns`."""
        self._times.append(t_ns)

    def count(self, now_ns: int) -> int:
        """Moments later than now - span."""
        times = self._times
        horizon = now_ns - self.span_ns
        while times and times[0] <= horizon:
            times.popleft()
        return len(times)

    def clear(self) -> None:
        """Forget everything."""
        self._times.clear()


class DurationWindow:
    """Number, sum and number of long ones of the durations that ended in the last `span_ns`."""

    __slots__ = ("_long_ns", "_members", "long_count", "span_ns", "sum_ns")

    def __init__(self, span_ns: int, long_ns: int) -> None:
        self.span_ns = span_ns
        self._long_ns = long_ns
        self._members: deque[tuple[int, int, bool]] = deque()
        self.sum_ns = 0
        self.long_count = 0

    def add(self, end_ns: int, duration_ns: int, counted_ns: int) -> None:
        """Add a duration that ended at `end_ns`; `counted_ns` of it goes into the sum."""
        is_long = duration_ns > self._long_ns
        self._members.append((end_ns, counted_ns, is_long))
        self.sum_ns += counted_ns
        self.long_count += is_long

    def count(self, now_ns: int) -> int:
        """Durations still inside; `sum_ns` and `long_count` are right after this call."""
        members = self._members
        horizon = now_ns - self.span_ns
        while members and members[0][0] <= horizon:
            _, counted_ns, is_long = members.popleft()
            self.sum_ns -= counted_ns
            self.long_count -= is_long
        return len(members)

    def clear(self) -> None:
        """Forget everything."""
        self._members.clear()
        self.sum_ns = 0
        self.long_count = 0


class Histogram:
    """Time spent at each value of a quantity, for quantiles weighted by time."""

    __slots__ = ("_bins", "_low", "_step", "total_ns")

    def __init__(self, low: float, high: float, step: float) -> None:
        self._low = low
        self._step = step
        self._bins = [0] * (round((high - low) / step) + 1)
        self.total_ns = 0

    def add(self, value: float, duration_ns: int) -> None:
        """`value` was held for `duration_ns`; values beyond the ends count at the ends."""
        index = round((value - self._low) / self._step)
        self._bins[min(max(index, 0), len(self._bins) - 1)] += duration_ns
        self.total_ns += duration_ns

    def quantile(self, share: float) -> float | None:
        """Smallest bin value that `share` (0 to 1) of the time did not exceed; None when empty."""
        if not self.total_ns:
            return None
        wanted = share * self.total_ns
        passed = 0
        for index, held_ns in enumerate(self._bins):
            passed += held_ns
            if held_ns and passed >= wanted:
                return self._low + index * self._step
        return self._low + (len(self._bins) - 1) * self._step

    def between_ns(self, low: float, high: float) -> int:
        """Time spent at values within [low, high]."""
        return sum(held for index, held in enumerate(self._bins) if low <= self._low + index * self._step <= high)

    def median_between(self, low: float, high: float) -> float | None:
        """Median of the time spent within [low, high]; None when there was none."""
        half = self.between_ns(low, high) / 2
        passed = 0
        for index, held_ns in enumerate(self._bins):
            value = self._low + index * self._step
            if held_ns and low <= value <= high:
                passed += held_ns
                if passed >= half:
                    return value
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._bins = [0] * len(self._bins)
        self.total_ns = 0


class FaceLog:
    """Face confidence over the last minute, for the `confidence` of alerts."""

    __slots__ = ("_segments", "_span_ns")

    def __init__(self, span_ns: int = 60 * NS_PER_S) -> None:
        self._span_ns = span_ns
        self._segments: deque[tuple[int, int, float]] = deque()

    def add(self, start_ns: int, end_ns: int, confidence: float) -> None:
        """Add a face that was there with this confidence, 0 to 1, from `start_ns` to `end_ns`."""
        segments = self._segments
        if segments and segments[-1][1] == start_ns and segments[-1][2] == confidence:
            segments[-1] = (segments[-1][0], end_ns, confidence)
        else:
            segments.append((start_ns, end_ns, confidence))
        horizon = end_ns - self._span_ns
        while segments[0][1] <= horizon:
            segments.popleft()

    def mean(self, now_ns: int, window_ns: int) -> float | None:
        """Mean confidence while a face was there within [now - window, now] (at most a minute); None without one."""
        horizon = now_ns - window_ns
        weighted = 0.0
        seen_ns = 0
        for start_ns, end_ns, confidence in reversed(self._segments):
            if end_ns <= horizon:
                break
            held_ns = end_ns - max(start_ns, horizon)
            weighted += confidence * held_ns
            seen_ns += held_ns
        return min(weighted / seen_ns, 1.0) if seen_ns else None

    def clear(self) -> None:
        """Forget everything."""
        self._segments.clear()
