"""How far the mouth is open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.vision.landmarks import Mesh

RIGHT_CORNER: Final = 61
LEFT_CORNER: Final = 291
UPPER_LIP: Final = 0
LOWER_LIP: Final = 17
"""Outer contour of the lips in the mesh [S: MediaPipe's face mesh]."""


def mouth_ratio(mesh: Mesh) -> float | None:
    """Return outer mouth height over mouth width, both measured in space; None for a degenerate mouth.

    In space, because in the picture a turned head narrows the mouth and would look like a yawn.
    """
    corners = mesh.points[[RIGHT_CORNER, LEFT_CORNER, UPPER_LIP, LOWER_LIP]].tolist()
    width = math.dist(corners[0], corners[1])
    return math.dist(corners[2], corners[3]) / width if width > 1.0 else None
