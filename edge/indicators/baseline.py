"""What is learnt of one driver: open eyes, closed eyes, resting mouth, neutral pose, alert blinks.

Learnt once from 60 s of valid driving, then frozen: a running baseline would learn the drowsiness away [S]. Until then
the population's values serve. `open_alert` is the 90th percentile of raw openness over valid time with |camera yaw| up
to 30 degrees outside closures; a sleeper adds no such time, so he is never learnt as open, and the value never falls
below 0.7 of the population's. It rises when a later alert minute exceeds it by more than 5 %; what is learnt anew never
falls below 0.9 of what was frozen first. Eyes are kept per glasses state. [D]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from edge.indicators.alert_blinks import AlertBlinkLearner, AlertBlinks
from edge.indicators.window import NS_PER_S, Histogram, ns

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.indicators.sample import Sample
    from edge.indicators.vigilance import Blink

POPULATION_OPEN: Final = 1.0
POPULATION_CLOSED: Final = 0.0
"""Raw openness is scaled so that the population's open eye is 1 and the closed one 0."""
POPULATION_MOUTH: Final = 0.3
"""Mouth ratio of a closed mouth [D, middle of 0.2 to 0.4]."""
MOUTH_NEUTRAL_MAX: Final = 0.45
"""A mouth more open than this all along is not at rest and not learnt [D]."""
POPULATION_BLINK_NS: Final = NS_PER_S // 5
"""Mean closure of an alert blink as measured here, 0.3 closing to 0.5 opening [D]."""
BLINK_MEAN_RANGE_NS: Final = (NS_PER_S // 12, 3 * NS_PER_S // 10)
"""Own alert means outside are noise or drowsiness [D]."""
CLOSED_RANGE: Final = (-0.2, 0.2)
"""Blink minima outside are blinks that the frame rate cut short [D]."""
OPEN_MAX: Final = 1.5
"""Wider than this is a fault of the eye measure [D]."""
OPEN_QUANTILE: Final = 0.9
MINIMA_NEEDED: Final = 5
MINIMA_KEPT: Final = 60
BLINKS_NEEDED: Final = 10
LEARN_YAW_MAX_DEG: Final = 30.0
GLASSES_SETTLE_NS: Final = 5 * NS_PER_S
"""Glasses put on or off are believed after so long [D]."""


class EyeBaseline(NamedTuple):
    """Raw openness of this driver's eyes, his alert blink, and where they come from."""

    open_left: float = POPULATION_OPEN
    open_right: float = POPULATION_OPEN
    closed: float = POPULATION_CLOSED
    blink_mean_ns: int = POPULATION_BLINK_NS
    learnt_ns: int | None = None
    """When it was learnt; None for the population's values."""
    valid_ns: int = 0
    """From how much valid time."""
    blinks: int = 0
    quality: float = 0.0
    """Valid share of the time it took to learn, 0 to 1."""
    alert_blinks: AlertBlinks | None = None
    """What his blinks are like, learnt after the eyes; None before."""


POPULATION: Final = EyeBaseline()


class BaselineLearner:
    """Learns, freezes and keeps."""

    __slots__ = (
        "_alert_blinks",
        "_before_rise",
        "_blink_count",
        "_blink_ns",
        "_elapsed_ns",
        "_first_frozen",
        "_floor",
        "_frozen_floor_ratio",
        "_glasses",
        "_glasses_ns",
        "_kept",
        "_learn_ns",
        "_left",
        "_margin_deg",
        "_minima",
        "_mouths",
        "_neutral_pitch_deg",
        "_neutral_yaw_deg",
        "_pitches",
        "_pose_learnt",
        "_right",
        "_rise_ratio",
        "_valid_ns",
        "_yaws",
        "eyes",
        "mouth_ratio",
        "pitch_deg",
        "yaw_deg",
    )

    def __init__(self, rules: Rules, neutral_yaw_deg: float, neutral_pitch_deg: float) -> None:
        self.configure(rules)
        self.eyes = POPULATION
        self.mouth_ratio = POPULATION_MOUTH
        self.yaw_deg = self._neutral_yaw_deg = neutral_yaw_deg
        self.pitch_deg = self._neutral_pitch_deg = neutral_pitch_deg
        self._pose_learnt = False
        self._left = Histogram(-0.5, 2.0, 0.01)
        self._right = Histogram(-0.5, 2.0, 0.01)
        self._yaws: Histogram | None = Histogram(-180.0, 180.0, 0.5)
        self._pitches = Histogram(-90.0, 90.0, 0.5)
        self._mouths: Histogram | None = Histogram(0.0, 3.0, 0.01)
        self._glasses: bool | None = None
        self._glasses_ns = 0
        self._kept: dict[bool | None, EyeBaseline] = {}
        self._first_frozen: EyeBaseline | None = None
        self._before_rise: EyeBaseline | None = None
        self._alert_blinks = AlertBlinkLearner()
        self._begin()

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on; what is frozen stays."""
        self._learn_ns = ns(rules.baseline.learn_s)
        self._floor = rules.baseline.open_floor_ratio * POPULATION_OPEN
        self._frozen_floor_ratio = rules.baseline.frozen_floor_ratio
        self._rise_ratio = rules.baseline.rise_ratio
        self._margin_deg = rules.baseline.pose_margin_deg

    def _begin(self) -> None:
        self._left.clear()
        self._right.clear()
        self._minima: list[float] = []
        self._valid_ns = 0
        self._elapsed_ns = 0
        self._blink_ns = 0
        self._blink_count = 0

    @property
    def frozen(self) -> bool:
        """Whether the driver's own eyes are known."""
        return self.eyes.learnt_ns is not None

    @property
    def progress(self) -> float:
        """How far learning is, 0 to 1."""
        return 1.0 if self.frozen else self._valid_ns / self._learn_ns

    def spoil(self) -> None:
        """Start the present minute anew: the driver is not alert, so it must raise nothing."""
        if self.frozen and self._valid_ns:
            self._begin()

    def rollback(self) -> bool:
        """Return to the eyes that stood before the last rise or learning; False when there is nothing to return to."""
        if self._before_rise is None:
            return False
        self.eyes, self._before_rise = self._before_rise, None
        self._begin()
        return True

    def blink(self, minimum: float | None, duration_ns: int) -> None:
        """Learn from a blink of normal length that ended; `minimum` is the lowest raw openness in it."""
        if self.frozen:
            return
        if minimum is not None and len(self._minima) < MINIMA_KEPT:
            self._minima.append(minimum)
        self._blink_ns += duration_ns
        self._blink_count += 1

    def measured_blink(self, blink: Blink, t_ns: int) -> None:
        """Learn from a blink that was measured, of any length, in a vehicle that moves."""
        if self.frozen and self.eyes.alert_blinks is None:
            learnt = self._alert_blinks.add(blink, t_ns)
            if learnt is not None:
                self.eyes = self.eyes._replace(alert_blinks=learnt)

    def advance(self, start_ns: int, end_ns: int, sample: Sample, *, closed: bool) -> None:
        """Hold one sample with a face, of a vehicle that moves; `closed` while a closure runs."""
        duration_ns = end_ns - start_ns
        if sample.glasses is not None and sample.glasses != self._glasses:
            self._change_glasses(duration_ns, glasses=sample.glasses)
        else:
            self._glasses_ns = 0
        self._elapsed_ns += duration_ns
        if closed:
            return
        yaw = sample.yaw_deg
        if yaw is None or -LEARN_YAW_MAX_DEG <= yaw <= LEARN_YAW_MAX_DEG:
            self._learn_eyes(sample, end_ns, duration_ns)
        if not self._pose_learnt and yaw is not None and sample.pitch_deg is not None:
            self._learn_pose(yaw, sample.pitch_deg, duration_ns)
        if self._mouths is not None and sample.mouth_ratio is not None:
            self._learn_mouth(self._mouths, sample.mouth_ratio, duration_ns)

    def _learn_eyes(self, sample: Sample, end_ns: int, duration_ns: int) -> None:
        if sample.left is None and sample.right is None:
            return
        held_ns = min(duration_ns, self._learn_ns - self._valid_ns)
        if sample.left is not None:
            self._left.add(sample.left, held_ns)
        if sample.right is not None:
            self._right.add(sample.right, held_ns)
        self._valid_ns += held_ns
        if self._valid_ns >= self._learn_ns:
            self._minute_is_full(end_ns)

    def _change_glasses(self, duration_ns: int, *, glasses: bool) -> None:
        self._glasses_ns += duration_ns
        if self._glasses is not None and self._glasses_ns < GLASSES_SETTLE_NS:
            return
        if self._glasses is not None:
            self._kept[self._glasses] = self.eyes
            self.eyes = self._kept.get(glasses, POPULATION)
            self._before_rise = None
            self._alert_blinks.clear()
            self._begin()
        self._glasses = glasses
        self._glasses_ns = 0

    def _minute_is_full(self, t_ns: int) -> None:
        left, right = self._open(self._left), self._open(self._right)
        if left is None or right is None:
            left = right = left if right is None else right
        if left is not None and right is not None:
            if not self.frozen:
                self._freeze(t_ns, left, right)
            else:
                self._rise(t_ns, left, right)
        self._begin()

    def _open(self, histogram: Histogram) -> float | None:
        """90th percentile; None when the eye was seen for less than half of the time."""
        return histogram.quantile(OPEN_QUANTILE) if 2 * histogram.total_ns >= self._learn_ns else None

    def _freeze(self, t_ns: int, left: float, right: float) -> None:
        floor_left = floor_right = self._floor
        if self._first_frozen is not None:
            floor_left = max(floor_left, self._frozen_floor_ratio * self._first_frozen.open_left)
            floor_right = max(floor_right, self._frozen_floor_ratio * self._first_frozen.open_right)
        closed = POPULATION_CLOSED
        if len(self._minima) >= MINIMA_NEEDED:
            middle = sorted(self._minima)[len(self._minima) // 2]
            closed = min(max(middle, CLOSED_RANGE[0]), CLOSED_RANGE[1])
        blink_mean_ns = POPULATION_BLINK_NS
        if self._blink_count >= BLINKS_NEEDED:
            low, high = BLINK_MEAN_RANGE_NS
            blink_mean_ns = min(max(self._blink_ns // self._blink_count, low), high)
        self._before_rise = self.eyes
        self.eyes = EyeBaseline(
            open_left=min(max(left, floor_left), OPEN_MAX),
            open_right=min(max(right, floor_right), OPEN_MAX),
            closed=closed,
            blink_mean_ns=blink_mean_ns,
            learnt_ns=t_ns,
            valid_ns=self._valid_ns,
            blinks=self._blink_count,
            quality=self._valid_ns / max(self._elapsed_ns, self._valid_ns),
        )
        if self._first_frozen is None:
            self._first_frozen = self.eyes

    def _rise(self, t_ns: int, left: float, right: float) -> None:
        eyes = self.eyes
        raised = eyes._replace(
            open_left=min(left, OPEN_MAX) if left > self._rise_ratio * eyes.open_left else eyes.open_left,
            open_right=min(right, OPEN_MAX) if right > self._rise_ratio * eyes.open_right else eyes.open_right,
        )
        if raised != eyes:
            self._before_rise = eyes
            blinks = eyes.alert_blinks
            if blinks is not None:
                unit = (eyes.open_left + eyes.open_right) / (raised.open_left + raised.open_right)
                blinks = blinks.rescaled(unit)
            self.eyes = raised._replace(learnt_ns=t_ns, alert_blinks=blinks)

    def _learn_mouth(self, mouths: Histogram, mouth_ratio: float, duration_ns: int) -> None:
        mouths.add(mouth_ratio, duration_ns)
        if mouths.total_ns < self._learn_ns:
            return
        median = mouths.quantile(0.5)
        mouths.clear()
        if median is not None and median <= MOUTH_NEUTRAL_MAX:
            self.mouth_ratio = median
            self._mouths = None

    def _learn_pose(self, yaw_deg: float, pitch_deg: float, duration_ns: int) -> None:
        if self._yaws is None:
            return
        self._yaws.add(yaw_deg, duration_ns)
        self._pitches.add(pitch_deg, duration_ns)
        if self._yaws.total_ns < self._learn_ns:
            return
        yaw = _middle(self._yaws, self._neutral_yaw_deg, self._margin_deg)
        pitch = _middle(self._pitches, self._neutral_pitch_deg, self._margin_deg)
        if yaw is not None and pitch is not None:
            self.yaw_deg, self.pitch_deg = yaw, pitch
            self._pose_learnt = True
            self._yaws = None
        else:
            self._yaws.clear()
        self._pitches.clear()


def _middle(histogram: Histogram, around: float, margin: float) -> float | None:
    """Median within the margin; None when the driver looked elsewhere for more than half of the time."""
    low, high = around - margin, around + margin
    if 2 * histogram.between_ns(low, high) < histogram.total_ns:
        return None
    return histogram.median_between(low, high)
