"""Where films of alert, low vigilant and drowsy people part by heavy lids: the knots of the blink term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from blink_films import interval

from edge.indicators import vigilance

if TYPE_CHECKING:
    from blink_films import BlinkSet
    from blink_models import Floats
    from numpy.typing import NDArray

THRESHOLD_RESAMPLES = 200
KSS_STEPS = (40.0, 60.0, 80.0)
SHARES = [share for _, share in vigilance.HEAVINESS_KNOTS]


def boundaries(heaviness: Floats, states: NDArray[np.intp], people: NDArray[np.str_]) -> tuple[float, float]:
    """Film means at which alert parts from low vigilant and that from drowsy: most films right, median of resamples."""
    random = np.random.default_rng(0)
    names = np.unique(people)
    grid = np.arange(-0.5, 2.0, 0.02)
    found = []
    for _ in range(THRESHOLD_RESAMPLES):
        rows = np.concatenate([np.flatnonzero(people == name) for name in random.choice(names, len(names))])
        x, y = heaviness[rows], states[rows]
        alert = ((x[None] < grid[:, None]) & (y == 0)).sum(axis=1)
        drowsy = ((x[None] >= grid[:, None]) & (y == 2)).sum(axis=1)
        below = ((x[None] < grid[:, None]) & (y == 1)).sum(axis=1)
        right = alert[:, None] + drowsy[None] + np.triu(below[None] - below[:, None])
        right[np.tril_indices(len(grid), -1)] = -1
        found.append([grid[index] for index in np.unravel_index(int(right.argmax()), right.shape)])
    low, high = np.median(found, axis=0)
    return float(low), float(high)


def knots_of(blinks: BlinkSet, within: NDArray[np.bool_]) -> list[float]:
    """Return the heaviness at shares 0, 0.4, 0.8 and 1 of the blink term, from the films `within`."""
    x = blinks.film_means("heaviness")[within]
    states = blinks.states[within]
    low, high = boundaries(x, states, blinks.people[within])
    return [float(np.quantile(x[states == 0], 0.75)), low, high, float(np.quantile(x[states == 2], 0.75))]


def kss_steps_held_out(blinks: BlinkSet) -> dict[str, Any]:
    """Judge films of each fold by `kss_estimate` with knots of the other three, as if blinks were all there is."""
    x = blinks.film_means("heaviness")
    steps = np.zeros(len(x), int)
    for fold in np.unique(blinks.folds):
        test = blinks.folds == fold
        level = 100.0 * np.interp(x[test], knots_of(blinks, ~test), SHARES)
        steps[test] = np.digitize(level, KSS_STEPS)
    alert, drowsy = blinks.states == 0, blinks.states == 2
    asked = {
        "alert films at <=5": (steps[alert] == 0, alert),
        "films that are not alert at 6 and above": (steps[~alert] > 0, ~alert),
        "drowsy films at 7 and above": (steps[drowsy] > 1, drowsy),
        "drowsy films at 8+": (steps[drowsy] == 3, drowsy),
        "alert films at 8+": (steps[alert] == 3, alert),
    }
    return {
        "films_by_kss_step": {
            state: np.bincount(steps[blinks.states == index], minlength=4).tolist()
            for index, state in enumerate(vigilance.VIGILANCE_STATES)
        },
        "rank_correlation": _rank_correlation(steps, blinks.states),
        "shares": {
            name: {"share": float(hit.mean()), "ci95": interval(hit, blinks.people[rows])}
            for name, (hit, rows) in asked.items()
        },
    }


def _rank_correlation(a: NDArray[np.intp], b: NDArray[np.intp]) -> float:
    """Spearman's, ties at their mean rank; 0 when all of one side are alike."""
    if len(np.unique(a)) == 1 or len(np.unique(b)) == 1:
        return 0.0

    def ranks(x: NDArray[np.intp]) -> Floats:
        _, number, counts = np.unique(x, return_inverse=True, return_counts=True)
        ends: Floats = np.cumsum(counts) - (counts - 1) / 2.0
        return ends[number]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def heaviness_report(blinks: BlinkSet) -> dict[str, Any]:
    """Fit the knots of the blink term on films, and count the films of each state by step of `kss_estimate`."""
    x = blinks.film_means("heaviness")
    alert, drowsy = x[blinks.states == 0], x[blinks.states == 2]
    knots = knots_of(blinks, np.ones(len(x), bool))
    right = np.zeros(len(x), bool)
    for fold in np.unique(blinks.folds):
        test = blinks.folds == fold
        a, b = boundaries(x[~test], blinks.states[~test], blinks.people[~test])
        right[test] = np.digitize(x[test], (a, b)) == blinks.states[test]
    ends = blinks.states != 1
    ranks = np.argsort(np.argsort(x[ends]))[blinks.states[ends] == 2]
    auc = (ranks.sum() - len(drowsy) * (len(drowsy) - 1) / 2) / len(drowsy) / len(alert)
    steps = np.digitize([100.0 * vigilance.heaviness_share(float(value)) for value in x], KSS_STEPS)
    return {
        "knots": knots,
        "auc_alert_drowsy": float(auc),
        "kss_held_out": kss_steps_held_out(blinks),
        "three_states_by_two_boundaries": float(right.mean()),
        "three_states_ci95": interval(right, blinks.people),
        "films_by_kss_step": {
            state: np.bincount(steps[blinks.states == index], minlength=4).tolist()
            for index, state in enumerate(vigilance.VIGILANCE_STATES)
        },
    }
