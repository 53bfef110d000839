"""Alert, low vigilant or drowsy, from a window of 30 blinks.

A blink is (frequency, amplitude, duration, velocity), each normalised by the same person's alert blinks,
z = (x - mean) / deviation, as in the UTA-RLDD blink sequences: [S Ghoddoosian et al. 2019, and the authors' code]

- frequency: blinks so far over the time the face was seen so far;
- amplitude: mean of how far the lids fell and of how far they rose again;
- duration: from the first to the last moment that the lids are on their way;
- velocity: mean speed of the opening lids.

Four statistics of the window:

- rate_departure = ln((1 + |median frequency|) / (1/2 + its deviation in the window)): how far the blink rate is from
  the alert one, against how much it still moves;
- heaviness = mean of asinh(duration) - asinh(amplitude): lids that stay down longer and lift less;
- duration_departure, velocity_departure: |mean without the lowest and highest fifth|: blinks unlike the alert ones.

asinh is linear near the alert mean and logarithmic far from it, so that one long closure does not speak for 30 blinks.

The three probabilities, `vigilance_alert`, `vigilance_low_vigilant`, `vigilance_drowsy`, for display, are a softmax
over (0, `LOW_VIGILANT`, `DROWSY`). Fitted by `tools/train/blinks.py` on the 47 persons of folds 1 to 4; what was tried
and what it reached held out stands in `tools/train/BLINKS.md`.

Only heaviness enters `fatigue_level` (`heaviness_share`). The two departures and the rate tell the states of the set
apart, but whatever direction they take; a driver's rate follows talk, light and traffic and has no relation to KSS [S].
"""

from __future__ import annotations

from math import asinh, exp, log, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Blink = tuple[float, float, float, float]
"""Frequency, amplitude, duration, velocity."""

VIGILANCE_STATES: Final = ("alert", "low_vigilant", "drowsy")
"""Order of the probabilities."""
WINDOW_BLINKS: Final = 30
"""[S: the set's windows]"""
TRIM: Final = 5
"""One in five is left out at either end of a trimmed mean [D]."""


class WindowStatistics(NamedTuple):
    """What the model sees of a window."""

    rate_departure: float
    heaviness: float
    duration_departure: float
    velocity_departure: float


class Logit(NamedTuple):
    """Log odds over alert: intercept, and one weight a statistic."""

    intercept: float
    rate_departure: float
    heaviness: float
    duration_departure: float
    velocity_departure: float


# Written by tools/train/blinks.py --write.
LOW_VIGILANT: Final = Logit(
    intercept=-2.872,
    rate_departure=1.196,
    heaviness=2.207,
    duration_departure=1.955,
    velocity_departure=2.041,
)
DROWSY: Final = Logit(
    intercept=-3.252,
    rate_departure=1.227,
    heaviness=3.169,
    duration_departure=1.949,
    velocity_departure=1.967,
)

HEAVINESS_KNOTS: Final = ((0.1, 0.0), (0.2, 0.4), (0.4, 0.8), (1.0, 1.0))
"""Share of the blink term by heaviness: nothing up to the upper quartile of alert films, full from the upper quartile
of drowsy ones; 0.4 and 0.8, where `kss_estimate` leaves 5 and reaches 8, at the film means that part alert from low
vigilant and low vigilant from drowsy, to a tenth, finer than which a bootstrap over persons does not know them [S]."""


def window_statistics(window: Sequence[Blink]) -> WindowStatistics | None:
    """Statistics of the blinks of a window; rows of four zeros fill up a short film and are no blinks.

    None when no blink is left.
    """
    blinks = [blink for blink in window if any(blink)]
    if not blinks:
        return None
    frequencies, amplitudes, durations, velocities = zip(*blinks, strict=True)
    mean = sum(frequencies) / len(blinks)
    deviation = sqrt(sum((frequency - mean) ** 2 for frequency in frequencies) / len(blinks))
    return WindowStatistics(
        rate_departure=log((1.0 + abs(_median(frequencies))) / (0.5 + deviation)),
        heaviness=heaviness(durations, amplitudes),
        duration_departure=abs(_trimmed_mean(durations)),
        velocity_departure=abs(_trimmed_mean(velocities)),
    )


def heaviness(durations: Sequence[float], amplitudes: Sequence[float]) -> float:
    """How heavy the lids are: rises with every duration and falls with every amplitude; both normalised, not empty."""
    return (sum(map(asinh, durations)) - sum(map(asinh, amplitudes))) / len(durations)


def normalised(blink: Blink, mean: Blink, deviation: Blink) -> Blink:
    """Return (x - mean) / deviation of each quantity; deviations above 0."""
    frequency, amplitude, duration, velocity = (
        (x - centre) / spread for x, centre, spread in zip(blink, mean, deviation, strict=True)
    )
    return frequency, amplitude, duration, velocity


def vigilance_probabilities(window: Sequence[Blink]) -> tuple[float, float, float]:
    """Return (alert, low vigilant, drowsy), sum 1, of a window of normalised blinks; all alike without a blink."""
    statistics = window_statistics(window)
    if statistics is None:
        return (1 / 3, 1 / 3, 1 / 3)
    logits = (0.0, _log_odds(LOW_VIGILANT, statistics), _log_odds(DROWSY, statistics))
    highest = max(logits)
    alert, low, drowsy = (exp(logit - highest) for logit in logits)
    total = alert + low + drowsy
    return alert / total, low / total, drowsy / total


def heaviness_share(value: float) -> float:
    """Share of the blink term that this heaviness gives, 0 to 1; never falls."""
    x0, y0 = HEAVINESS_KNOTS[0]
    if value <= x0:
        return y0
    for x1, y1 in HEAVINESS_KNOTS[1:]:
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
        x0, y0 = x1, y1
    return y0


def _log_odds(logit: Logit, statistics: WindowStatistics) -> float:
    return logit.intercept + sum(weight * value for weight, value in zip(logit[1:], statistics, strict=True))


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _trimmed_mean(values: Sequence[float]) -> float:
    cut = len(values) // TRIM
    kept = sorted(values)[cut : len(values) - cut]
    return sum(kept) / len(kept)
