"""The shape of a face: mesh points on brows, eyes, nose, lips and jaw, in millimetres on the mean face's axes.

Turned, tilted or near, the same face gives the same numbers: the rigid fit takes pose and size out. What is left is who
it is and what the face does; the driver's own neutral, taken off later, leaves the second. Shape carries over from
visible light to infrared better than grey values do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge.vision.meanface import INDICES

if TYPE_CHECKING:
    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Floats

BROWS: Final = (70, 63, 105, 66, 107, 52, 65, 55, 300, 293, 334, 296, 336, 282, 295, 285)
EYES: Final = (33, 160, 159, 158, 133, 153, 145, 144, 263, 387, 386, 385, 362, 380, 374, 373)
NOSE: Final = (6, 4, 2, 64, 98, 294, 327)
CHEEKS: Final = (50, 205, 280, 425, 117, 346)
OUTER_LIPS: Final = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)
INNER_LIPS: Final = (78, 81, 13, 311, 308, 402, 14, 178)
JAW: Final = (152, 172, 397, 136, 365, 200)
SHAPE_POINTS: Final = np.array((*BROWS, *EYES, *NOSE, *CHEEKS, *OUTER_LIPS, *INNER_LIPS, *JAW), np.intp)
"""Mesh point numbers [S: MediaPipe's face mesh; D: the choice, what moves with expression]."""


def face_shape(mesh: Mesh) -> Floats:
    """Return the points (1, 3 * n) as x, y, z in mm: to the person's left, down, away from the camera."""
    origin = mesh.points[INDICES].mean(axis=0)
    turned = (mesh.points[SHAPE_POINTS] - origin) @ mesh.rigid.rotation / mesh.rigid.px_per_mm
    return np.asarray(turned, np.float32).reshape(1, -1)
