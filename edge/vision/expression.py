"""The displayed expression: our own network on a small grey crop, fused with the shape of the face.

Grey values tell more in visible light, shape carries over to infrared better; both are the same driver's, so both are
referenced to his own neutral face together, later (`edge/indicators/anger.py`): differences of fused logits are
differences of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.types import EXPRESSIONS
from edge.vision.face_shape import face_shape
from edge.vision.landmarks import MESH_PX
from edge.vision.preprocess import int8_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.config.schema import Light
    from edge.inference.interpreter import Net
    from edge.vision.headpose import HeadPose
    from edge.vision.landmarks import Mesh
    from edge.vision.nets import ExpressionNets
    from edge.vision.preprocess import Floats, Gray

HALF: Final = np.float32(0.5)

VALENCE: Final = "valence"
"""Name of the fusion's output beside the logits for each kind of light."""

CROP_SCALE: Final = 1.07
CROP_LIFT: Final = 0.03
"""Side of the square over the longer side of the mesh's box, and how far its centre lies above as a share of that side:
frames the face as the training crops do [S: models/expression.card.md]."""

LOW_PERCENT: Final = 1.0
HIGH_PERCENT: Final = 99.0
MIN_SPAN_GREY: Final = 16.0
"""Contrast normalisation, as in training [S: models/expression.card.md]."""

MIN_FACE_PX: Final = 64.0
MAX_YAW_DEG: Final = 30.0
"""Smaller or farther turned faces are not read [S: the indicator's definition]."""


@dataclass(frozen=True, slots=True)
class ExpressionReading:
    """What one face shows."""

    probabilities: dict[str, float]
    """Over `EXPRESSIONS`, sum 1."""
    valence: float
    """How pleasant it looks, -1 to 1."""


class ExpressionReader:
    """Reads faces with two networks: one on grey values, and one that joins its answer with the face's shape."""

    def __init__(self, nets: ExpressionNets, light: Light) -> None:
        self._network, self._fusion = nets.network.net, nets.fusion.net
        self._size = self._network.input_shapes[0][1]
        model = nets.fusion.model
        self._temperature = model.temperature
        self._places = [model.labels.index(name) for name in EXPRESSIONS]
        outputs = [tensor.name for tensor in model.outputs]
        self._logits_at, self._valence_at = outputs.index(light), outputs.index(VALENCE)

    def read(self, mesh: Mesh, view: HeadPose) -> ExpressionReading | None:
        """Return what a face shows, or None when it is too small or turned too far.

        Unsure answers are given too: their differences to the driver's own neutral face still tell something.
        """
        if mesh.width_px < MIN_FACE_PX or abs(view.yaw_deg) > MAX_YAW_DEG:
            return None
        outputs = self._run(mesh)
        shares = probabilities(outputs[self._logits_at].ravel()[self._places], self._temperature)
        valence = float(outputs[self._valence_at].item())
        return ExpressionReading(dict(zip(EXPRESSIONS, shares, strict=True)), max(-1.0, min(1.0, valence)))

    def logits(self, mesh: Mesh) -> Floats:
        """Return the fused logits (8,) in the order of the fusion's labels, whatever the face's size and turn."""
        return self._run(mesh)[self._logits_at].ravel()

    def _run(self, mesh: Mesh) -> tuple[Floats, ...]:
        seen = np.concatenate(both_ways(self._network, expression_crop(mesh, self._size)), axis=1)
        return self._fusion.run((seen, face_shape(mesh)))


def both_ways(network: Net, crop: Gray) -> tuple[Floats, ...]:
    """Return the network's outputs, each the mean over the crop and its mirror image.

    A face shows the same either way, the network's noise does not: half a point of accuracy in visible light for one
    more invoke of 0.2 ms [D: measured].
    """
    straight = network_input(crop)
    mirrored = np.ascontiguousarray(straight[:, :, ::-1])
    pairs = zip(network.run((straight,)), network.run((mirrored,)), strict=True)
    return tuple([HALF * (one + other) for one, other in pairs])


def probabilities(logits: Floats, temperature: float) -> list[float]:
    """Softmax of the published classes' logits; a class that is not published (contempt) is left out before."""
    scaled = logits.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max())
    shares: list[float] = (raised / raised.sum()).tolist()
    return shares


def expression_crop(mesh: Mesh, size: int) -> Gray:
    """Cut the face out of the mesh's crop, upright along the eyes, as a `size` x `size` grey picture."""
    low_x, low_y, high_x, high_y = mesh.box
    longest = max(high_x - low_x, high_y - low_y)
    side = min(round(CROP_SCALE * longest), MESH_PX)
    centre_x = (low_x + high_x) / 2
    centre_y = (low_y + high_y) / 2 - CROP_LIFT * longest
    left = min(max(round(centre_x - side / 2), 0), MESH_PX - side)
    top = min(max(round(centre_y - side / 2), 0), MESH_PX - side)
    face = mesh.crop[top : top + side, left : left + side]
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(face, (size, size), interpolation=how), np.uint8)


def network_input(crop: Gray) -> NDArray[np.int8]:
    """Return the int8 input (1, size, size, 1): contrast stretched to 0..255, minus 128."""
    return int8_input(crop, LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)
