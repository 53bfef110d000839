"""Films of the blink sequences: read, judged by models of other people's films, scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from blink_models import Training, film_means
from blink_statistics import statistics_of
from tqdm import tqdm

if TYPE_CHECKING:
    from pathlib import Path

    from blink_models import Floats, Model
    from blink_statistics import Variant
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

LABELS = {0: 0, 5: 1, 10: 2}
ROUNDS = 5
PARTS = 6
RESAMPLES = 2000


class BlinkSet(NamedTuple):
    """Candidate statistics of all windows, and what is known of the films they come from."""

    names: list[str]
    statistics: Floats
    films: NDArray[np.intp]
    states: NDArray[np.intp]
    people: NDArray[np.str_]
    folds: NDArray[np.int8]

    def columns(self, variant: Variant) -> Floats:
        """Statistics of one variant, (N, D)."""
        return self.statistics[:, [self.names.index(name) for name in variant.statistics]]

    def film_means(self, name: str) -> Floats:
        """Mean of one statistic over the windows of each film."""
        return film_means(self.statistics[:, [self.names.index(name)]], self.films)[:, 0]


class Score(NamedTuple):
    """Accuracy of three states, log loss, and accuracy of alert or drowsy, all of films."""

    accuracy: float
    log_loss: float
    alert_or_drowsy: float


def load(folder: Path) -> BlinkSet:
    """Read the archive and work out all candidate statistics."""
    archive = np.load(folder / "rldd_blinks.npz")
    keys = list(zip(archive["subject"].tolist(), archive["label"].tolist(), archive["fold"].tolist(), strict=True))
    films = sorted(set(keys))
    number = {key: index for index, key in enumerate(films)}
    rows = [statistics_of(w) for w in tqdm(archive["blinks"].astype(np.float64), "windows", disable=None)]
    names = list(rows[0])
    return BlinkSet(
        names,
        np.array([[row[name] for name in names] for row in rows]),
        np.array([number[key] for key in keys]),
        np.array([LABELS[label] for _, label, _ in films]),
        np.array([person for person, _, _ in films]),
        np.array([fold for _, _, fold in films], np.int8),
    )


def fit(blinks: BlinkSet, variant: Variant, trained: Flags) -> Model:
    """Fit on the films that are `trained`."""
    number = np.cumsum(trained) - 1
    windows = trained[blinks.films]
    films = blinks.films[windows]
    return variant.fit(Training(blinks.columns(variant)[windows], blinks.states[films], number[films]), variant.ridge)


def held_out(blinks: BlinkSet, variant: Variant, parts: list[Flags], within: Flags | None = None) -> Floats:
    """Probabilities of films (F, 3), each part judged by a model of the other films (of those `within`)."""
    found = np.full((len(blinks.states), 3), np.nan)
    for part in parts:
        model = fit(blinks, variant, ~part if within is None else within & ~part)
        found[part] = judge(blinks, variant, model)[part]
    return found


def judge(blinks: BlinkSet, variant: Variant, model: Model) -> Floats:
    """Mean probabilities of every film."""
    return film_means(model.probabilities(blinks.columns(variant)), blinks.films)


def parts_of_people(people: NDArray[np.str_], seed: int, within: Flags) -> list[Flags]:
    """Split the persons at random into `PARTS`."""
    order = np.random.default_rng(seed).permutation(np.unique(people[within]))
    return [np.isin(people, part) for part in np.array_split(order, PARTS)]


def score(probabilities: Floats, states: NDArray[np.intp]) -> Score:
    """Score films; rows that were not judged are left out."""
    seen = ~np.isnan(probabilities[:, 0])
    p, y = probabilities[seen], states[seen]
    ends = y != 1
    return Score(
        float((p.argmax(axis=1) == y).mean()),
        float(-np.log(p[np.arange(len(y)), y]).mean()),
        float(((p[ends, 2] > p[ends, 0]) == (y[ends] == 2)).mean()),
    )


def cross_validated(blinks: BlinkSet, variant: Variant, within: Flags) -> Score:
    """Mean score of `ROUNDS` rounds of cross-validation among the films `within`."""
    rounds = [
        score(held_out(blinks, variant, parts_of_people(blinks.people, seed, within), within), blinks.states)
        for seed in range(ROUNDS)
    ]
    return Score(*np.mean(rounds, axis=0))


def interval(right: Flags, people: NDArray[np.str_]) -> tuple[float, float]:
    """95 % bootstrap interval of a share, persons resampled."""
    names, number = np.unique(people, return_inverse=True)
    hits, counts = np.bincount(number, right), np.bincount(number)
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)
