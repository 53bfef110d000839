"""How far the mouth is open, and whether it yawns: a measure on the mesh, and our own int8 network on a small crop.

Seen from a mirror the mesh shuts many a yawning mouth. The network looks at the picture instead, in a square whose
place and size come from brow, nose and temples, which neither speech nor a yawn moves: a wide open mouth fills it, a
closed one does not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.vision.landmarks import MESH_PX
from edge.vision.meanface import INDICES
from edge.vision.preprocess import int8_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.inference.interpreter import Net
    from edge.inference.manifest import Model
    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Gray

RIGHT_CORNER: Final = 61
LEFT_CORNER: Final = 291
UPPER_LIP: Final = 0
LOWER_LIP: Final = 17
"""Outer contour of the lips in the mesh [S: MediaPipe's face mesh]."""

CROP_MM: Final = 100.0
CROP_PLACE_MM: Final = (0.0, 75.0, -15.0)
"""Side and centre of the network's square on the mean face [S: models/mouth.card.md]."""

LOW_PERCENT: Final = 1.0
HIGH_PERCENT: Final = 99.0
MIN_SPAN_GREY: Final = 16.0
"""Contrast normalisation, as in training [S: models/mouth.card.md]."""

OPEN: Final = "open"
YAWN: Final = "yawn"
"""The network's answers, by their label in the manifest."""


def mouth_ratio(mesh: Mesh) -> float | None:
    """Return outer mouth height over mouth width, both measured in space; None for a degenerate mouth.

    In space, because in the picture a turned head narrows the mouth and would look like a yawn.
    """
    corners = mesh.points[[RIGHT_CORNER, LEFT_CORNER, UPPER_LIP, LOWER_LIP]].tolist()
    width = math.dist(corners[0], corners[1])
    return math.dist(corners[2], corners[3]) / width if width > 1.0 else None


class MouthNet:
    """Reads mouths with one network, which answers two questions at once."""

    def __init__(self, net: Net, model: Model) -> None:
        self._net = net
        self._size = net.input_shapes[0][1]
        self._temperature = model.temperature
        self._open = model.labels.index(OPEN)
        self._yawn = model.labels.index(YAWN)

    def yawn_probability(self, mesh: Mesh) -> float:
        """Return how surely a face yawns in this frame, 0 to 1. One frame cannot tell a yawn from a shout."""
        return self._probability(self._logits(mouth_crop(mesh, self._size))[self._yawn])

    def open_probability(self, crop: Gray) -> float:
        """Return how surely the mouth in a crop is open, 0 to 1; any height and width, uint8 grey, one mouth.

        Raises ValueError for anything but a two-dimensional uint8 picture.
        """
        if crop.ndim != 2 or crop.dtype != np.uint8 or not crop.size:
            raise ValueError(f"a mouth crop is grey and uint8; this is {crop.dtype} {crop.shape}")
        squared = resized(crop, self._size)
        # Either side of a face may be lit: the mirrored crop is a second opinion on the same mouth.
        opinions = [self._logits(view)[self._open] for view in (squared, np.ascontiguousarray(squared[:, ::-1]))]
        return self._probability(sum(opinions) / len(opinions))

    def _logits(self, crop: Gray) -> list[float]:
        logits: list[float] = self._net.run((network_input(crop),))[0].ravel().tolist()
        return logits

    def _probability(self, logit: float) -> float:
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit / self._temperature))))


def mouth_square(mesh: Mesh) -> tuple[int, int, int]:
    """Return left, top and side of the network's square in pixels of the mesh's crop, inside which it lies."""
    place = mesh.rigid.rotation @ np.array(CROP_PLACE_MM) * mesh.rigid.px_per_mm + mesh.points[INDICES].mean(axis=0)
    side = min(max(round(CROP_MM * mesh.rigid.px_per_mm), 2), MESH_PX)
    left, top = (min(max(round(float(centre) - side / 2), 0), MESH_PX - side) for centre in place[:2])
    return left, top, side


def mouth_crop(mesh: Mesh, size: int) -> Gray:
    """Cut the mouth and its surroundings out of the mesh's crop, as a `size` x `size` grey picture."""
    left, top, side = mouth_square(mesh)
    return resized(mesh.crop[top : top + side, left : left + side], size)


def resized(picture: Gray, size: int) -> Gray:
    """Bring a picture of any shape to `size` x `size`: by area where it shrinks, else bilinear."""
    how = cv2.INTER_AREA if min(picture.shape) > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.uint8)


def network_input(crop: Gray) -> NDArray[np.int8]:
    """Return the int8 input (1, size, size, 1): contrast stretched to 0..255, minus 128."""
    return int8_input(crop, LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)
