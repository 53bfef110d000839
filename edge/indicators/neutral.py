"""The driver's own resting face, and displayed expressions seen from it.

Learnt: the mean log p over the calmer three quarters of 60 s of valid time without speech, yawns, laughter or
microsleeps, frozen then: a short bout of anger while learning does not enter it, one that lasts all along does.
Referenced: log p minus (the driver's own neutral log p minus the population's), renormalised over the seven classes; so
an angry resting face reads as neutral. [D]
"""

from __future__ import annotations

from math import exp, log
from typing import Final

from edge.types import EXPRESSIONS, NeutralFace, Provenance

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
UNSHIFTED: Final = (1.0,) * len(EXPRESSIONS)
_BINS: Final = 20


class NeutralExpression:
    """Learns one resting face and refers readings to it."""

    __slots__ = ("_elapsed_ns", "_held_ns", "_learn_ns", "_sums", "factors", "known", "valid_ns")

    def __init__(self, learn_ns: int, known: NeutralFace | None = None) -> None:
        self._learn_ns = learn_ns
        self.known = known
        """What was learnt; None before."""
        self.factors = UNSHIFTED if known is None else known.factors
        """What each probability is multiplied with before they are renormalised."""
        self.valid_ns = 0
        self._elapsed_ns = 0
        self._held_ns = [0] * (_BINS + 1)
        self._sums = [[0.0] * len(EXPRESSIONS) for _ in range(_BINS + 1)]

    @property
    def learnt(self) -> bool:
        """Whether the driver's own face is known."""
        return self.known is not None

    @property
    def progress(self) -> float:
        """How far learning is, 0 to 1."""
        return 1.0 if self.known is not None else self.valid_ns / self._learn_ns

    def pass_time(self, duration_ns: int) -> None:
        """Note driving time in which nothing could be learnt: it lowers the quality."""
        self._elapsed_ns += duration_ns

    def advance(self, probabilities: tuple[float, ...], duration_ns: int, *, end_ns: int) -> bool:
        """Learn from a face that showed this up to `end_ns`; True when that made the baseline complete."""
        if self.known is not None:
            return False
        self._elapsed_ns += duration_ns
        if laughs(probabilities):
            return False
        duration_ns = min(duration_ns, self._learn_ns - self.valid_ns)
        index = int((probabilities[ANGER] + probabilities[DISGUST]) * _BINS)
        self._held_ns[index] += duration_ns
        sums = self._sums[index]
        for position, probability in enumerate(probabilities):
            sums[position] += log(max(probability, FLOOR)) * duration_ns
        self.valid_ns += duration_ns
        if self.valid_ns < self._learn_ns:
            return False
        self._freeze(end_ns)
        return True

    def _freeze(self, t_ns: int) -> None:
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
        quality = self.valid_ns / max(self._elapsed_ns, self.valid_ns)
        self.known = NeutralFace(self.factors, Provenance(learnt_ns=t_ns, valid_ns=self.valid_ns, quality=quality))

    def referenced(self, probabilities: tuple[float, ...]) -> tuple[float, ...]:
        """Return one reading's probabilities, referenced to the driver's neutral; as they are until that is learnt."""
        if self.known is None:
            return probabilities
        moved = [probability * factor for probability, factor in zip(probabilities, self.factors, strict=True)]
        total = sum(moved)
        return tuple([share / total for share in moved]) if total > 0.0 else probabilities

    def hostility(self, probabilities: tuple[float, ...]) -> float:
        """Return h of one reading, referenced to the driver's neutral, 0 to 1."""
        shares = self.referenced(probabilities)
        return min(shares[ANGER] + shares[DISGUST], 1.0)


def laughs(probabilities: tuple[float, ...]) -> bool:
    """Whether a face that shows this, not referenced yet, is not at rest."""
    return probabilities[HAPPINESS] + probabilities[SURPRISE] >= LAUGHTER


def trusted(face: NeutralFace) -> NeutralFace | None:
    """Return a resting face from outside with its factors within what can be learnt; None when it is no such thing."""
    if len(face.factors) != len(EXPRESSIONS) or not all(factor > 0.0 for factor in face.factors):
        return None
    factors = [
        min(max(factor, exp(-SHIFT_MAX)), 1.0 if position in (ANGER, DISGUST) else exp(SHIFT_MAX))
        for position, factor in enumerate(face.factors)
    ]
    return NeutralFace(tuple(factors), face.provenance)
