"""What the portrait does not show and the film needs: the skin of closed lids, lips without teeth, cheeks at rest."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from sample_drive.deform import BELOW_LIDS, CREASES, EYE_CORNERS, INNER_LIPS
from sample_drive.portrait import TEXTURE_SCALE

FURROW_SHADE: Final = 0.5
UNDER_BROW_SHADE: Final = 0.9
"""How much darker a frown makes its furrows and the skin under the brows, before softening."""
_FOLDS: Final = ((129, 203, 206, 216, 212), (358, 423, 426, 436, 432))
"""From each nose wing past the corner of the mouth: the crease of a smile."""


def without_smile(grey: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """Take the teeth from between the lips and soften the creases of the smile."""
    rest = _inpainted(grey, _filled(grey.shape, mesh, INNER_LIPS, grow_px=2))
    folds = np.zeros(grey.shape, np.float32)
    for fold in _FOLDS:
        cv2.polylines(folds, [_texture_points(mesh, fold)], isClosed=False, color=1.0, thickness=7 * TEXTURE_SCALE)
    folds = 0.85 * cv2.GaussianBlur(folds, (0, 0), 2.0 * TEXTURE_SCALE)
    skin = cv2.GaussianBlur(rest, (0, 0), 5.0 * TEXTURE_SCALE)
    # Only what is darker than the skin around it is a crease; the rest keeps its texture.
    return rest + folds * np.maximum(skin - rest, 0)


def with_lid_skin(grey: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """Put skin where the eyes were: what is seen on closed lids."""
    hidden = np.zeros(grey.shape, np.uint8)
    for upper, lower, corners in zip(CREASES, BELOW_LIDS, EYE_CORNERS, strict=True):
        hidden |= _filled(grey.shape, mesh, (corners[0], *upper, corners[1], *reversed(lower)), grow_px=4)
    skin = cv2.GaussianBlur(_inpainted(grey, hidden), (0, 0), 1.5 * TEXTURE_SCALE)
    soft = cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), TEXTURE_SCALE)
    return grey + soft * (skin - grey)


def _texture_points(mesh: np.ndarray, ids: tuple[int, ...]) -> np.ndarray:
    return _scaled(mesh[list(ids), :2])


def _scaled(points: np.ndarray) -> np.ndarray:
    return np.round((points + 0.5) * TEXTURE_SCALE - 0.5).astype(np.int32)


def _filled(shape: tuple[int, ...], mesh: np.ndarray, ids: tuple[int, ...], grow_px: int) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [_texture_points(mesh, ids)], 1)
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow_px + 1, 2 * grow_px + 1)))


def _inpainted(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    patched = cv2.inpaint(np.round(grey * 255).astype(np.uint8), mask, 4 * TEXTURE_SCALE, cv2.INPAINT_TELEA)
    return np.where(mask > 0, patched.astype(np.float32) / 255.0, grey)


def frown_shade(shape: tuple[int, ...], mesh: np.ndarray) -> np.ndarray:
    """Give how much darker a frown makes each point: two furrows between the brows, a shadow under each."""
    shade = np.zeros(shape, np.float32)
    for side, inner, under in ((1.0, 55, (222, 221, 189)), (-1.0, 285, (442, 441, 413))):
        x, y = mesh[inner, :2] + (side * 3.0, -1.0)
        furrow = np.array([(x, y - 5.0), (x + 0.4 * side, y), (x + side * 1.0, y + 4.0)])
        shadow = mesh[list(under), :2]
        for line, grey, width in ((furrow, FURROW_SHADE, 1), (shadow, UNDER_BROW_SHADE, 2)):
            cv2.polylines(shade, [_scaled(line)], isClosed=False, color=grey, thickness=width * TEXTURE_SCALE)
    return cv2.GaussianBlur(shade, (0, 0), 1.2 * TEXTURE_SCALE)
