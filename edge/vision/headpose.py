"""Which way the head points.

The mesh gives its points in three dimensions, so the pose is the rotation that carries the mean face onto them, and the
camera model turns it from the line of sight into the camera's axes where the lens is known. A perspective fit to the
points' picture positions alone (solvePnP, same points) was measured too: it reads 25 degrees where the head is turned
by 45, because the network squeezes a half-hidden cheek in the picture but not in depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.vision.landmarks import Mesh
    from edge.vision.meanface import Doubles


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
    """The same head against the camera's axes: does not change when the head moves sideways. Needs a known lens;
    without one it is the view."""


class HeadPoseReader:
    """Head pose for one camera with an ideal lens whose axis is the picture's centre."""

    def __init__(self, fov_deg: float | None) -> None:
        self._half_tan = math.tan(math.radians(fov_deg) / 2) if fov_deg is not None else None

    def read(self, mesh: Mesh, picture_width: int, picture_height: int) -> PoseReading:
        """Return the pose of a face in a picture of this size."""
        view = angles(mesh.rigid.rotation, mesh.roi.angle_rad)
        if self._half_tan is None:
            return PoseReading(view, view)
        # A camera mounted upright turns its picture: the lens's horizontal is always the longer side.
        focal_px = max(picture_width, picture_height) / 2 / self._half_tan
        right_rad = math.atan2(mesh.roi.x - picture_width / 2, focal_px)
        down_rad = math.atan2(mesh.roi.y - picture_height / 2, focal_px)
        # A head at the picture's right that looks into the lens has turned to the left, one below has looked up.
        yaw, pitch = view.yaw_deg - math.degrees(right_rad), view.pitch_deg + math.degrees(down_rad)
        return PoseReading(view, HeadPose(yaw, pitch, view.roll_deg))


def angles(rotation: Doubles, crop_angle_rad: float = 0.0) -> HeadPose:
    """Return the angles of a rotation (3, 3) from the mean face's axes to x right, y down, z away from the camera.

    `crop_angle_rad` is how far the crop in which it was read had been turned clockwise in the picture.
    """
    (xx, _, xz), (yx, _, yz), (zx, _, zz) = rotation.tolist()
    c, s = math.cos(crop_angle_rad), math.sin(crop_angle_rad)
    forward_x, forward_y, forward_z = s * yz - c * xz, -s * xz - c * yz, -zz
    across_x, across_y, across_z = c * xx - s * yx, s * xx + c * yx, zx
    yaw = math.atan2(forward_x, -forward_z)
    pitch = math.atan2(-forward_y, math.hypot(forward_x, forward_z))
    # Roll is what is left of the ear-to-ear axis once yaw and pitch are undone.
    level = math.cos(yaw) * across_x + math.sin(yaw) * across_z
    depth = math.cos(yaw) * across_z - math.sin(yaw) * across_x
    upright = math.cos(pitch) * across_y - math.sin(pitch) * depth
    return HeadPose(math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(upright, level)))
