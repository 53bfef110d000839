"""Displayed hostility and its share of time: `anger_frame`, `displayed_anger`. Displayed, never felt.

- Referenced probabilities: log p minus (the driver's own neutral log p minus the population's), renormalised over the
  seven classes; so an angry resting face reads as neutral. [D]
- `anger_frame`: h = p(anger) + p(disgust) so referenced, 0 to 1; an anger frame from 0.35 on, and only with valence at
  most -0.2 and arousal at least 0.2 where these exist. [D]
- `displayed_anger`: anger time over valid time, 30 s (at least 20 s valid) and 60 s. Speaking and yawning time is
  excluded from both. (simulated)

The own neutral is the mean log p over the calmer three quarters of 60 s of valid time without speech, yawns or
laughter, frozen then: a short bout of anger while learning does not enter it, a face that looks angry all along does.
Until it is learnt the population's neutral serves, and with the wider margin that at least 10 s of a calm face were
seen: a face that looked angry from the first moment may be nothing but the driver's face.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S, TimeWindow
from edge.types import EXPRESSIONS

if TYPE_CHECKING:
    from edge.config.rules import Anger as AngerRules

ANGER: Final = EXPRESSIONS.index("anger")
DISGUST: Final = EXPRESSIONS.index("disgust")
HAPPINESS: Final = EXPRESSIONS.index("happiness")
SURPRISE: Final = EXPRESSIONS.index("surprise")
POPULATION_NEUTRAL: Final = tuple(log(0.7) if name == "neutral" else log(0.05) for name in EXPRESSIONS)
"""Mean log probabilities of a resting face of the population: 0.7 neutral, the rest even [D]."""
FLOOR: Final = 0.01
"""Smaller probabilities are noise of the network and count as this when learning [D]."""
SHIFT_MAX: Final = 3.0
"""The neutral face explains a factor of 20 in odds and no more, so that strong displays still show [D]."""
LAUGHTER: Final = 0.7
"""From p(happiness) + p(surprise) on, the face is not at rest: before it is referenced, a resting face may be given
half, a smile is given more than nine tenths [D: measured on films]."""
CALMER_SHARE: Final = 0.75
"""Of the learning time, so much is taken, the calmest first: a short bout of anger does not enter it [D]."""
CALM_NEEDED_NS: Final = 10 * NS_PER_S
VALENCE_MAX: Final = -0.2
AROUSAL_MIN: Final = 0.2
"""Support from valence and arousal [D, from the scale of the near-infrared set]."""
_BINS: Final = 20


class NeutralExpression:
    """The driver's own resting face."""

    __slots__ = ("_held_ns", "_learn_ns", "_sums", "factors", "learnt", "valid_ns")

    def __init__(self, learn_ns: int) -> None:
        self._learn_ns = learn_ns
        self.learnt = False
        self.valid_ns = 0
        self.factors: tuple[float, ...] = (1.0,) * len(EXPRESSIONS)
        """What each probability is multiplied with before they are renormalised."""
        self._held_ns = [0] * (_BINS + 1)
        self._sums = [[0.0] * len(EXPRESSIONS) for _ in range(_BINS + 1)]

    def advance(self, probabilities: tuple[float, ...], duration_ns: int) -> None:
        """Learn from a resting face that showed this for so long; once, then it stands."""
        if self.learnt or probabilities[HAPPINESS] + probabilities[SURPRISE] >= LAUGHTER:
            return
        duration_ns = min(duration_ns, self._learn_ns - self.valid_ns)
        index = int((probabilities[ANGER] + probabilities[DISGUST]) * _BINS)
        self._held_ns[index] += duration_ns
        sums = self._sums[index]
        for position, probability in enumerate(probabilities):
            sums[position] += log(max(probability, FLOOR)) * duration_ns
        self.valid_ns += duration_ns
        if self.valid_ns >= self._learn_ns:
            self._freeze()

    def _freeze(self) -> None:
        held_ns = 0
        sums = [0.0] * len(EXPRESSIONS)
        for bin_ns, bin_sums in zip(self._held_ns, self._sums, strict=True):
            held_ns += bin_ns
            sums = [a + b for a, b in zip(sums, bin_sums, strict=True)]
            if held_ns >= CALMER_SHARE * self.valid_ns:
                break
        factors = []
        for position, total in enumerate(sums):
            shift = total / held_ns - POPULATION_NEUTRAL[position]
            # A mild resting face must not make anger easier to see in it than in anybody's.
            lowest = 0.0 if position in (ANGER, DISGUST) else -SHIFT_MAX
            factors.append(exp(-min(max(shift, lowest), SHIFT_MAX)))
        self.factors = tuple(factors)
        self.learnt = True

    def referenced(self, probabilities: tuple[float, ...]) -> tuple[float, ...]:
        """Return one reading's probabilities, referenced to the driver's neutral; as they are until that is learnt."""
        if not self.learnt:
            return probabilities
        moved = [probability * factor for probability, factor in zip(probabilities, self.factors, strict=True)]
        total = sum(moved)
        return tuple([share / total for share in moved]) if total > 0.0 else probabilities

    def hostility(self, probabilities: tuple[float, ...]) -> float:
        """Return h of one reading, referenced to the driver's neutral, 0 to 1."""
        shares = self.referenced(probabilities)
        return min(shares[ANGER] + shares[DISGUST], 1.0)


class AngerTracker:
    """Anger time and valid time of the last 30 and 60 s."""

    __slots__ = (
        "_anger_long",
        "_anger_short",
        "_calm_ns",
        "_hostility_min",
        "_judged",
        "_judged_hostility",
        "_min_valid_ns",
        "_valid_long",
        "_valid_short",
        "hostility",
        "neutral",
        "share30",
        "share60",
    )

    SHORT_NS: Final = 30 * NS_PER_S
    LONG_NS: Final = 60 * NS_PER_S

    def __init__(self, rules: AngerRules, learn_ns: int) -> None:
        self.neutral = NeutralExpression(learn_ns)
        self._valid_short = TimeWindow(self.SHORT_NS)
        self._valid_long = TimeWindow(self.LONG_NS)
        self._anger_short = TimeWindow(self.SHORT_NS)
        self._anger_long = TimeWindow(self.LONG_NS)
        self._calm_ns = 0
        self.configure(rules)
        self.reset()

    def configure(self, rules: AngerRules) -> None:
        """Take new thresholds from now on."""
        self._hostility_min = rules.hostility
        self._min_valid_ns = round(rules.min_valid30_s * NS_PER_S)

    def reset(self) -> None:
        """Forget the windows; what was learnt of the driver stays."""
        for window in (self._valid_short, self._valid_long, self._anger_short, self._anger_long):
            window.clear()
        self._judged: tuple[float, ...] | None = None
        self._judged_hostility = 0.0
        self.hostility: float | None = None
        self.share30: float | None = None
        self.share60: float | None = None

    @property
    def referenced(self) -> bool:
        """Whether enough is known of the driver's resting face to call a display anger."""
        return self.neutral.learnt or self._calm_ns >= CALM_NEEDED_NS

    def advance(
        self,
        start_ns: int,
        end_ns: int,
        probabilities: tuple[float, ...] | None,
        affect: tuple[float | None, float | None],
        *,
        learning: bool,
    ) -> None:
        """Hold one reading from `start_ns` to `end_ns`; None when it is not valid (abstained, speech, yawn)."""
        if probabilities is None:
            self.hostility = None
        else:
            if probabilities is not self._judged:
                self._judged = probabilities
                self._judged_hostility = self.neutral.hostility(probabilities)
            self.hostility = hostility = self._judged_hostility
            self._valid_short.add(start_ns, end_ns)
            self._valid_long.add(start_ns, end_ns)
            if self.is_anger(hostility, affect):
                self._anger_short.add(start_ns, end_ns)
                self._anger_long.add(start_ns, end_ns)
            elif not self.neutral.learnt:
                self._calm_ns += end_ns - start_ns
            if learning and not self.neutral.learnt:
                self.neutral.advance(probabilities, end_ns - start_ns)
                if self.neutral.learnt:
                    # What the windows hold was judged by the population's neutral.
                    self.reset()

    def judge(self, end_ns: int) -> None:
        """Work out the shares at `end_ns`."""
        valid_ns = self._valid_short.sum_ns(end_ns)
        self.share30 = self._anger_short.sum_ns(end_ns) / valid_ns if valid_ns >= self._min_valid_ns else None
        valid_ns = self._valid_long.sum_ns(end_ns)
        self.share60 = self._anger_long.sum_ns(end_ns) / valid_ns if 2 * valid_ns >= self.LONG_NS else None

    def is_anger(self, hostility: float, affect: tuple[float | None, float | None]) -> bool:
        """Tell whether one reading is an anger frame."""
        valence, arousal = affect
        return (
            hostility >= self._hostility_min
            and (valence is None or valence <= VALENCE_MAX)
            and (arousal is None or arousal >= AROUSAL_MIN)
        )

    def sums_ns(self, now_ns: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return anger time and valid time of the 30-s and of the 60-s window."""
        return (
            (self._anger_short.sum_ns(now_ns), self._valid_short.sum_ns(now_ns)),
            (self._anger_long.sum_ns(now_ns), self._valid_long.sum_ns(now_ns)),
        )

    def valid_fractions(self, now_ns: int) -> tuple[float, float]:
        """Return the valid share of the 30-s and the 60-s window."""
        return self._valid_short.sum_ns(now_ns) / self.SHORT_NS, self._valid_long.sum_ns(now_ns) / self.LONG_NS
