"""Timelines for the drive report: collected per observation, thinned so that no closure vanishes.

Each line is cut into equal buckets of time that keep the lowest and the highest value seen in them: a drive of any
length gives a report of bounded size, and a blink of one frame still reaches down to its minimum.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge.types import EXPRESSIONS, Decision, FaceObservation, StreamMember, Tick, VehicleSample

if TYPE_CHECKING:
    from edge.types import Indicators

_S: Final = 1_000_000_000
FAST_BUCKETS: Final = 3600
"""A drive of two minutes at 30 fps keeps every frame [D]."""
SLOW_BUCKETS: Final = 900
"""PERCLOS, fatigue, speed and expression change slowly [D]."""
_SAMPLE_NS: Final = _S // 2
"""Indicators over windows of a minute are asked for twice a second [D]."""
_HOLD_NS: Final = 2 * _S
"""A value is drawn on over an empty bucket for at most this long, as observations hold."""
_UNSEEN: Final = math.nan


class IndicatorSource(Protocol):
    """What the collector asks of the engine."""

    def indicators(self) -> Indicators:
        """Return the current indicators."""


class Line:
    """One measured value over time; NaN stands for unseen inside the compact array only."""

    def __init__(self) -> None:
        self.t_ns = array("q")
        self.values = array("f")

    def add(self, t_ns: int, value: float | None) -> None:
        """Append one sample; stamps never go back."""
        if self.t_ns and t_ns < self.t_ns[-1]:
            return
        self.t_ns.append(t_ns)
        self.values.append(_UNSEEN if value is None else value)

    @property
    def seen(self) -> bool:
        """Whether there is any value."""
        return any(value == value for value in self.values)  # noqa: PLR0124 - NaN is the one that differs from itself

    def buckets(self, start_ns: int, width_ns: int, count: int, scale: float) -> dict[str, list[int | None]]:
        """Return lowest and highest value of each bucket, in whole units of `scale`; `hi` only where it differs."""
        low: list[float] = [math.inf] * count
        high: list[float] = [-math.inf] * count
        held: list[int] = [-1] * count
        for index, t_ns in enumerate(self.t_ns):
            place = min((t_ns - start_ns) // width_ns, count - 1)
            held[place] = index
            value = self.values[index]
            low[place] = min(low[place], value) if value == value else low[place]  # noqa: PLR0124
            high[place] = max(high[place], value) if value == value else high[place]  # noqa: PLR0124
        lows: list[int | None] = []
        highs: list[int | None] = []
        last = -1
        for place in range(count):
            if held[place] >= 0:
                last = held[place]
                ends = (low[place], high[place])
            else:
                ends = self._carried(last, start_ns + place * width_ns)
            seen = ends[0] <= ends[1]
            lows.append(round(ends[0] / scale) if seen else None)
            highs.append(round(ends[1] / scale) if seen else None)
        return {"lo": lows} if lows == highs else {"lo": lows, "hi": highs}

    def _carried(self, last: int, at_ns: int) -> tuple[float, float]:
        """Return the value that still holds in a bucket without a sample."""
        if last < 0 or at_ns - self.t_ns[last] > _HOLD_NS or math.isnan(self.values[last]):
            return math.inf, -math.inf
        return self.values[last], self.values[last]


class SeriesCollector:
    """An outlet that collects every line of the report."""

    def __init__(self, engine: IndicatorSource, *, expression: bool) -> None:
        self._engine = engine
        self._next_sample_ns: int | None = None
        self.first_ns = 0
        self.last_ns = 0
        self.fast = {name: Line() for name in ("openness", "yaw_deg", "pitch_deg", "mouth_ratio")}
        self.slow = {name: Line() for name in ("perclos60", "perclos180", "fatigue_level", "speed_kmh")}
        self.expression = {name: Line() for name in EXPRESSIONS} if expression else {}

    def on_member(self, member: StreamMember) -> None:
        """Take the values of one member, and the slow indicators twice a second."""
        t_ns = member.t_ns
        if self._next_sample_ns is None:
            self.first_ns = self.last_ns = self._next_sample_ns = t_ns
        self.last_ns = max(self.last_ns, t_ns)
        if isinstance(member, FaceObservation):
            self._observe(member)
        elif isinstance(member, VehicleSample):
            self.slow["speed_kmh"].add(t_ns, member.speed_kmh)
        elif isinstance(member, Tick):
            for line in self.fast.values():
                line.add(t_ns, None)
        if t_ns >= self._next_sample_ns:
            self._next_sample_ns = t_ns + _SAMPLE_NS
            readings = self._engine.indicators().readings
            for name in ("perclos60", "perclos180", "fatigue_level"):
                reading = readings.get(name)
                self.slow[name].add(t_ns, reading.value if reading is not None else None)

    def on_decision(self, decision: Decision) -> None:
        """Decisions come to the report through the summary."""

    def _observe(self, face: FaceObservation) -> None:
        t_ns = face.t_ns
        eyes = [eye for eye in (face.eye_openness_left, face.eye_openness_right) if eye is not None]
        fast = self.fast
        fast["openness"].add(t_ns, sum(eyes) / len(eyes) if eyes else None)
        fast["yaw_deg"].add(t_ns, face.yaw_deg)
        fast["pitch_deg"].add(t_ns, face.pitch_deg)
        fast["mouth_ratio"].add(t_ns, face.mouth_ratio)
        if face.expression is not None:
            for name, line in self.expression.items():
                line.add(t_ns, face.expression.get(name))
        elif face.face is None:
            for line in self.expression.values():
                line.add(t_ns, None)

    def grids(self) -> dict[str, Any]:
        """Return all lines in buckets: two grids of time, and the values as whole numbers of each line's scale."""
        span_ns = max(self.last_ns - self.first_ns, 1)
        frames = len(self.fast["openness"].t_ns)
        fast_count = max(1, min(FAST_BUCKETS, frames))
        slow_count = max(1, min(SLOW_BUCKETS, fast_count))
        return {
            "fast": self._grid(span_ns, fast_count, self.fast),
            "slow": self._grid(span_ns, slow_count, self.slow | self.expression),
        }

    def _grid(self, span_ns: int, count: int, lines: dict[str, Line]) -> dict[str, Any]:
        width_ns = -(-span_ns // count)
        return {
            "width_s": width_ns / _S,
            "lines": {
                name: {
                    "scale": (scale := SCALES.get(name, 0.01)),
                    **line.buckets(self.first_ns, width_ns, count, scale),
                }
                for name, line in lines.items()
                if line.seen
            },
        }


SCALES: Final = {
    "yaw_deg": 0.1,
    "pitch_deg": 0.1,
    "perclos60": 0.001,
    "perclos180": 0.001,
    "fatigue_level": 0.1,
    "speed_kmh": 0.1,
}
"""Finest step that is kept of each line; 0.01 otherwise."""
