"""What a face does to its mesh points: lids, mouth and brows, in pixels of the portrait.

Indices are those of the 468-point face mesh; right and left are the driver's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from sample_drive.script import Pose

UPPER_LIDS: Final = ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398))
LOWER_LIDS: Final = ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382))
CREASES: Final = ((247, 30, 29, 27, 28, 56, 190), (467, 260, 259, 257, 258, 286, 414))
EYE_CORNERS: Final = ((33, 133), (263, 362))
"""Outer and inner corner of each eye."""
_UNDER_BROWS: Final = ((113, 225, 224, 223, 222, 221, 189), (342, 445, 444, 443, 442, 441, 413))
BELOW_LIDS: Final = ((25, 110, 24, 23, 22, 26, 112), (255, 339, 254, 253, 252, 256, 341))
_BROWS: Final = (((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)), ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)))
_OUTER_UPPER_LIP: Final = (185, 40, 39, 37, 0, 267, 269, 270, 409)
_OUTER_LOWER_LIP: Final = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_INNER_UPPER_LIP: Final = (191, 80, 81, 82, 13, 312, 311, 310, 415)
_INNER_LOWER_LIP: Final = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_CORNERS: Final = ((61, 78), (291, 308))
INNER_LIPS: Final = (78, *_INNER_UPPER_LIP, 308, *reversed(_INNER_LOWER_LIP))
"""The rim of the mouth's opening, in order."""
_JAW: Final = (152, 148, 176, 149, 150, 136, 377, 400, 378, 379, 365)
_CHIN: Final = (175, 199, 200, 18, 83, 313)
_STILL: Final = (
    *(1, 4, 5, 6, 168, 33, 133, 263, 362, 10, 109, 338, 67, 297),
    *(127, 356, 234, 454, 93, 323, 132, 361, 117, 346),
)
"""Points that no movement of the mouth reaches: nose, eyes, forehead, temples, cheekbones."""
_WINGS: Final = ((129, 102, 64), (358, 331, 294))
"""Wings of the nose."""

# Displacements below are in pixels of the portrait, whose outer eye corners are 63 px apart; all tuned by eye.
LID_MEETING: Final = 0.14
"""Where closed lids meet, as share of the opening above the lower lid: the lower lid rises a little too."""
CREASE_FOLLOWS: Final = 0.62
UNDER_BROW_FOLLOWS: Final = 0.14
BELOW_LID_FOLLOWS: Final = 0.5
"""How far the skin round the eye goes with the lid that is nearest to it."""
CORNER_DROP: Final = 7.0
CORNER_IN: Final = 3.2
"""How far the corners of the smiling mouth sink and come in to rest."""
YAWN_DROP: Final = 26.0
YAWN_CORNER_DROP: Final = 7.0
YAWN_CORNER_IN: Final = 2.0
"""A yawn: how far lower lip and corners of the mouth go down, and the corners in."""
FROWN_BROW_DOWN: Final = 12.0
FROWN_BROW_IN: Final = 4.0
FROWN_LIDS: Final = 0.33
FROWN_CORNER_DROP: Final = 5.0
FROWN_LIPS: Final = 3.4
"""Displayed anger: inner brows down and together, lids tightened (share closed), corners down, lips pressed."""


class FaceDeformation:
    """The 468 points of the portrait (x, y in its pixels) and where a pose moves them."""

    def __init__(self, points: np.ndarray) -> None:
        self._points = points.astype(np.float64)
        self._unit = float(np.linalg.norm(points[263, :2] - points[33, :2])) / 63.0
        self._mouth_ids = np.array(
            [*_OUTER_UPPER_LIP, *_OUTER_LOWER_LIP, *_INNER_UPPER_LIP, *_INNER_LOWER_LIP, 61, 78, 291, 308]
        )
        self._controls = np.array(
            [*self._mouth_ids, *_JAW, *_CHIN, *_STILL, *(k for side in _WINGS for k in side)], np.int64
        )
        self._spread = _spreading(self._points, self._controls)

    def displaced(self, pose: Pose) -> np.ndarray:
        """Return the points (468 x 2) of a pose."""
        moved = self._points + self._lower_face(pose)
        moved += self._brows(pose)
        self._lids(moved, pose)
        return moved

    def _lower_face(self, pose: Pose) -> np.ndarray:
        """Give the displacement of everything that moves with the mouth.

        The portrait smiles; a driver does not: corners down and in, lips together, their curve flattened.
        """
        unit, opening, pressed = self._unit, pose.mouth, pose.anger
        points, wanted = self._points, np.zeros((len(self._points), 2))
        left, right = points[78, 0], points[308, 0]
        corner_drop = CORNER_DROP + YAWN_CORNER_DROP * opening + FROWN_CORNER_DROP * pressed
        gap = np.zeros(len(points))
        gap[list(_INNER_UPPER_LIP)] = gap[list(_INNER_LOWER_LIP)] = (
            points[list(_INNER_LOWER_LIP), 1] - points[list(_INNER_UPPER_LIP), 1]
        )
        gap[list(_OUTER_UPPER_LIP)] = gap[list(_OUTER_LOWER_LIP)] = gap[list(_INNER_UPPER_LIP)]
        for lip, share, drop, press in (
            (_INNER_UPPER_LIP, 0.40, -2.0, 0.0),
            (_INNER_LOWER_LIP, -0.60, YAWN_DROP, 0.0),
            (_OUTER_UPPER_LIP, 0.22, -2.0, 1.2),
            (_OUTER_LOWER_LIP, -0.42, YAWN_DROP - 1.0, -1.8),
        ):
            ids = list(lip)
            across = np.clip((points[ids, 0] - left) / (right - left) * 2.0 - 1.0, -1.0, 1.0)
            middle = np.sqrt(1.0 - across**2)
            wanted[ids, 0] = -across * self._narrowing(pose)
            wanted[ids, 1] = share * gap[ids] + unit * (
                (drop * opening + FROWN_LIPS * press * pressed) * middle
                + (CORNER_DROP + FROWN_CORNER_DROP * pressed) * np.abs(across) ** 1.5
                + YAWN_CORNER_DROP * opening * (1.0 - middle)
            )
        for ids, side in zip(_CORNERS, (1.0, -1.0), strict=True):
            wanted[list(ids)] = (side * self._narrowing(pose), unit * corner_drop)
        wanted[list(_JAW), 1] = (-1.0 + 17.0 * opening - 0.8 * pressed) * unit
        wanted[list(_CHIN), 1] = (-2.0 + 21.0 * opening - 1.5 * pressed) * unit
        for ids, side in zip(_WINGS, (1.0, -1.0), strict=True):
            wanted[list(ids)] = (side * (0.8 - 1.2 * pressed) * unit, -1.6 * unit * pressed)
        spread = self._spread @ wanted[self._controls]
        spread[self._mouth_ids] = wanted[self._mouth_ids]
        return spread

    def _narrowing(self, pose: Pose) -> float:
        """Give how far each corner of the mouth comes in, portrait pixels."""
        return (CORNER_IN + YAWN_CORNER_IN * pose.mouth + 0.5 * pose.anger) * self._unit

    def _brows(self, pose: Pose) -> np.ndarray:
        shift = np.zeros((len(self._points), 2))
        for rows, under, side in zip(_BROWS, _UNDER_BROWS, (1.0, -1.0), strict=True):
            for row in rows:
                for k, inner in zip(row, np.linspace(0.0, 1.0, len(row)), strict=True):
                    shift[k] = (side * FROWN_BROW_IN * inner**2, FROWN_BROW_DOWN * (0.2 + 0.8 * inner))
            for k, inner in zip(under, np.linspace(0.0, 1.0, len(under)), strict=True):
                shift[k] = (side * 0.6 * FROWN_BROW_IN * inner**2, FROWN_BROW_DOWN * (0.15 + 0.5 * inner))
        shift[9], shift[8] = (0.0, 0.55 * FROWN_BROW_DOWN), (0.0, 0.4 * FROWN_BROW_DOWN)
        return shift * self._unit * pose.anger

    def _lids(self, moved: np.ndarray, pose: Pose) -> None:
        tight = FROWN_LIDS * pose.anger
        closure = pose.lids + (1.0 - pose.lids) * tight
        for upper, lower, crease, brow, below in zip(
            UPPER_LIDS, LOWER_LIDS, CREASES, _UNDER_BROWS, BELOW_LIDS, strict=True
        ):
            up, low = moved[list(upper)].copy(), moved[list(lower)].copy()
            meeting = low + LID_MEETING * (up - low)
            fall = closure * (meeting - up)
            moved[list(upper)] = up + fall
            moved[list(lower)] = low + closure * (meeting - low)
            moved[list(crease)] += CREASE_FOLLOWS * fall
            moved[list(brow)] += UNDER_BROW_FOLLOWS * fall
            moved[list(below)] += BELOW_LID_FOLLOWS * closure * (meeting - low)


def _spreading(points: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Return the n x c matrix that carries displacements of control points smoothly to all (thin-plate spline)."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
        return 0.5 * squared * np.log(squared + 1e-9)

    scaled = (points - points.mean(axis=0)) / points.std()
    at = scaled[controls]
    count = len(controls)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = kernel(at, at) + 1e-3 * np.eye(count)
    system[:count, count] = system[count, :count] = 1.0
    system[:count, count + 1 :] = at
    system[count + 1 :, :count] = at.T
    solution = np.linalg.solve(system, np.eye(count + 3, count))
    design = np.concatenate([kernel(scaled, at), np.ones((len(points), 1)), scaled], axis=1)
    return design @ solution
