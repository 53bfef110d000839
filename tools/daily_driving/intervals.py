"""Exact 95 % intervals of a rate and of a share, without a statistics library."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL: Final = 0.025
_STEPS: Final = 100


def poisson_rate(count: int, hours: float) -> tuple[float, float]:
    """Return the interval of events an hour when `count` came in `hours` (Garwood); `hours` above 0."""
    # The mean at which so many or more, or so many or fewer, have a probability of 2.5 %.
    low = 0.0 if count == 0 else _solve(lambda mean: 1.0 - _poisson_below(count, mean) - TAIL, 0.0, float(count))
    high = _solve(lambda mean: TAIL - _poisson_below(count + 1, mean), float(count), 3.0 * count + 20.0)
    return low / hours, high / hours


def binomial_share(count: int, of: int) -> tuple[float, float]:
    """Return the interval of a share (Clopper and Pearson); `of` above 0."""
    low = 0.0 if count == 0 else _solve(lambda p: 1.0 - _binomial_below(count, of, p) - TAIL, 0.0, count / of)
    high = 1.0 if count == of else _solve(lambda p: TAIL - _binomial_below(count + 1, of, p), count / of, 1.0)
    return low, high


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function passes 0 between the bounds."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _poisson_below(count: int, mean: float) -> float:
    """Probability of fewer than `count`."""
    if mean <= 0.0:
        return 1.0
    return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(count))


def _binomial_below(count: int, of: int, share: float) -> float:
    if not 0.0 < share < 1.0:
        return 1.0 if share <= 0.0 else float(count > of)
    return sum(
        exp(lgamma(of + 1) - lgamma(n + 1) - lgamma(of - n + 1) + n * log(share) + (of - n) * log1p(-share))
        for n in range(count)
    )
