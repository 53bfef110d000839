"""Figures of one score against yes and no: area under the curve, and recall at a share of false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evaluation.bootstrap import Doubles


class Ranking:
    """Items sorted by score; items of the same score form one step, which is taken whole."""

    def __init__(self, score: Doubles, positive: NDArray[np.bool_]) -> None:
        steps, self._step = np.unique(score, return_inverse=True)
        self._count = len(steps)
        self._positive = positive

    def _steps(self, weights: Doubles) -> tuple[Doubles, Doubles]:
        """Weight of positives and of negatives on each step, lowest score first."""
        yes = np.bincount(self._step, weights * self._positive, self._count)
        no = np.bincount(self._step, weights * ~self._positive, self._count)
        return yes, no

    def area(self, weights: Doubles) -> float:
        """Chance that a positive scores above a negative, ties half; NaN without either."""
        yes, no = self._steps(weights)
        pairs = yes.sum() * no.sum()
        if not pairs:
            return float("nan")
        below = np.cumsum(no) - no
        return float((yes * (below + no / 2)).sum() / pairs)

    def recall_at(self, false_share: float, weights: Doubles) -> float:
        """Largest share of positives above a threshold that at most this share of negatives exceeds; NaN without."""
        yes, no = self._steps(weights)
        if not yes.sum() or not no.sum():
            return float("nan")
        false_shares = np.cumsum(no[::-1]) / no.sum()
        # The small term: a share of exactly 5 % is allowed, whatever the rounding of the sum.
        allowed = int(np.searchsorted(false_shares, false_share + 1e-12, side="right"))
        return float(yes[::-1][:allowed].sum() / yes.sum())
