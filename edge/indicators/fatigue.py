"""Fusion of the fatigue cues: `fatigue_level` 0 to 100 and `kss_estimate`.

`fatigue_level` = 45 PERCLOS + 30 blinks and closure durations + 20 microsleep rate + 5 yawns and nods, each term a
piecewise linear function from 0 to 1 that never falls: the level is monotone in every cue. [D on S]

- PERCLOS: half at 0.08 (the notice threshold), three quarters at 0.15, full at 0.30; mean of the 60-s and the 180-s
  value where both exist, so that one long closure does not stand for a minute of drowsiness.
- Blinks and closure durations: `heaviness` of the last 30 blinks against the driver's own alert ones, scaled by films
  of UTA-RLDD (`vigilance.py`) [S]. Until his alert blinks and 30 blinks are known: 60 % from `mean_closure_ratio`
  (nothing at 1.0, half at 1.4, full at 2.0: AUC 0.82 published for it), 40 % from `long_blink_share` (nothing up to
  2 %, as alert people have, half at 10 %, full at 25 %).
- Microsleeps: the second within 10 min matters most; full at four.
- Yawns and nods: at most 5 together, so never a level alone.

`kss_estimate`: below 40 at most 5, below 60 6, below 80 7, else 8 or more; an estimate always. The films of UTA-RLDD
were labelled by KSS: alert 1 to 3, low vigilant 6 and 7, drowsy 8 and 9 [S, second hand]. The blink term alone, as if
all 100 points were its own, is scaled so that 40 and 80 fall where alert films part from low vigilant and those from
drowsy ones; how many films of each state reach which step stands in `tools/train/BLINKS.md`. The set has no yawns, nods
or closures of its own, so the other terms' share in the steps is [D].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from edge.indicators.vigilance import heaviness_share

if TYPE_CHECKING:
    from edge.config.rules import Rules

Knots = tuple[tuple[float, float], ...]

PERCLOS_POINTS: Final = 45.0
BLINK_POINTS: Final = 30.0
MICROSLEEP_POINTS: Final = 20.0
EVIDENCE_POINTS: Final = 5.0
PERCLOS_KNOTS: Final[Knots] = ((0.0, 0.0), (0.08, 0.5), (0.15, 0.75), (0.30, 1.0))
CLOSURE_RATIO_KNOTS: Final[Knots] = ((1.0, 0.0), (1.4, 0.5), (2.0, 1.0))
LONG_SHARE_KNOTS: Final[Knots] = ((0.02, 0.0), (0.10, 0.5), (0.25, 1.0))
MICROSLEEP_KNOTS: Final[Knots] = ((0.0, 0.0), (1.0, 0.3), (2.0, 0.75), (4.0, 1.0))
CLOSURE_RATIO_SHARE: Final = 0.6
LONG_SHARE_CUE: Final = 0.1
"""From here on long blinks are a cue of their own [D]."""
HEAVINESS_CUE: Final = 0.4
"""From here on heavy lids are: one in fifty alert films is above, half of the drowsy ones are [S: UTA-RLDD]."""
KSS_STEPS: Final = ((40.0, "<=5", 5.0), (60.0, "6", 6.0), (80.0, "7", 7.0))


class Cues(NamedTuple):
    """The cues at one moment; None where a cue has no value."""

    perclos60: float | None = None
    perclos180: float | None = None
    mean_closure_ratio: float | None = None
    long_blink_share: float | None = None
    microsleep_rate: int = 0
    yawns10: int = 0
    nods10: int = 0
    heaviness: float | None = None


def rising(value: float, knots: Knots) -> float:
    """Piecewise linear through the knots, flat beyond them."""
    x0, y0 = knots[0]
    if value <= x0:
        return y0
    for x1, y1 in knots[1:]:
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
        x0, y0 = x1, y1
    return y0


def fatigue_level(cues: Cues, rules: Rules) -> float | None:
    """Fuse the cues, 0 to 100; None while PERCLOS has no value, because the others alone do not carry it."""
    if cues.perclos60 is None:
        return None
    perclos = rising(cues.perclos60, PERCLOS_KNOTS)
    if cues.perclos180 is not None:
        perclos = (perclos + rising(cues.perclos180, PERCLOS_KNOTS)) / 2
    evidence = (
        min(cues.yawns10 / rules.yawn.evidence_count, 1.0) + min(cues.nods10 / rules.nod.evidence_count, 1.0)
    ) / 2
    return (
        PERCLOS_POINTS * perclos
        + BLINK_POINTS * blink_term(cues)
        + MICROSLEEP_POINTS * rising(float(cues.microsleep_rate), MICROSLEEP_KNOTS)
        + EVIDENCE_POINTS * evidence
    )


def blink_term(cues: Cues) -> float:
    """How much the blinks speak for fatigue, 0 to 1."""
    if cues.heaviness is not None:
        return heaviness_share(cues.heaviness)
    term = 0.0
    if cues.mean_closure_ratio is not None:
        term += CLOSURE_RATIO_SHARE * rising(cues.mean_closure_ratio, CLOSURE_RATIO_KNOTS)
    if cues.long_blink_share is not None:
        term += (1.0 - CLOSURE_RATIO_SHARE) * rising(cues.long_blink_share, LONG_SHARE_KNOTS)
    return term


def independent_cues(cues: Cues, rules: Rules) -> int:
    """How many kinds of evidence speak for fatigue: PERCLOS, blinks, microsleeps, yawns, nods."""
    perclos = max(cues.perclos60 or 0.0, cues.perclos180 or 0.0) >= rules.perclos.notice_ratio
    durations = (
        (cues.mean_closure_ratio is not None and cues.mean_closure_ratio >= rules.blink.closure_ratio)
        or (cues.long_blink_share is not None and cues.long_blink_share >= LONG_SHARE_CUE)
        or (cues.heaviness is not None and cues.heaviness >= HEAVINESS_CUE)
    )
    return (
        int(perclos)
        + int(durations)
        + int(cues.microsleep_rate >= 1)
        + int(cues.yawns10 >= rules.yawn.evidence_count)
        + int(cues.nods10 >= rules.nod.evidence_count)
    )


def kss_estimate(level: float | None) -> tuple[str, float] | None:
    """Return the sleepiness step that the level stands for, as text and as its lower number."""
    if level is None:
        return None
    for below, text, number in KSS_STEPS:
        if level < below:
            return text, number
    return "8+", 8.0
