"""Alert or drowsy: how the windows of a film become one answer, and where the boundary between the two belongs.

    python tools/train/blink_film_rules.py DATA/rldd_blink_sequences

The daemon's four statistics and its softmax, fitted on three folds; a film of the fourth is judged by the log odds of
drowsy over alert of its windows, put together by one of `RULES`. The boundary is 0 or learnt: what parts most films of
the training side, each judged there by a model of the others. Low vigilant films are fitted and not judged. A minute of
one core. What was found stands in `BLINKS.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from blink_films import fit, interval, load
from blink_statistics import VARIANTS

sys.path.insert(0, str(Path(__file__).parents[1]))
from daily_driving.intervals import binomial_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from blink_films import BlinkSet, Flags
    from blink_models import Floats

    Rule = Callable[[Floats], float]

ALERT: Final = 0
DROWSY: Final = 2
DAEMON: Final = next(variant for variant in VARIANTS if variant.daemon)


def _chance(odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-odds))


RULES: Final[dict[str, Rule]] = {
    "mean of probabilities": lambda odds: float(_chance(odds).mean()) - 0.5,
    "mean of log odds": lambda odds: float(odds.mean()),
    "median": lambda odds: float(np.median(odds)),
    "vote of the windows": lambda odds: float((odds > 0.0).mean()) - 0.5,
    "upper quartile": lambda odds: float(np.quantile(odds, 0.75)),
    "highest window": lambda odds: float(odds.max()),
    "later windows count more": lambda odds: float(np.average(_chance(odds), weights=np.arange(len(odds)) + 1.0)) - 0.5,
}


def film_scores(blinks: BlinkSet, rule: Rule, folds: list[Flags], within: Flags) -> Floats:
    """Score each film of `folds` by a model of the other films `within`; above 0 is drowsy, NaN is not judged."""
    scores = np.full(len(blinks.states), np.nan)
    for fold in folds:
        chances = fit(blinks, DAEMON, within & ~fold).probabilities(blinks.columns(DAEMON))
        odds = np.log(chances[:, DROWSY] / chances[:, ALERT])
        for film in np.flatnonzero(fold & (blinks.states != 1)):
            scores[film] = rule(odds[blinks.films == film])
    return scores


def boundary(scores: Floats, drowsy: Flags) -> float:
    """Return the middle of the boundaries that put most of these films right."""
    ordered = np.sort(scores)
    tried = np.concatenate([[ordered[0] - 1.0], (ordered[1:] + ordered[:-1]) / 2, [ordered[-1] + 1.0]])
    right = np.array([((scores > one) == drowsy).mean() for one in tried])
    return float(np.median(tried[right >= right.max() - 1e-9]))


def compare(blinks: BlinkSet) -> dict[str, Any]:
    """Score every rule with either boundary on films of people whom neither model nor boundary knows."""
    everybody = np.ones(len(blinks.states), bool)
    folds = [blinks.folds == fold for fold in np.unique(blinks.folds)]
    judged = blinks.states != 1
    drowsy = blinks.states == DROWSY
    rows = []
    for name, rule in RULES.items():
        scores = film_scores(blinks, rule, folds, everybody)
        learnt = np.zeros(len(scores), bool)
        for fold in folds:
            inner = film_scores(blinks, rule, [one for one in folds if one is not fold], ~fold)
            seen = ~np.isnan(inner)
            learnt[fold] = scores[fold] > boundary(inner[seen], drowsy[seen])
        rows.append({"rule": name} | _row(scores, learnt, blinks, judged))
    return {"films": int(judged.sum()), "rules": rows}


def _row(scores: Floats, learnt: Flags, blinks: BlinkSet, judged: Flags) -> dict[str, Any]:
    drowsy, people = blinks.states == DROWSY, blinks.people
    at_zero = ((scores > 0.0) == drowsy)[judged]
    awake = blinks.states == ALERT
    high, low = scores[drowsy], scores[awake]
    ordered = [bool(scores[drowsy & (people == one)] > scores[awake & (people == one)]) for one in np.unique(people)]
    return {
        "boundary_0": float(at_zero.mean()),
        "ci95": interval(at_zero, people[judged]),
        "boundary_learnt": float((learnt == drowsy)[judged].mean()),
        "auc": float((high[:, None] > low[None]).mean()),
        "own_films_in_order": [sum(ordered), len(ordered), *binomial_share(sum(ordered), len(ordered))],
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with rldd_blinks.npz: blinks, label, subject, fold")
    options = parser.parse_args()
    if not (options.folder / "rldd_blinks.npz").exists():
        parser.error(f"{options.folder} holds no rldd_blinks.npz: give the folder of the blink sequences")
    print(json.dumps(compare(load(options.folder)), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
