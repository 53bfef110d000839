"""Golden frames: inputs that every machine makes for itself, byte for byte, so that no picture has to be kept.

Noise shows any change of the numbers. A drawn face shows whether the *decisions* stand: the detector finds it, the mesh
lies on it, the eye is open, closed or hidden. All is whole numbers, the four operations and square roots, which every
processor rounds alike, and ends in 8 bits as a camera's picture does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.float64]

WEYL_STEP: Final = 2654435761
"""Knuth's multiplicative constant, floor(2^32 / golden ratio): spreads i * step evenly [S: TAOCP 6.4]."""

NOISE: Final = "noise"


@dataclass(frozen=True, slots=True)
class _View:
    """What a drawn frame shows; lengths are in half face heights, from the middle of the face."""

    centre: tuple[float, float]
    half_side: float
    lids: float = 1.0
    """1 is a wide open eye, 0 a closed one."""
    lips: float = 0.0
    """Half the mouth's gap."""
    lenses: bool = False
    """Dark glasses before the eyes."""


_VIEWS: Final = {
    "face": _View((0.0, 0.0), 1.19),
    "face_mouth_open": _View((0.0, 0.0), 1.19, lips=0.15),
    "eye_open": _View((-0.29, -0.08), 0.33),
    "eye_closed": _View((-0.29, -0.08), 0.33, lids=0.0),
    "eye_hidden": _View((-0.29, -0.08), 0.33, lenses=True),
    "mouth_closed": _View((0.0, 0.52), 0.42),
    "mouth_open": _View((0.0, 0.52), 0.42, lips=0.17),
}
FRAMES: Final = (NOISE, *_VIEWS)
"""Names of the golden frames that a decision in the manifest may refer to."""


def golden_input(shape: tuple[int, ...], seed: int, low: float, high: float) -> NDArray[np.float32]:
    """Make noise: value i is low + (high - low) * ((i * step + seed) mod 2^32) / 2^32.

    Whole numbers only, so it is the same on every machine and numpy.
    """
    # 32 bits without a sign overflow just as the formula says.
    count = np.arange(math.prod(shape), dtype=np.uint32)
    spread = (count * np.uint32(WEYL_STEP) + np.uint32(seed % 2**32)).astype(np.float64) / 2**32
    return (low + (high - low) * spread).astype(np.float32).reshape(shape)


def golden_frame(frame: str, shape: tuple[int, ...], seed: int, low: float, high: float) -> NDArray[np.float32]:
    """Make one of `FRAMES` for an input of `shape`; black is `low`, white is `high`.

    Only a picture (1, height, width, channels) can show a drawing; any other input gets the noise.
    """
    if frame == NOISE or len(shape) != 4:
        return golden_input(shape, seed, low, high)
    _, height, width, channels = shape
    grey = np.rint(_drawn(height, width, _VIEWS[frame]) * 255.0) / 255.0
    picture = (low + (high - low) * grey).astype(np.float32)
    return np.repeat(picture[None, :, :, None], channels, axis=3)


def golden_values(output: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Pick `count` evenly spaced values of a flattened output, first and last included."""
    places = np.rint(np.linspace(0, output.size - 1, count)).astype(int)
    picked: NDArray[np.float32] = output.ravel()[places]
    return picked


def _drawn(height: int, width: int, view: _View) -> Picture:
    """Draw a face in grey, 0 to 1."""
    x = view.centre[0] + ((np.arange(width) + 0.5) / width * 2.0 - 1.0) * view.half_side
    y = view.centre[1] + ((np.arange(height) + 0.5) / height * 2.0 - 1.0) * view.half_side
    grey: Picture = np.repeat(0.25 + 0.05 * y[:, None], width, axis=1)
    for centre_x, centre_y, radius_x, radius_y, softness, shade in _strokes(view):
        across, down = (x - centre_x) / radius_x, (y - centre_y) / radius_y
        columns, rows = _reach(across, 1.0 + softness), _reach(down, 1.0 + softness)
        distance = np.sqrt(np.square(across[columns]) + np.square(down[rows])[:, None])
        t = np.clip((1.0 + softness - distance) / (2.0 * softness), 0.0, 1.0)
        part = grey[rows, columns]
        # Smooth over `softness` on both sides of the ellipse's edge.
        part += (shade - part) * (t * t * (3.0 - 2.0 * t))
    return np.clip(grey, 0.0, 1.0)


def _strokes(view: _View) -> Iterator[tuple[float, float, float, float, float, float]]:
    """Yield the ellipses of a face from back to front: centre, radii, softness of the edge, shade."""
    lids, lips = view.lids, view.lips
    yield 0.0, 1.6, 1.3, 0.75, 0.1, 0.15  # shoulders
    yield 0.0, 0.9, 0.35, 0.5, 0.1, 0.5  # neck
    yield 0.0, -0.12, 0.82, 1.06, 0.06, 0.1  # hair
    yield 0.0, 0.08, 0.68, 0.93, 0.08, 0.72  # face
    for side in (-1.0, 1.0):
        yield side * 0.3, 0.35, 0.25, 0.3, 0.8, 0.77  # cheek
        yield side * 0.29, -0.09, 0.22, 0.13, 0.5, 0.55  # socket
        if lids > 0.0:
            yield side * 0.29, -0.08, 0.15, 0.07 * lids, 0.25, 0.85  # white of the eye
            yield side * 0.29, -0.08, 0.065, 0.065 * lids, 0.25, 0.08  # iris
        yield side * 0.29, -0.08 - 0.08 * lids, 0.17, 0.025, 0.5, 0.2  # lashes
        yield side * 0.3, -0.3, 0.2, 0.045, 0.4, 0.15  # brow
        yield side * 0.08, 0.25, 0.05, 0.03, 0.5, 0.3  # nostril
        if view.lenses:
            yield side * 0.29, -0.06, 0.24, 0.17, 0.06, 0.06  # lens
            yield side * 0.29 + 0.08, -0.12, 0.06, 0.03, 0.6, 0.3  # the window in it
    yield -0.06, 0.08, 0.03, 0.2, 0.8, 0.55  # bridge of the nose
    yield 0.0, 0.2, 0.07, 0.1, 0.8, 0.85  # its tip
    yield 0.0, 0.52, 0.24, 0.05 + lips, 0.3, 0.35  # lips
    yield 0.0, 0.52, 0.22, 0.015 + 0.7 * lips, 0.5, 0.12  # between them


def _reach(place: Picture, radius: float) -> slice:
    """Return which of the rising places lie within the radius."""
    return slice(int(np.searchsorted(place, -radius)), int(np.searchsorted(place, radius, side="right")))
