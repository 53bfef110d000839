"""Pictures that a camera's electronics made, not its lens: noise without a scene, and torn lines.

Both hold for one frame; whether the camera is at fault is `camera_condition`'s to say, from many of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from edge.vision.preprocess import Floats, Gray

LINE_STEP_PX: Final = 8
MIN_DEVIATION_GREY: Final = 6.0
"""A flat picture has nothing to be torn, and its noise is the sensor's own [D]."""
MAX_NOISE_LIKENESS: Final = 0.25
"""Neighbouring pixels of a scene are much alike (0.8 and more in driving films), those of noise not at all (0) [D]."""
MIN_TEAR_GREY: Final = 8.0
MIN_TEAR_RATIO: Final = 4.0
"""Across a tear two lines differ by so much, and so many times as much as two lines usually do [D]."""
MAX_LIKENESS_IN_PLACE: Final = 0.6
MIN_LIKENESS_SHIFTED: Final = 0.85
"""The lines on both sides of a tear are alike once one is shifted; on both sides of an edge in the scene never [D]."""


def is_noise(gray: Gray) -> bool:
    """Tell whether neighbouring pixels of a picture (height, width) have nothing to do with each other."""
    lines = gray[::LINE_STEP_PX].astype(np.float32)
    variance = float(lines.var())
    if variance < MIN_DEVIATION_GREY**2:
        return False
    steps = np.diff(lines, axis=1)
    return 1.0 - float((steps * steps).mean()) / (2.0 * variance) < MAX_NOISE_LIKENESS


def is_torn(grid: Gray) -> bool:
    """Tell whether the lower part of a thinned-out picture (rows, columns) is the scene shifted sideways.

    The largest step from one row to the next is a tear when one row is the other, shifted.
    """
    rows = grid.astype(np.float32)
    steps = np.abs(np.diff(rows, axis=0)).mean(axis=1)
    if steps.size == 0:
        return False
    above = int(steps.argmax())
    if steps[above] < max(MIN_TEAR_GREY, MIN_TEAR_RATIO * float(np.median(steps))):
        return False
    alike = _likeness_by_shift(rows[above], rows[above + 1])
    return bool(alike[0] < MAX_LIKENESS_IN_PLACE and alike.max() >= MIN_LIKENESS_SHIFTED)


def _likeness_by_shift(one: Floats, other: Floats) -> Floats:
    """Return the correlation of two rows for every circular shift, -1 to 1; zeros where one of them is flat."""
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    if size == 0.0:
        return np.zeros_like(one)
    products = np.fft.irfft(np.fft.rfft(other) * np.conj(np.fft.rfft(one)), n=one.size)
    return np.asarray(products / size, dtype=np.float32)
