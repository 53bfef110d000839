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

EYE_CORNERS: Final = np.array([33, 263], np.intp)
"""Outer corners of the driver's right and left eye."""

ALL_POINTS: Final = np.arange(POINTS)
"""Every point of the mesh."""


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
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of all points, in crop pixels."""

    def in_picture(self, indices: NDArray[np.intp]) -> Floats:
        """Return some points (n, 2) in picture pixels."""
        return points_in_picture(self.points[indices, :2], self.roi, MESH_PX)

    @property
    def upright_box(self) -> tuple[float, float, float, float]:
        """Centre x and y, half width and half height in the picture, in pixels, of the box around the points' box."""
        left, top, right, bottom = self.box
        scale = self.roi.side / MESH_PX
        cosine, sine = scale * math.cos(self.roi.angle_rad), scale * math.sin(self.roi.angle_rad)
        x, y = (left + right - MESH_PX) / 2, (top + bottom - MESH_PX) / 2
        half_width, half_height = (right - left) / 2, (bottom - top) / 2
        return (
            self.roi.x + cosine * x - sine * y,
            self.roi.y + sine * x + cosine * y,
            abs(cosine) * half_width + abs(sine) * half_height,
            abs(sine) * half_width + abs(cosine) * half_height,
        )

    def next_roi(self) -> Roi:
        """Return the region for the next frame: around these points, upright along the outer eye corners."""
        left, top, right, bottom = self.box
        x, y, _, _ = self.upright_box
        (right_x, right_y), (left_x, left_y) = self.points[EYE_CORNERS, :2].tolist()
        return Roi(
            x=x,
            y=y,
            side=TRACK_SCALE * max(right - left, bottom - top) * self.roi.side / MESH_PX,
            angle_rad=self.roi.angle_rad + math.atan2(left_y - right_y, left_x - right_x),
        )

    @property
    def width_px(self) -> float:
        """Width of the points' box in picture pixels."""
        return (self.box[2] - self.box[0]) * self.roi.side / MESH_PX


class MeshNet:
    """The face landmark network."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._input = GrayInput(MESH_PX, 0.0, 1.0, quantized=net.input_types[0] == np.int8)

    def read(self, gray: Gray, roi: Roi) -> Mesh:
        """Read the points of the face in a region."""
        roi = roi.upright()
        crop = cut(gray, roi, MESH_PX)
        points, flag = self._net.run((self._input.fill(crop),))
        presence = 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, float(flag.item())))))
        mesh = points.reshape(POINTS, 3)
        across, down = mesh[:, 0], mesh[:, 1]
        box = (float(across.min()), float(down.min()), float(across.max()), float(down.max()))
        return Mesh(mesh, roi, crop, presence, fit_mean_face(mesh), box)
