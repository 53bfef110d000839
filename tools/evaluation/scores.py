"""Accuracy, balanced accuracy, recall and precision a class, calibration, area under the curve; with intervals.

An item without an answer is wrong, never left out: in the confusion it has a column of its own, and in a ranking it
stands at the wrong end. Only the calibration error, which compares what was stated with what was right, has to leave
it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluation.binary import Ranking
from evaluation.bootstrap import groups_of, intervals, mean_of_draws, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluation.answers import Answer
    from evaluation.bootstrap import Doubles, Groups, Indices

CALIBRATION_BINS: Final = 15
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """Items with a truth and an answer each, in the same order."""

    labels: tuple[str, ...]
    """What an answer is chosen among; the first is the positive one of two."""
    truth: Sequence[str]
    answers: Sequence[Answer]
    subjects: Sequence[str | None]
    places: Sequence[int] = ()
    """Where each stands in its set; empty for items that are not pictures of one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure with its 95 % interval; NaN where it is not defined."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One label's figures."""

    count: int
    recall: Estimate
    precision: Estimate


@dataclass(frozen=True, slots=True)
class Scores:
    """All figures of one set."""

    count: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    area: Estimate
    """Of two labels only."""
    calibration_error: Estimate
    per_class: dict[str, ClassFigures]
    confusion: dict[str, dict[str, int]]
    """Truth to answer to number; the answer `none` is a face that was not found."""
    by_subject: dict[str, tuple[int, float, float]]
    """Number of items, accuracy and balanced accuracy."""
    groups: Groups


class _Table:
    """The items as arrays, and all figures at once for one weight an item."""

    def __init__(self, scored: Scored) -> None:
        labels = scored.labels
        self.size = size = len(labels)
        places = {label: place for place, label in enumerate(labels)}
        stated = [answer.among(labels) for answer in scored.answers]
        nothing = (float("nan"),) * size
        self.shares = np.array([nothing if one is None else one for one in stated], np.float64).reshape(-1, size)
        self.answered = ~np.isnan(self.shares[:, 0])
        self.truth: Indices = np.array([places[label] for label in scored.truth], np.int64)
        self.found: Indices = np.full(len(self.truth), size, np.int64)
        self.found[self.answered] = self.shares[self.answered].argmax(1)
        self._cell = self.truth * (size + 1) + self.found
        self._ranking = self._ranked() if size == 2 else None
        sure = np.where(self.answered, np.nan_to_num(self.shares).max(1), 0.0)
        self._bin = np.minimum((sure * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        self._gap = np.where(self.answered, sure - (self.found == self.truth), 0.0)

    def _ranked(self) -> Ranking:
        positive = self.truth == 0
        wrong_end = np.where(positive, -1.0, 2.0)
        return Ranking(np.where(self.answered, np.nan_to_num(self.shares[:, 0]), wrong_end), positive)

    def confusion(self, weights: Doubles) -> Doubles:
        """Truth by answer (K, K + 1); the last column is no answer."""
        cells = np.bincount(self._cell, weights, self.size * (self.size + 1))
        return cells.reshape(self.size, self.size + 1)

    def figures(self, weights: Doubles) -> Doubles:
        """Accuracy, balanced accuracy, area, calibration error, K recalls, K precisions."""
        confusion = self.confusion(weights)
        counts, hits = confusion.sum(1), confusion[:, :-1].diagonal()
        recalls, precisions = _ratio(hits, counts), _ratio(hits, confusion[:, :-1].sum(0))
        present = counts > 0
        balanced = recalls[present].mean() if present.any() else np.nan
        area = self._ranking.area(weights) if self._ranking else np.nan
        return np.array([hits.sum() / counts.sum(), balanced, area, self.error(weights), *recalls, *precisions])

    def error(self, weights: Doubles) -> float:
        """Calibration error: gaps between stated and true share of right answers, a bin each, over all answers."""
        stated = float((weights * self.answered).sum())
        gaps = float(np.abs(np.bincount(self._bin, weights * self._gap, CALIBRATION_BINS)).sum())
        return gaps / stated if stated else float("nan")


def _ratio(part: Doubles, whole: Doubles) -> Doubles:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def score(scored: Scored, item_word: str) -> Scores:
    """Work out all figures of at least one item."""
    table = _Table(scored)
    groups = groups_of(scored.subjects, item_word)
    ones = np.ones(len(table.truth))
    values, ends = table.figures(ones), intervals(table.figures, groups)
    accuracy, balanced, area, error, *classes = [
        Estimate(value, (low, high)) for value, low, high in zip(values.tolist(), *ends.tolist(), strict=True)
    ]
    size, counts = table.size, np.bincount(table.truth, minlength=table.size).tolist()
    recalls = [_share(one, groups, table.truth == place) for place, one in enumerate(classes[:size])]
    precisions = [_share(one, groups, table.found == place) for place, one in enumerate(classes[size:])]
    confusion = table.confusion(ones).astype(int).tolist()
    answers = (*scored.labels, "none")
    return Scores(
        count=len(table.truth),
        accuracy=_share(accuracy, groups, ones > 0),
        balanced_accuracy=_balanced(balanced, recalls),
        area=area,
        calibration_error=_unbiased(error, table, groups),
        per_class={
            label: ClassFigures(*figures)
            for label, *figures in zip(scored.labels, counts, recalls, precisions, strict=True)
        },
        confusion={
            label: {answer: number for answer, number in zip(answers, row, strict=True) if number}
            for label, row in zip(scored.labels, confusion, strict=True)
        },
        by_subject=_by_subject(table, scored.subjects),
        groups=groups,
    )


def _share(estimate: Estimate, groups: Groups, concerned: NDArray[np.bool_]) -> Estimate:
    """Widen the interval of a share by the number of groups among the items that it is a share of."""
    own = len(np.unique(groups.of_item[concerned]))
    return Estimate(estimate.value, widened(estimate.value, *estimate.interval, own))


def _unbiased(estimate: Estimate, table: _Table, groups: Groups) -> Estimate:
    """Move the interval of the calibration error down by what drawing items anew adds to it.

    A sum of absolute gaps only grows with noise: the error of a drawn set is on average larger than that of the set it
    was drawn from, as that one is larger than the truth's.
    """
    if np.isnan(estimate.value):
        return estimate
    bias = max(0.0, mean_of_draws(table.error, groups) - estimate.value)
    low, high = (max(0.0, end - bias) for end in estimate.interval)
    return Estimate(estimate.value, (min(low, estimate.value), max(high, estimate.value)))


def _balanced(estimate: Estimate, recalls: Sequence[Estimate]) -> Estimate:
    """Give a balanced accuracy of 0 or 1 the mean of its recalls' intervals."""
    if 0.0 < estimate.value < 1.0:
        return estimate
    there = [recall.interval for recall in recalls if not np.isnan(recall.value)]
    low, high = (sum(ends) / len(there) for ends in zip(*there, strict=True))
    return Estimate(estimate.value, (low, high))


def _by_subject(table: _Table, subjects: Sequence[str | None]) -> dict[str, tuple[int, float, float]]:
    members: dict[str, list[int]] = {}
    for place, subject in enumerate(subjects):
        if subject:
            members.setdefault(subject, []).append(place)
    right = (table.found == table.truth).astype(np.float64)
    found = {}
    for subject in sorted(members):
        places = np.array(members[subject])
        counts = np.bincount(table.truth[places])
        hits = np.bincount(table.truth[places], right[places])
        recalls = hits[counts > 0] / counts[counts > 0]
        found[subject] = (len(places), float(right[places].mean()), float(recalls.mean()))
    return found
