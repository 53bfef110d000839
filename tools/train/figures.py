"""Accuracy, intervals and calibration: the arithmetic behind a model card, on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RESAMPLES = 2000
TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(4.0), 240))


@dataclass(frozen=True)
class Estimate:
    """One figure with its 95 % bootstrap interval and the count of pictures behind it."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def bootstrap(statistic: Callable[[NDArray[np.int64]], float], groups: NDArray[np.generic], seed: int = 0) -> Estimate:
    """Estimate ``statistic(picture indices)``, drawing whole groups (persons) anew, not pictures.

    Pictures of one person resemble each other: an interval drawn over pictures would be too narrow. Where every
    picture is its own group this is the ordinary bootstrap.
    """
    generator = np.random.default_rng(seed)
    _, member = np.unique(groups, return_inverse=True)
    order = np.argsort(member, kind="stable")
    pieces = np.split(order, np.cumsum(np.bincount(member))[:-1])
    found = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(0, len(pieces), len(pieces))
        found.append(statistic(np.concatenate([pieces[k] for k in drawn])))
    low, high = np.nanpercentile(found, (2.5, 97.5))
    return Estimate(statistic(np.arange(len(groups))), float(low), float(high), len(groups))


def share(flags: NDArray[np.bool_], groups: NDArray[np.generic]) -> Estimate:
    """Share of pictures flagged.

    Where none or all are, the bootstrap has no width; the rule of three over the groups (persons) bounds it instead.
    """
    estimate = bootstrap(lambda index: float(flags[index].mean()), groups)
    reach = min(1.0, 3.0 / len(np.unique(groups)))
    if not flags.any():
        return replace(estimate, high=reach)
    if flags.all():
        return replace(estimate, low=1.0 - reach)
    return estimate


def accuracy(found: NDArray[np.int64], truth: NDArray[np.int64], groups: NDArray[np.generic]) -> Estimate:
    """Share of pictures named right."""
    return share(found == truth, groups)


def balanced_accuracy(found: NDArray[np.int64], truth: NDArray[np.int64], groups: NDArray[np.generic]) -> Estimate:
    """Mean of the recalls of the classes present."""

    def mean_recall(index: NDArray[np.int64]) -> float:
        seen = np.bincount(truth[index])
        right = np.bincount(truth[index][found[index] == truth[index]], minlength=len(seen))
        return float((right[seen > 0] / seen[seen > 0]).mean())

    return bootstrap(mean_recall, groups)


def area_under_curve(score: NDArray[np.floating], positive: NDArray[np.bool_], groups: NDArray[np.generic]) -> Estimate:
    """Chance that a positive picture scores above a negative one; ties count half."""

    def area(index: NDArray[np.int64]) -> float:
        high, low = score[index][positive[index]], score[index][~positive[index]]
        if not len(high) or not len(low):
            return float("nan")
        gap = high[:, None] - low[None]
        return float((gap > 0).mean() + 0.5 * (gap == 0).mean())

    return bootstrap(area, groups)


def probabilities(logits: NDArray[np.floating], temperature: float) -> NDArray[np.floating]:
    """Softmax of ``logits / temperature`` over the last axis."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def best_temperature(logits: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Find the temperature of the least negative log likelihood, to about one percent."""
    rows = np.arange(len(truth))
    losses = [-np.log(probabilities(logits, t)[rows, truth] + 1e-12).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def calibration_error(probability: NDArray[np.floating], truth: NDArray[np.int64], bins: int = 15) -> float:
    """Compute the expected calibration error: mean gap between stated and true certainty, weighted by bin."""
    stated = probability.max(1)
    right = probability.argmax(1) == truth
    which = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [abs(stated[which == b].sum() - right[which == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(truth))


def abstain_threshold(probability: NDArray[np.floating], truth: NDArray[np.int64], wanted: float) -> float:
    """Give the lowest largest-probability at which the kept pictures reach ``wanted`` accuracy, in steps of 0.01."""
    stated, right = probability.max(1), probability.argmax(1) == truth
    for threshold in np.arange(0.0, 1.0, 0.01):
        kept = stated >= threshold
        if kept.any() and right[kept].mean() >= wanted:
            return float(threshold)
    return 1.0
