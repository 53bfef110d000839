"""Open eyes, closed eyes and the mean blink of one driver under one state of glasses: how they are learnt.

`open_alert` is the 90th percentile of raw openness over 60 s of valid time with |camera yaw| up to 30 degrees outside
closures; a sleeper adds no such time, so he is never learnt as open, and the value never falls below 0.7 of the
population's. `closed` is the median of at least 5 blink minima, else the model's constant. `open_alert` rises when a
later alert minute exceeds it by more than 5 %; what is learnt anew never falls below 0.9 of what was frozen first. [D]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from edge.indicators.alert_blinks import rescaled
from edge.indicators.window import NS_PER_S, Histogram, ns
from edge.types import EyeBaseline, Provenance

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.indicators.sample import Sample

POPULATION: Final = EyeBaseline()
"""Raw openness is scaled so that the population's open eye is 1 and the closed one 0; a blink of 0.2 s as measured
here, 0.3 closing to 0.5 opening [D]."""
BLINK_MEAN_RANGE_NS: Final = (NS_PER_S // 12, 3 * NS_PER_S // 10)
"""Own alert means outside are noise or drowsiness [D]."""
CLOSED_RANGE: Final = (-0.2, 0.2)
"""Blink minima outside are blinks that the frame rate cut short [D]."""
OPEN_MAX: Final = 1.5
"""Wider than this is a fault of the eye measure [D]."""
OPEN_QUANTILE: Final = 0.9
MINIMA_NEEDED: Final = 5
MINIMA_KEPT: Final = 60
"""Of a minute, more than anybody blinks [D]."""
BLINKS_NEEDED: Final = 10
"""Fewer give no mean; as many as `mean_closure_ratio` needs [D]."""
LEARN_YAW_MAX_DEG: Final = 30.0


class EyeLearner:
    """One minute of valid driving, again and again: the first gives a baseline, a later one may raise it."""

    __slots__ = (
        "_blink_count",
        "_blink_ns",
        "_elapsed_ns",
        "_floor",
        "_frozen_floor_ratio",
        "_learn_ns",
        "_left",
        "_minima",
        "_right",
        "_rise_ratio",
        "first",
        "valid_ns",
    )

    def __init__(self, rules: Rules) -> None:
        self.configure(rules)
        self._left = Histogram(-0.5, 2.0, 0.01)
        self._right = Histogram(-0.5, 2.0, 0.01)
        self.first: EyeBaseline | None = None
        """What was frozen first, whatever the glasses: nothing falls below a share of it."""
        self.begin()

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        self._learn_ns = ns(rules.baseline.learn_s)
        self._floor = rules.baseline.open_floor_ratio * POPULATION.open_left
        self._frozen_floor_ratio = rules.baseline.frozen_floor_ratio
        self._rise_ratio = rules.baseline.rise_ratio

    def begin(self) -> None:
        """Begin the minute anew."""
        self._left.clear()
        self._right.clear()
        self._minima: list[float] = []
        self.valid_ns = 0
        self._elapsed_ns = 0
        self._blink_ns = 0
        self._blink_count = 0

    @property
    def progress(self) -> float:
        """How much of the minute is full, 0 to 1."""
        return min(self.valid_ns / self._learn_ns, 1.0)

    def blink(self, minimum: float | None, duration_ns: int) -> None:
        """Learn from a blink of normal length that ended; `minimum` is the lowest raw openness in it."""
        if minimum is not None and len(self._minima) < MINIMA_KEPT:
            self._minima.append(minimum)
        self._blink_ns += duration_ns
        self._blink_count += 1

    def pass_time(self, duration_ns: int) -> None:
        """Note driving time, valid or not."""
        self._elapsed_ns += duration_ns

    def advance(self, sample: Sample, duration_ns: int) -> bool:
        """Hold open eyes for so long; True when the minute is full."""
        left, right = sample.left, sample.right
        if head_is_turned(sample) or (left is None and right is None):
            return False
        held_ns = min(duration_ns, self._learn_ns - self.valid_ns)
        if left is not None:
            self._left.add(left, held_ns)
        if right is not None:
            self._right.add(right, held_ns)
        self.valid_ns += held_ns
        return self.valid_ns >= self._learn_ns

    def conclude(self, eyes: EyeBaseline, t_ns: int) -> EyeBaseline:
        """End a full minute: what it makes of the present eyes, which may be the same again."""
        left, right = self._open(self._left), self._open(self._right)
        if left is None or right is None:
            left = right = left if right is None else right
        if left is not None and right is not None:
            eyes = self._learnt(t_ns, left, right) if eyes.provenance is None else self._raised(eyes, t_ns, left, right)
        self.begin()
        return eyes

    def _open(self, histogram: Histogram) -> float | None:
        """90th percentile; None when the eye was seen for less than half of the time."""
        return histogram.quantile(OPEN_QUANTILE) if 2 * histogram.total_ns >= self._learn_ns else None

    def _provenance(self, t_ns: int) -> Provenance:
        quality = self.valid_ns / max(self._elapsed_ns, self.valid_ns)
        return Provenance(learnt_ns=t_ns, valid_ns=self.valid_ns, quality=quality)

    def _learnt(self, t_ns: int, left: float, right: float) -> EyeBaseline:
        closed = POPULATION.closed
        if len(self._minima) >= MINIMA_NEEDED:
            closed = sorted(self._minima)[len(self._minima) // 2]
        blink_mean_ns = POPULATION.blink_mean_ns
        if self._blink_count >= BLINKS_NEEDED:
            blink_mean_ns = self._blink_ns // self._blink_count
        eyes = self.bounded(
            EyeBaseline(
                open_left=left,
                open_right=right,
                closed=closed,
                blink_mean_ns=blink_mean_ns,
                blinks=self._blink_count,
                provenance=self._provenance(t_ns),
            )
        )
        if self.first is None:
            self.first = eyes
        return eyes

    def bounded(self, eyes: EyeBaseline) -> EyeBaseline:
        """Return these eyes within what a person's can be, never below the floors."""
        floor_left = floor_right = self._floor
        if self.first is not None:
            floor_left = max(floor_left, self._frozen_floor_ratio * self.first.open_left)
            floor_right = max(floor_right, self._frozen_floor_ratio * self.first.open_right)
        low, high = BLINK_MEAN_RANGE_NS
        return replace(
            eyes,
            open_left=min(max(eyes.open_left, floor_left), OPEN_MAX),
            open_right=min(max(eyes.open_right, floor_right), OPEN_MAX),
            closed=min(max(eyes.closed, CLOSED_RANGE[0]), CLOSED_RANGE[1]),
            blink_mean_ns=min(max(eyes.blink_mean_ns, low), high),
        )

    def _raised(self, eyes: EyeBaseline, t_ns: int, left: float, right: float) -> EyeBaseline:
        open_left = min(left, OPEN_MAX) if left > self._rise_ratio * eyes.open_left else eyes.open_left
        open_right = min(right, OPEN_MAX) if right > self._rise_ratio * eyes.open_right else eyes.open_right
        if (open_left, open_right) == (eyes.open_left, eyes.open_right):
            return eyes
        blinks = eyes.alert_blinks
        if blinks is not None:
            blinks = rescaled(blinks, (eyes.open_left + eyes.open_right) / (open_left + open_right))
        return replace(
            eyes, open_left=open_left, open_right=open_right, alert_blinks=blinks, provenance=self._provenance(t_ns)
        )


def head_is_turned(sample: Sample) -> bool:
    """Whether the camera sees the head too far from the side to learn from its eyes."""
    yaw = sample.yaw_deg
    return yaw is not None and not -LEARN_YAW_MAX_DEG <= yaw <= LEARN_YAW_MAX_DEG
