"""The face mesh: 468 points in three dimensions, and the region in which the next frame is searched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.vision.meanface import RigidFit, fit_mean_face
from edge.vision.preprocess import GrayInput, Roi, cut, points_in_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.inference.interpreter import Net
    from edge.vision.preprocess import Floats, Gray

MESH_PX: Final = 192
POINTS: Final = 468

MIN_PRESENCE: Final = 0.5
"""Below this face flag there is no face in the region [S: MediaPipe's face landmark graph]."""

TRACK_SCALE: Final = 1.5
"""Side of the next region over the longer side of the points' box [S: MediaPipe's face landmark graph]."""

RIGHT_EYE_OUTER: Final = 33
LEFT_EYE_OUTER: Final = 263


@dataclass(frozen=True, slots=True)
class Mesh:
    """The points of one face in one frame."""

    points: Floats
    """(468, 3): x and y in pixels of the 192-px crop, z on the same scale, smaller is nearer the camera."""
    roi: Roi
    """Where the crop was cut."""
    crop: Gray
    """The 192x192 grey crop."""
    presence: float
    """Face flag, 0 to 1."""
    rigid: RigidFit
    """How the mean face lies on the points."""

    def in_picture(self, indices: NDArray[np.intp]) -> Floats:
        """Return some points (n, 2) in picture pixels."""
        return points_in_picture(self.points[indices, :2], self.roi, MESH_PX)

    def next_roi(self) -> Roi:
        """Return the region for the next frame: around these points, upright along the outer eye corners."""
        low, high = self.points.min(axis=0).tolist(), self.points.max(axis=0).tolist()
        scale = self.roi.side / MESH_PX
        # The points' box is upright in the crop: its centre is turned back into the picture with the crop's angle.
        x, y = (low[0] + high[0] - MESH_PX) / 2, (low[1] + high[1] - MESH_PX) / 2
        cosine, sine = math.cos(self.roi.angle_rad), math.sin(self.roi.angle_rad)
        right, left = self.points[RIGHT_EYE_OUTER].tolist(), self.points[LEFT_EYE_OUTER].tolist()
        return Roi(
            x=self.roi.x + scale * (cosine * x - sine * y),
            y=self.roi.y + scale * (sine * x + cosine * y),
            side=TRACK_SCALE * scale * max(high[0] - low[0], high[1] - low[1]),
            angle_rad=self.roi.angle_rad + math.atan2(left[1] - right[1], left[0] - right[0]),
        )

    @property
    def width_px(self) -> float:
        """Width of the points' box in picture pixels."""
        return float(np.ptp(self.points[:, 0])) * self.roi.side / MESH_PX


class MeshNet:
    """The face landmark network."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._input = GrayInput(MESH_PX, 0.0, 1.0)

    def read(self, gray: Gray, roi: Roi) -> Mesh:
        """Read the points of the face in a region."""
        crop = cut(gray, roi, MESH_PX)
        points, flag = self._net.run((self._input.fill(crop),))
        presence = 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, float(flag.item())))))
        mesh = points.reshape(POINTS, 3)
        return Mesh(mesh, roi, crop, presence, fit_mean_face(mesh))
