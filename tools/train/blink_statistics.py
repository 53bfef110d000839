"""Candidate statistics of a window of 30 blinks, and the variants that `blinks.py` compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from blink_models import continuation, film_softmax, ordinal, through_mean, window_softmax

if TYPE_CHECKING:
    from blink_models import Fit
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TRIM = 5
"""A fifth of the blinks is left out at either end of a trimmed mean."""


class Variant(NamedTuple):
    """What is tried: which statistics, fitted how."""

    name: str
    statistics: tuple[str, ...]
    fit: Fit = window_softmax
    ridge: float = 1.0
    daemon: bool = False
    """Whether `edge/indicators/vigilance.py` works this one out."""


SIMPLE = ("f median", "a median", "d median", "v median")
HEAVINESS = ("rate departure", "heaviness", "|d| trimmed", "|v| trimmed")
SLOWNESS = ("rate departure", "slowness", "|d| trimmed", "|v| trimmed")
MANY = (
    *SLOWNESS, "|a| trimmed", "d median", "a median", "v median", "share slow", "share long", "share long low",
    "d iqr", "a iqr", "v iqr", "d 90th", "f asinh", "f deviation",
)  # fmt: skip

VARIANTS = (
    Variant("medians (the simple reference)", SIMPLE),
    Variant("medians and |frequency|", (*SIMPLE, "|f| asinh")),
    Variant("rate departure", ("rate departure",)),
    Variant("slowness", ("slowness",)),
    Variant("slowness, ordinal", ("slowness",), ordinal),
    Variant("rate departure, slowness", SLOWNESS[:2]),
    Variant("rate departure, shares of slow and long blinks", ("rate departure", "share slow", "share long")),
    Variant("rate departure, slowness, |d|", SLOWNESS[:3]),
    Variant("rate departure, slowness, |v|", (*SLOWNESS[:2], "|v| trimmed")),
    Variant("rate departure, slowness, |d|, |v|", SLOWNESS),
    Variant("... ridge 0.3", SLOWNESS, ridge=0.3),
    Variant("... ridge 3", SLOWNESS, ridge=3.0),
    Variant("... fitted on film means", SLOWNESS, film_softmax),
    Variant("... fitted through the film's mean", SLOWNESS, through_mean),
    Variant("... two logistic steps", SLOWNESS, continuation),
    Variant("... ordinal", SLOWNESS, ordinal),
    Variant("... departures from medians", ("rate departure", "slowness", "|d| median", "|v| median")),
    Variant("... departures from means of asinh", ("rate departure", "slowness", "|d| asinh", "|v| asinh")),
    Variant("... and |a|", (*SLOWNESS, "|a| trimmed")),
    Variant("... without the rate", SLOWNESS[1:]),
    Variant("rate departure, heaviness, |d|, |v|", HEAVINESS, daemon=True),
    Variant("... fitted through the film's mean", HEAVINESS, through_mean),
    Variant("seventeen statistics, ridge 1", MANY),
    Variant("seventeen statistics, ridge 10", MANY, ridge=10.0),
)


def blinks_seen(window: Floats) -> Floats:
    """Blinks (n, 4) of a window (30, 4) without the rows of zeros that fill up a film of fewer than 30."""
    seen: Floats = window[np.abs(window).sum(axis=1) > 0]
    return seen


def statistics_of(window: Floats) -> dict[str, float]:
    """All candidates of one window (30, 4) of frequency, amplitude, duration, velocity."""
    blinks = blinks_seen(window)
    f, a, d, v = blinks.T
    amplitude, duration, velocity = (float(np.arcsinh(x).mean()) for x in (a, d, v))
    found = {
        "f asinh": float(np.arcsinh(np.median(f) / 3.0)),
        "|f| asinh": abs(float(np.arcsinh(np.median(f) / 3.0))),
        "f deviation": float(np.log(0.5 + f.std())),
        "rate departure": float(np.log((1.0 + abs(np.median(f))) / (0.5 + f.std()))),
        "slowness": duration - 0.5 * (amplitude + velocity),
        "heaviness": duration - amplitude,
        "share slow": float((v < -1.0).mean()),
        "share long": float((d > 3.0).mean()),
        "share long low": float(((d > 1.0) & (a < 0.0)).mean()),
        "d 90th": float(np.arcsinh(np.quantile(d, 0.9))),
    }
    for name, x, mean in (("a", a, amplitude), ("d", d, duration), ("v", v, velocity)):
        cut = len(x) // TRIM
        low, high = np.quantile(x, (0.25, 0.75))
        found[f"{name} median"] = float(np.median(x))
        found[f"|{name}| median"] = abs(float(np.median(x)))
        found[f"|{name}| asinh"] = abs(mean)
        found[f"|{name}| trimmed"] = abs(float(np.sort(x)[cut : len(x) - cut].mean()))
        found[f"{name} iqr"] = float(np.log(0.3 + high - low))
    found["f median"] = float(np.arcsinh(np.median(f) / 3.0))
    return found
