"""Open or closed, and how far open, from one small grey picture of one eye: our own int8 network.

The network was trained on eyes framed in many ways, from 12 pixels to a few hundred wide, by day and as a night cabin
under infrared shows them. What is known of a crop's framing differs: the daemon cuts around the eye corners of the mesh
(`read`), a ready picture shows the eye somewhere (`open_probability`), so several framings are asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.vision.preprocess import int8_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.inference.interpreter import Net
    from edge.inference.manifest import Model
    from edge.vision.preprocess import Gray

CROP_SCALE: Final = 2.0
"""Side of the daemon's crop over the distance of the eye corners [S: models/eye_state.card.md]."""

LOW_PERCENT: Final = 1.0
HIGH_PERCENT: Final = 99.0
MIN_SPAN_GREY: Final = 12.0
"""Contrast normalisation, as in training [S: models/eye_state.card.md]."""

OPENNESS_SCALE: Final = 8.0
OPENNESS_MIDDLE: Final = 0.6
"""The second output is (openness - middle) * scale [S: models/eye_state.card.md]."""

MAX_OPENNESS: Final = 1.2

ZOOMS: Final = (1.0, 0.8)
"""A ready crop is read whole and closer: its maker's framing is not known [D: chosen on training people]."""


@dataclass(frozen=True, slots=True)
class EyeState:
    """What the network says of one eye."""

    open_probability: float
    """0 closed to 1 open."""
    openness: float
    """0 closed, 1 the usual open eye, at most 1.2."""


class EyeStateNet:
    """Reads eyes with one network."""

    def __init__(self, net: Net, model: Model) -> None:
        self._net = net
        self._temperature = model.temperature
        self.size = net.input_shapes[0][1]
        """Side of the crop that `read` wants."""

    def read(self, crop: Gray) -> EyeState:
        """Read one eye: grey (`size`, `size`), the eye in the middle, about half as wide as the crop."""
        logit, opened = self._answer(crop)
        return EyeState(self._probability(logit), openness_of(opened))

    def open_probability(self, crop: Gray) -> float:
        """Return how surely the eye is open, 0 to 1; any height and width, uint8 grey, one eye.

        Raises ValueError for anything but a two-dimensional uint8 picture of at least 2x2 pixels.
        """
        if crop.ndim != 2 or crop.dtype != np.uint8 or min(crop.shape) < 2:
            raise ValueError(f"an eye crop is grey, uint8, at least 2x2; this is {crop.dtype} {crop.shape}")
        views = [view for zoom in ZOOMS for view in both_ways(square(crop, zoom, self.size))]
        return self._probability(sum(self._answer(view)[0] for view in views) / len(views))

    def _answer(self, crop: Gray) -> tuple[float, float]:
        logit, opened = self._net.run((network_input(crop),))[0].ravel().tolist()
        return logit, opened

    def _probability(self, logit: float) -> float:
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit / self._temperature))))


def openness_of(opened: float) -> float:
    """Return the openness for the network's second output, 0 to 1.2."""
    return min(max(opened / OPENNESS_SCALE + OPENNESS_MIDDLE, 0.0), MAX_OPENNESS)


def network_input(crop: Gray) -> NDArray[np.int8]:
    """Return the int8 input (1, size, size, 1): contrast stretched to 0..255, minus 128."""
    return int8_input(crop, LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)


def square(crop: Gray, zoom: float, size: int) -> Gray:
    """Cut the middle of a crop, `zoom` of its longer side, as a square; missing rows or columns repeat the edge."""
    height, width = crop.shape
    longest = max(height, width)
    side = max(2, round(zoom * longest))
    padded = np.pad(
        crop,
        (((longest - height) // 2, -(-(longest - height) // 2)), ((longest - width) // 2, -(-(longest - width) // 2))),
        mode="edge",
    )
    start = (longest - side) // 2
    middle = padded[start : start + side, start : start + side]
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(middle, (size, size), interpolation=how), np.uint8)


def both_ways(crop: Gray) -> tuple[Gray, Gray]:
    """Return the crop and its mirror image: a left eye is a right eye mirrored."""
    return crop, np.ascontiguousarray(crop[:, ::-1])
