"""What a driver's blinks are like when he is alert: mean and deviation of frequency, amplitude, duration, velocity.

Learnt once, of the first 30 blinks after the open eyes are known (they are the unit of amplitude and velocity), then
frozen. In the set it is the last third of the alert film's blinks [S]; so frequency, a running rate that has to
settle first, is taken of the last third here, the other three of all 30 blinks. Deviations are those of the sample, not
below a floor. A long closure, or a mean duration above 0.4 s, is no alert driver: learning begins anew. [D]
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from edge.types import AlertBlinks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.indicators.vigilance import Blink

BLINKS_NEEDED: Final = 30
"""As many as a window has [D]."""
RATE_BLINKS: Final = BLINKS_NEEDED // 3
LONG_CLOSURE_S: Final = 1.0
DURATION_MEAN_MAX_S: Final = 0.4
"""From the first to the last moment the lids move; 0.1 to 0.4 s on films of people awake [D: measured]."""
DURATION_FLOOR_S: Final = 1 / 30
"""All but one of the set's people have deviations of 0.7 to 4.7 frames [S: the steps of the normalised durations]."""
AMPLITUDE_FLOOR: Final = 0.03
"""Openness of open eyes on films varies by so much from frame to frame [D: measured]."""
VELOCITY_FLOOR_RATIO: Final = 0.1
RATE_FLOOR_RATIO: Final = 0.03
"""Of the mean, for a driver who blinks like a clock [D]."""


class AlertBlinkLearner:
    """Collects the blinks."""

    __slots__ = ("_blinks",)

    def __init__(self) -> None:
        self._blinks: list[Blink] = []

    def clear(self) -> None:
        """Begin anew."""
        self._blinks.clear()

    def add(self, blink: Blink, t_ns: int) -> AlertBlinks | None:
        """Add a blink that is over at `t_ns`; return what was learnt once it is enough."""
        blinks = self._blinks
        if blink[2] >= LONG_CLOSURE_S:
            self.clear()
            return None
        blinks.append(blink)
        if len(blinks) < BLINKS_NEEDED:
            return None
        frequencies, amplitudes, durations, velocities = zip(*blinks, strict=True)
        self.clear()
        rate, rate_deviation = _spread(frequencies[-RATE_BLINKS:])
        amplitude, amplitude_deviation = _spread(amplitudes)
        duration, duration_deviation = _spread(durations)
        velocity, velocity_deviation = _spread(velocities)
        if duration > DURATION_MEAN_MAX_S:
            return None
        return AlertBlinks(
            mean=(rate, amplitude, duration, velocity),
            deviation=(
                max(rate_deviation, RATE_FLOOR_RATIO * rate),
                max(amplitude_deviation, AMPLITUDE_FLOOR),
                max(duration_deviation, DURATION_FLOOR_S),
                max(velocity_deviation, VELOCITY_FLOOR_RATIO * velocity),
            ),
            blinks=len(durations),
            learnt_ns=t_ns,
        )


def rescaled(blinks: AlertBlinks, ratio: float) -> AlertBlinks:
    """Return the same blinks in another unit of openness, `ratio` of the present one."""
    unit = (1.0, ratio, 1.0, ratio)
    return replace(blinks, mean=_times(blinks.mean, unit), deviation=_times(blinks.deviation, unit))


def _spread(values: Sequence[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _times(blink: Blink, factors: Blink) -> Blink:
    frequency, amplitude, duration, velocity = (x * factor for x, factor in zip(blink, factors, strict=True))
    return frequency, amplitude, duration, velocity
