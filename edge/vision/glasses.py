"""Whether the driver wears glasses, clear or dark: a linear score on edges around the eyes, over many looks.

A strip of 150 x 100 mm around the eyes is cut level with their outer corners; a frame shows in it as edges where a bare
face has none: across the bridge of the nose, below the eyes, along the temples. Histograms of oriented gradients [S
Dalal and Triggs 2005] are weighted by `glasses.npy` (`tools/train/glasses.py`; figures: `models/glasses.card.md`).

One look errs now and then, a lens that mirrors the road does so for seconds: so the mean of the last looks decides, one
a second, and what has been told once is only taken back by a clearer mean. A wrong answer costs more than none: the
driver's own eyes would be exchanged for those of the population.
"""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.vision.landmarks import EYE_CORNERS
from edge.vision.preprocess import stretch_contrast

if TYPE_CHECKING:
    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Floats, Gray

STRIP_PX: Final = (96, 64)
"""Width and height of the strip."""
EYES_AT_PX: Final = (48.0, 24.0)
"""Where the middle between the outer eye corners lies in it: most of a frame is below the eyes."""
PX_PER_MM: Final = 0.64

LOW_PERCENT: Final = 2.0
HIGH_PERCENT: Final = 98.0
MIN_SPAN_GREY: Final = 20.0
"""Contrast normalisation, as in training [D]."""

LOOK_EVERY_NS: Final = 1_000_000_000
"""Nobody puts glasses on in less [D]."""
LOOKS: Final = 15
ENOUGH_LOOKS: Final = 5
"""The mean is of the last fifteen looks; fewer than five tell nothing [D]."""
STALE_NS: Final = 60_000_000_000
"""After a minute without a look nothing is known any more [D]."""
MAX_YAW_DEG: Final = 50.0
"""Turned farther from the camera, the nose hides the bridge [D: the learnt drivers are turned up to here]."""
MIN_FACE_PX: Final = 64.0
"""Smaller faces show no rims: at 47 pixels one told look in twenty is wrong [D: models/glasses.card.md]."""
SURE: Final = 0.15
SURE_TO_CHANGE: Final = 0.3
"""Distance of the mean score from 0 that tells glasses or none, and that takes back what was told: of films of held-out
drivers none was wrong beyond the first [D: models/glasses.card.md]."""

_WEIGHTS: Final = Path(__file__).with_name("glasses.npy")


def glasses_strip(mesh: Mesh) -> Gray:
    """Cut the strip around the eyes, level with their outer corners: (64, 96), uint8, contrast spread."""
    right, left = mesh.points[EYE_CORNERS, :2].tolist()
    angle_rad = math.atan2(left[1] - right[1], left[0] - right[0])
    scale = mesh.rigid.px_per_mm / PX_PER_MM
    a, b = scale * math.cos(angle_rad), scale * math.sin(angle_rad)
    at_x, at_y = EYES_AT_PX
    middle_x, middle_y = (right[0] + left[0]) / 2, (right[1] + left[1]) / 2
    matrix = np.array([[a, -b, middle_x - a * at_x + b * at_y], [b, a, middle_y - b * at_x - a * at_y]])
    strip = cv2.warpAffine(mesh.crop, matrix, STRIP_PX, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return stretch_contrast(np.asarray(strip, np.uint8), LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)


def strip_edges(strip: Gray) -> Floats:
    """Return the strip's histograms of oriented gradients, (2772,) float32, 0 to 1."""
    return np.asarray(_HOG.compute(strip), np.float32).ravel()


class GlassesReader:
    """Tells glasses of the driver whose face is followed."""

    def __init__(self) -> None:
        weights = np.load(_WEIGHTS, allow_pickle=False).astype(np.float32)
        self._weights: Floats = weights[:-1]
        self._bias = float(weights[-1])
        self._looks: deque[float] = deque(maxlen=LOOKS)
        """Their scores."""
        self._looked_ns: int | None = None
        self._told: bool | None = None

    def score(self, mesh: Mesh) -> float:
        """Return how much one look speaks for glasses: about 1 for, about -1 against."""
        return float(strip_edges(glasses_strip(mesh)) @ self._weights) + self._bias

    def read(self, mesh: Mesh, yaw_deg: float, t_ns: int) -> bool | None:
        """Look if it is time, and return what is known by now; None until enough looks agree.

        `yaw_deg` is the head's from the camera. Faces that cannot be read (dark, blurred) are not to be given.
        """
        if self._looked_ns is not None and t_ns - self._looked_ns > STALE_NS:
            # Somebody else may sit there now.
            self._looks.clear()
            self._told = None
        due = self._looked_ns is None or t_ns - self._looked_ns >= LOOK_EVERY_NS
        if due and abs(yaw_deg) <= MAX_YAW_DEG and mesh.width_px >= MIN_FACE_PX:
            self._looked_ns = t_ns
            self._looks.append(self.score(mesh))
            self._judge()
        return self._told

    def _judge(self) -> None:
        if len(self._looks) < ENOUGH_LOOKS:
            return
        mean = sum(self._looks) / len(self._looks)
        sure = SURE if self._told is None or self._told == (mean > 0.0) else SURE_TO_CHANGE
        if abs(mean) > sure:
            self._told = mean > 0.0


_HOG: Final = cv2.HOGDescriptor(STRIP_PX, (16, 16), (8, 8), (8, 8), 9)
