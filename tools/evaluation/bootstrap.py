"""95 % intervals: whole groups (persons, else single items) are drawn anew, figures are worked out on weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Indices = NDArray[np.int64]

FEWEST_SUBJECTS: Final = 5
"""Of fewer, drawing them anew gives a handful of different sets and no interval worth its name [D]."""
RESAMPLES: Final = 2000
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Groups:
    """Which items are drawn together."""

    of_item: Indices
    """Group of each item, 0 to count - 1."""
    count: int
    over: str
    """What a group is: `subject`, or the word for a single item."""


def groups_of(subjects: Sequence[str | None], item_word: str) -> Groups:
    """Group by subject where at least five are known, else every item is its own group.

    Items of one person resemble each other: an interval over items would be too narrow. An item whose subject is not
    known is a group of its own.
    """
    if len({subject for subject in subjects if subject}) < FEWEST_SUBJECTS:
        return Groups(np.arange(len(subjects)), len(subjects), item_word)
    numbers: dict[object, int] = {}
    of_item = [
        numbers.setdefault(subject or ("unknown", place), len(numbers)) for place, subject in enumerate(subjects)
    ]
    return Groups(np.array(of_item, np.int64), len(numbers), "subject")


def intervals(figures: Callable[[Doubles], Doubles], groups: Groups) -> Doubles:
    """Return the 2.5th and the 97.5th percentile (2, F) of `figures(weight of each item)`; NaN where never defined."""
    table = np.array([figures(weights) for weights in _draws(groups)])
    ends = np.full((2, table.shape[1]), np.nan)
    known = ~np.isnan(table).all(axis=0)
    if known.any():
        ends[:, known] = np.nanpercentile(table[:, known], (2.5, 97.5), axis=0)
    return ends


def mean_of_draws(figure: Callable[[Doubles], float], groups: Groups) -> float:
    """Return the mean of a figure over the same draws, those in which it is not defined left out."""
    return float(np.nanmean([figure(weights) for weights in _draws(groups)]))


def _draws(groups: Groups) -> Iterator[Doubles]:
    """Yield the weight of each item: how often its group was drawn."""
    generator = np.random.default_rng(SEED)
    for _ in range(RESAMPLES):
        drawn = np.bincount(generator.integers(0, groups.count, groups.count), minlength=groups.count)
        yield drawn[groups.of_item].astype(np.float64)


def widened(value: float, low: float, high: float, groups: int) -> tuple[float, float]:
    """Give width to the interval of a share of 0 or 1, in which the bootstrap has none: the rule of three."""
    reach = min(1.0, 3.0 / max(groups, 1))
    if value <= 0.0:
        return 0.0, max(high, reach)
    if value >= 1.0:
        return min(low, 1.0 - reach), 1.0
    return low, high
