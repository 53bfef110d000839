"""How far a face in a frame can be trusted: sharpness, light, glare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.vision.landmarks import MESH_PX

if TYPE_CHECKING:
    from edge.types import ObservabilityReason
    from edge.vision.preprocess import Gray

MIN_BRIGHTNESS_RATIO: Final = 0.04
"""Mean grey below which noise hides the lids [D]."""

MAX_CLIPPED_RATIO: Final = 0.35
"""Share of the face at full white above which its features are washed out [D]."""

MIN_SHARPNESS: Final = 0.0015
"""Below, lids are smeared over their own gap [D]."""

FULL_WHITE: Final = 250


@dataclass(frozen=True, slots=True)
class CropQuality:
    """Measures of one face crop."""

    sharpness: float
    """Variance of the Laplacian over the variance of the grey values: contrast-free."""
    brightness_ratio: float
    clipped_ratio: float

    @property
    def reason(self) -> ObservabilityReason | None:
        """Why this face should not be read, or None."""
        if self.brightness_ratio < MIN_BRIGHTNESS_RATIO:
            return "dark"
        if self.clipped_ratio > MAX_CLIPPED_RATIO:
            return "glare"
        return "blur" if self.sharpness < MIN_SHARPNESS else None


def crop_quality(crop: Gray) -> CropQuality:
    """Measure the middle two thirds of a mesh crop, which the face fills."""
    margin = MESH_PX // 6
    face = crop[margin:-margin, margin:-margin]
    mean, deviation = (float(v.item()) for v in cv2.meanStdDev(face))
    _, edges = cv2.meanStdDev(cv2.Laplacian(face, cv2.CV_16S))
    white = int(np.count_nonzero(face >= FULL_WHITE))
    return CropQuality(
        sharpness=float(edges.item()) ** 2 / max(deviation**2, 1.0),
        brightness_ratio=mean / 255.0,
        clipped_ratio=white / face.size,
    )
