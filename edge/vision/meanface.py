"""The mean face, and how a mesh lies on it: the part of a face that neither speech nor a yawn moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.vision.preprocess import Floats

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

Mesh point numbers to places; of a pair the first, right-hand point has -x. Forehead, nose, eye corners, temples and
ears: 19 points on bone and cartilage. Median of the mesh's own answers on 798 press portraits, aligned by similarity,
made symmetric, and turned so that their median looks straight ahead [D: measured].
"""


def _mean_face() -> tuple[NDArray[np.intp], Doubles]:
    places: dict[int, tuple[float, float, float]] = dict(MIDLINE)
    for (right, left), (x, y, z) in PAIRS.items():
        places[right], places[left] = (-x, y, z), (x, y, z)
    face = np.array(list(places.values()))
    return np.array(list(places), np.intp), face - face.mean(axis=0)


INDICES, FACE = _mean_face()
_FACE_SQUARED: Final = float((FACE**2).sum())


@dataclass(frozen=True, slots=True)
class RigidFit:
    """The similarity that carries the mean face onto a mesh."""

    rotation: Doubles
    """(3, 3), from the mean face's axes to the crop's."""
    px_per_mm: float


def fit_mean_face(points: Floats) -> RigidFit:
    """Lay the mean face on mesh points (468, 3) by least squares [S: Kabsch 1976, Umeyama 1991]."""
    chosen = points[INDICES].astype(np.float64)
    # FACE is centred, so the points need not be.
    spread = chosen.T @ FACE
    # OpenCV's takes a tenth of the time of numpy's on a matrix of this size.
    stretch, u, vt = cv2.SVDecomp(spread)
    if _determinant(spread.tolist()) < 0:
        u[:, 2] *= -1
        stretch[2] *= -1
    return RigidFit(np.asarray(u @ vt, np.float64), float(stretch.sum()) / _FACE_SQUARED)


def _determinant(m: list[list[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )
