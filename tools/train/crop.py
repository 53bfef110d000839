"""The crop and its contrast normalisation, exactly as the daemon must do them.

This file is the definition that the model card repeats. A face box becomes one grey 48x48 picture:

1. square of side ``CROP_SCALE * max(w, h)`` around the box centre, moved up by ``CROP_LIFT * max(w, h)``;
2. border pixels repeated where the square leaves the picture;
3. resized to 48x48, by area when shrinking, bilinear when enlarging;
4. the 1st and 99th percentile of those 2,304 values stretched to 0..255 and clipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROP_SCALE = 1.16
CROP_LIFT = 0.08
"""Framing of FER2013 and CK+ pictures against BlazeFace's box, measured as medians over 1,117 of them [D]."""

MESH_SCALE = 1.07
MESH_LIFT = 0.03
"""The same square from the box around the 468 mesh points, for frames that are tracked, not detected: medians over
265 infrared and in-car frames, where nine in ten lie within 0.08 of the scale and 0.05 of the lift [D]."""

LOW_PERCENTILE = 1.0
HIGH_PERCENTILE = 99.0
MIN_SPAN_GREY = 16.0
"""A crop flatter than this many grey levels is not stretched further: it would be noise alone [D]."""


def square_of(box: NDArray[np.floating], scale: float = CROP_SCALE, lift: float = CROP_LIFT) -> tuple[int, int, int]:
    """Give left, top and side in whole pixels of the square to cut for a (left, top, right, bottom) box."""
    longest = max(box[2] - box[0], box[3] - box[1])
    side = max(2, round(float(longest * scale)))
    centre_x = (box[0] + box[2]) / 2
    centre_y = (box[1] + box[3]) / 2 - lift * longest
    return round(float(centre_x - side / 2)), round(float(centre_y - side / 2)), side


def cut(grey: NDArray[np.uint8], square: tuple[int, int, int], size_px: int) -> NDArray[np.uint8]:
    """Cut the square, resized to ``size_px``, with the picture's edge repeated outside it."""
    left, top, side = square
    height, width = grey.shape
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    patch = np.ascontiguousarray(grey[rows[:, None], columns[None, :]])
    how = cv2.INTER_AREA if side > size_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(patch, (size_px, size_px), interpolation=how), np.uint8)


def stretch_contrast(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch one crop by its percentiles to 0..255."""
    low, high = (float(end) for end in np.percentile(crop, (LOW_PERCENTILE, HIGH_PERCENTILE)))
    span = max(high - low, MIN_SPAN_GREY)
    return np.clip(np.rint((crop.astype(np.float32) - low) * (255.0 / span)), 0, 255).astype(np.uint8)


def network_input(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give the float input (1, 48, 48, 1) of the network; its int8 twin is ``stretch_contrast(crop) - 128``."""
    return ((stretch_contrast(crop).astype(np.float32) - 128.0) / 128.0)[None, :, :, None]
