"""How a lamp falls on a face: as bright on either cheek and between the brows, or not; glints in front of the eyes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.vision.landmarks import EYE_CORNERS
from edge.vision.quality import FULL_WHITE

if TYPE_CHECKING:
    from edge.vision.preprocess import Floats, Gray

PATCHES: Final = ((50, 117, 205), (280, 346, 425), (8, 9))
"""Mesh points of the driver's right cheek, left cheek, and between the brows: skin that neither beard nor fringe hides
[S: MediaPipe's face mesh; D: the choice]."""
EYES: Final = ((33, 133), (263, 362))
"""Outer and inner corner of the driver's right and left eye."""
PATCH_RADIUS: Final = 0.12
"""Half the side of a patch over the distance of the outer eye corners [D]."""
EYE_HALF_WIDTH, EYE_HALF_HEIGHT = 0.65, 0.45
"""Of the region in front of an eye, over the distance of its corners: the eye and its lids [D]."""
OUTER_CORNERS_MM: Final = 90.0
"""Between a face's outer eye corners; the unit of the mean face [S: `edge.vision.meanface`]."""


@dataclass(frozen=True, slots=True)
class FaceLight:
    """Measures of one face in one frame."""

    evenness_ratio: float | None
    """Darkest over brightest of the three patches, 0 to 1; None when one of them lies outside the frame."""
    glint_ratio: float | None
    """Share of full white in front of the worse eye, 0 to 1; None when neither lies in the frame."""


def face_light(gray: Gray, points: Floats) -> FaceLight:
    """Measure a grey frame (height, width) at the mesh points (468, 2), in its pixels."""
    across = math.dist(*points[EYE_CORNERS].tolist())
    half = PATCH_RADIUS * across
    means = [_mean(gray, points[list(patch)].mean(axis=0), half, half) for patch in PATCHES]
    known = [mean for mean in means if mean is not None]
    glints = []
    for outer, inner in EYES:
        width = math.dist(points[outer].tolist(), points[inner].tolist())
        region = _region(gray, points[[outer, inner]].mean(axis=0), EYE_HALF_WIDTH * width, EYE_HALF_HEIGHT * width)
        if region is not None:
            glints.append(float((region >= FULL_WHITE).mean()))
    return FaceLight(
        evenness_ratio=min(known) / max(*known, 1.0) if len(known) == len(PATCHES) else None,
        glint_ratio=max(glints, default=None),
    )


def distance_mm(points: Floats, yaw_deg: float, focal_px: float) -> float:
    """Return how far a face is from the camera, from how far apart its outer eye corners (468, 2) look.

    `yaw_deg` is the head's against the line of sight. Faces differ in width, so it is good to about a tenth [D].
    """
    across = math.dist(*points[EYE_CORNERS].tolist())
    return focal_px * OUTER_CORNERS_MM * math.cos(math.radians(yaw_deg)) / max(across, 1.0)


def _mean(gray: Gray, middle: Floats, half_width: float, half_height: float) -> float | None:
    region = _region(gray, middle, half_width, half_height)
    return None if region is None else float(region.mean())


def _region(gray: Gray, middle: Floats, half_width: float, half_height: float) -> Gray | None:
    """Return the pixels around a place; None when none of them lies in the frame."""
    x, y = (float(v) for v in middle)
    left, right = max(0, round(x - half_width)), min(gray.shape[1], round(x + half_width) + 1)
    top, bottom = max(0, round(y - half_height)), min(gray.shape[0], round(y + half_height) + 1)
    return np.asarray(gray[top:bottom, left:right]) if left < right and top < bottom else None
