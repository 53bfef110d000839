"""Displayed hostility, anger and disgust read together, against everything else that was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge.config.rules import Anger
from edge.types import EXPRESSIONS
from evaluation.binary import Ranking
from evaluation.bootstrap import groups_of, intervals

if TYPE_CHECKING:
    from evaluation.bootstrap import Doubles
    from evaluation.scores import Scored

HOSTILE: Final = ("anger", "disgust")
FALSE_SHARE: Final = 0.05
"""Of faces that are not hostile, so many may be called so [S: the aim that is set for the network]."""

_FIGURES: Final = ("auc", "recall_at_5_percent_false", "recall_at_threshold", "false_at_threshold")


def hostility(scored: Scored) -> dict[str, object] | None:
    """Return the figures of p(anger) + p(disgust) among the published classes; None without both kinds of faces.

    A face that was not found raises no alarm: a hostile one is missed, another one is not falsely called hostile.
    """
    positive = np.array([label in HOSTILE for label in scored.truth])
    if positive.all() or not positive.any():
        return None
    places = [EXPRESSIONS.index(label) for label in HOSTILE]
    stated = [answer.among(EXPRESSIONS) for answer in scored.answers]
    height = np.array([-1.0 if shares is None else sum(shares[place] for place in places) for shares in stated])
    ranking = Ranking(height, positive)
    threshold = Anger().hostility
    above = height >= threshold

    def figures(weights: Doubles) -> Doubles:
        yes, no = (weights * positive).sum(), (weights * ~positive).sum()
        recall = (weights * (positive & above)).sum() / yes if yes else np.nan
        false = (weights * (~positive & above)).sum() / no if no else np.nan
        return np.array([ranking.area(weights), ranking.recall_at(FALSE_SHARE, weights), recall, false])

    values = figures(np.ones(len(height))).tolist()
    ends = intervals(figures, groups_of(scored.subjects, "picture")).T.tolist()
    return {
        "n_hostile": int(positive.sum()),
        "n_other": int((~positive).sum()),
        "threshold": threshold,
        **dict(zip(_FIGURES, values, strict=True)),
        "ci95": dict(zip(_FIGURES, ends, strict=True)),
    }
