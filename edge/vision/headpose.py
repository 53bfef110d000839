"""Which way the head points.

The mesh gives its points in three dimensions, so the pose is the rotation that carries a fixed mean face onto them
(least squares over 19 points of bone and cartilage, which neither speech nor a yawn moves), and the camera model
turns it from the line of sight into the camera's axes. A perspective fit to the points' picture positions alone
(solvePnP, same points) was measured too: it reads 25 degrees where the head is turned by 45, because the network
squeezes a half-hidden cheek in the picture but not in depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.vision.landmarks import Mesh

    Doubles = NDArray[np.float64]

MIDLINE: Final = {
    10: (0.0, -51.1, -19.2),
    151: (0.0, -35.4, -22.1),
    9: (0.0, -19.1, -24.1),
    168: (0.0, -3.8, -21.9),
    6: (0.0, 4.0, -26.0),
    195: (0.0, 18.0, -35.9),
    4: (0.0, 33.8, -43.3),
}
PAIRS: Final = {
    (33, 263): (45.0, -0.6, 0.4),
    (133, 362): (17.4, 1.0, -4.8),
    (127, 356): (69.6, 2.0, 49.6),
    (234, 454): (68.9, 15.9, 54.8),
    (54, 284): (59.2, -34.3, 13.2),
    (98, 327): (18.2, 42.9, -17.0),
}
"""The mean face in mm: x to the person's left, y down, z away from the camera; outer eye corners 90 mm apart.

Mesh point numbers to places. Median of the mesh's own answers on 798 press portraits, aligned by similarity, made
symmetric, and turned so that their median looks straight ahead [D]. Of a pair the right-hand point has -x.
"""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Angles in degrees: yaw positive towards the picture's right, pitch up, roll clockwise in the picture."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class PoseReading:
    """The head's angles against the line of sight, and against the camera's axes."""

    view: HeadPose
    """Which side of the head the camera sees: (0, 0) looks into the lens, wherever in the picture."""
    camera: HeadPose
    """The same head against the camera's axes: does not change when the head moves sideways."""


def _mean_face() -> tuple[NDArray[np.intp], Doubles]:
    places: dict[int, tuple[float, float, float]] = dict(MIDLINE)
    for (right, left), (x, y, z) in PAIRS.items():
        places[right], places[left] = (-x, y, z), (x, y, z)
    face = np.array(list(places.values()))
    return np.array(list(places), np.intp), face - face.mean(axis=0)


INDICES, FACE = _mean_face()


class HeadPoseReader:
    """Head pose for one camera."""

    def __init__(self, fov_deg: float) -> None:
        self._half_tan = math.tan(math.radians(fov_deg) / 2)

    def read(self, mesh: Mesh, picture_width: int, picture_height: int) -> PoseReading:
        """Return the pose of a face in a picture of this size."""
        points = mesh.points[INDICES].astype(np.float64)
        rotation = _rotation(points - points.mean(axis=0))
        # A camera mounted upright turns its picture: the lens's horizontal is always the longer side.
        focal_px = max(picture_width, picture_height) / 2 / self._half_tan
        right_rad = math.atan2(mesh.roi.x - picture_width / 2, focal_px)
        down_rad = math.atan2(mesh.roi.y - picture_height / 2, focal_px)
        view = angles(_turned(rotation, mesh.roi.angle_rad))
        # A head at the picture's right that looks into the lens has turned to the left, one below has looked up.
        camera = HeadPose(
            view.yaw_deg - math.degrees(right_rad), view.pitch_deg + math.degrees(down_rad), view.roll_deg
        )
        return PoseReading(view, camera)


def _rotation(
    points: Doubles,
) -> Doubles:
    """Least-squares rotation from the mean face to centred points [S: Kabsch 1976]."""
    u, _, vt = np.linalg.svd(points.T @ FACE)
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        u[:, 2] *= -1
    rotation: Doubles = u @ vt
    return rotation


def _turned(rotation: Doubles, angle_rad: float) -> Doubles:
    """Undo the crop's turn: the crop was cut along the eyes."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ rotation


def angles(rotation: Doubles) -> HeadPose:
    """Return the angles of a rotation from the mean face's axes to x right, y down, z away from the camera."""
    forward_x, forward_y, forward_z = (-rotation[:, 2]).tolist()
    yaw = math.atan2(forward_x, -forward_z)
    pitch = math.atan2(-forward_y, math.hypot(forward_x, forward_z))
    # Roll is what is left of the ear-to-ear axis once yaw and pitch are undone.
    across_x, across_y, across_z = rotation[:, 0].tolist()
    level = math.cos(yaw) * across_x + math.sin(yaw) * across_z
    depth = -math.sin(yaw) * across_x + math.cos(yaw) * across_z
    upright = math.cos(pitch) * across_y - math.sin(pitch) * depth
    return HeadPose(math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(upright, level)))
