"""Small models from window statistics to alert, low vigilant and drowsy; plain Newton steps, nothing but numpy.

Every film counts the same: a window weighs 1 / (windows of its film). Statistics are standardised on the training
films and the ridge acts on the standardised weights, never on the intercepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Fit = Callable[["Training", float], "Model"]

CLASSES = 3
NEWTON_STEPS = 25
CONVERGED = 1e-6
THROUGH_MEAN_ROUNDS = 8


class Training(NamedTuple):
    """Statistics of windows (N, D), state of each 0 to 2, and the film it belongs to, 0 to F-1 without holes."""

    statistics: Floats
    states: NDArray[np.intp]
    films: NDArray[np.intp]

    @property
    def weights(self) -> Floats:
        """1 / (windows of the film), one a window."""
        return 1.0 / np.bincount(self.films)[self.films]


@dataclass(frozen=True)
class Model:
    """Logits of low vigilant and drowsy over alert: intercept, then one weight a statistic in its own unit, (2, D+1).

    `continuation` models hold the logit of not alert, and of drowsy among the not alert, instead.
    """

    table: Floats
    continuation: bool = False

    def probabilities(self, statistics: Floats) -> Floats:
        """Return (N, 3) for statistics (N, D)."""
        logits = statistics @ self.table[:, 1:].T + self.table[:, 0]
        if self.continuation:
            not_alert, drowsy = _sigmoid(logits).T
            return np.stack([1.0 - not_alert, not_alert * (1.0 - drowsy), not_alert * drowsy], axis=1)
        return _softmax(np.column_stack([np.zeros(len(logits)), logits]))


def film_means(values: Floats, films: NDArray[np.intp]) -> Floats:
    """Mean over the windows of each film: (F, K) for values (N, K)."""
    sums = np.zeros((int(films.max()) + 1, values.shape[1]))
    np.add.at(sums, films, values)
    return sums / np.bincount(films)[:, None]


def window_softmax(training: Training, ridge: float) -> Model:
    """Multinomial logistic regression on windows."""
    scale = _Scale(training.statistics, training.weights)
    weights = _newton_softmax(scale.apply(training.statistics), training.states, training.weights, ridge)
    return Model(scale.undo(weights[:, 1:].T - weights[:, 0]))


def film_softmax(training: Training, ridge: float) -> Model:
    """Multinomial logistic regression on the films' mean statistics, to be used on windows."""
    states = film_means(training.states[:, None].astype(np.float64), training.films)[:, 0].astype(np.intp)
    means = film_means(training.statistics, training.films)
    return window_softmax(Training(means, states, np.arange(len(states))), ridge)


def through_mean(training: Training, ridge: float) -> Model:
    """Maximise the films' log of the *mean* probability of the true state, as films are scored.

    The mean's log is bounded from below by windows weighed with their share of it, which is what each round maximises.
    """
    scale = _Scale(training.statistics, training.weights)
    z = scale.apply(training.statistics)
    weights = _newton_softmax(z, training.states, training.weights, ridge)
    rows = np.arange(len(z))
    for _ in range(THROUGH_MEAN_ROUNDS):
        right = _softmax(_with_one(z) @ weights)[rows, training.states]
        share = right / np.bincount(training.films, right)[training.films]
        weights = _newton_softmax(z, training.states, share, ridge, start=weights)
    return Model(scale.undo(weights[:, 1:].T - weights[:, 0]))


def continuation(training: Training, ridge: float) -> Model:
    """Two logistic regressions: not alert against alert, then drowsy against low vigilant."""
    scale = _Scale(training.statistics, training.weights)
    z = scale.apply(training.statistics)
    tired = training.states > 0
    rows = [
        _newton_logistic(_with_one(z), tired, training.weights, ridge),
        _newton_logistic(_with_one(z[tired]), training.states[tired] > 1, training.weights[tired], ridge),
    ]
    return Model(scale.undo(np.array(rows)), continuation=True)


def ordinal(training: Training, ridge: float) -> Model:
    """Continuation-ratio ordinal regression: both steps share the weights and differ by their intercept alone."""
    scale = _Scale(training.statistics, training.weights)
    z = scale.apply(training.statistics)
    tired = training.states > 0
    steps = np.concatenate([np.zeros(len(z)), np.ones(int(tired.sum()))])
    stacked = np.column_stack([np.concatenate([z, z[tired]]), steps, np.ones(len(steps))])
    passed = np.concatenate([tired, training.states[tired] > 1])
    weights = np.concatenate([training.weights, training.weights[tired]])
    found = _newton_logistic(stacked, passed, weights, ridge, free=2)
    slopes, step, intercept = found[:-2], found[-2], found[-1]
    rows = np.array([[*slopes, intercept], [*slopes, intercept + step]])
    return Model(scale.undo(rows), continuation=True)


class _Scale:
    """Weighted mean and deviation of each statistic."""

    def __init__(self, statistics: Floats, weights: Floats) -> None:
        self._mean = np.average(statistics, axis=0, weights=weights)
        self._deviation = np.sqrt(np.average((statistics - self._mean) ** 2, axis=0, weights=weights)) + 1e-9

    def apply(self, statistics: Floats) -> Floats:
        return (statistics - self._mean) / self._deviation

    def undo(self, rows: Floats) -> Floats:
        """Turn (2, D+1) weights with the intercept last into ones for raw statistics with the intercept first."""
        slopes = rows[:, :-1] / self._deviation
        return np.column_stack([rows[:, -1] - slopes @ self._mean, slopes])


def _newton_softmax(
    z: Floats, states: NDArray[np.intp], weights: Floats, ridge: float, start: Floats | None = None
) -> Floats:
    x = _with_one(z)
    size = x.shape[1]
    found = np.zeros((size, CLASSES)) if start is None else start.copy()
    penalty = np.append(np.full(size - 1, ridge), 1e-6)
    truth = np.eye(CLASSES)[states]
    for _ in range(NEWTON_STEPS):
        p = _softmax(x @ found)
        gradient = x.T @ (weights[:, None] * (p - truth)) + penalty[:, None] * found
        hessian = np.zeros((CLASSES * size, CLASSES * size))
        for a in range(CLASSES):
            for b in range(CLASSES):
                curvature = weights * p[:, a] * ((a == b) - p[:, b])
                hessian[a * size : (a + 1) * size, b * size : (b + 1) * size] = x.T @ (x * curvature[:, None])
        hessian[np.diag_indices(CLASSES * size)] += np.tile(penalty, CLASSES)
        step = np.linalg.solve(hessian, gradient.T.ravel()).reshape(CLASSES, size).T
        found -= step
        if np.abs(step).max() < CONVERGED:
            break
    return found


def _newton_logistic(x: Floats, passed: NDArray[np.bool_], weights: Floats, ridge: float, free: int = 1) -> Floats:
    """Ridge logistic regression; the last `free` columns are not penalised."""
    found = np.zeros(x.shape[1])
    penalty = np.append(np.full(x.shape[1] - free, ridge), np.full(free, 1e-6))
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(x @ found)
        gradient = x.T @ (weights * (p - passed)) + penalty * found
        hessian = (x * (weights * p * (1.0 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        found -= step
        if np.abs(step).max() < CONVERGED:
            break
    return found


def _with_one(z: Floats) -> Floats:
    return np.column_stack([z, np.ones(len(z))])


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _sigmoid(logits: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
