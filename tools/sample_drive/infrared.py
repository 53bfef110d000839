"""The camera: an infrared lamp beside the lens, a lens that is not quite sharp, a sensor with noise."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from sample_drive.script import HEIGHT, WIDTH

SEED: Final = 20_240_611
NOISE_GREY: Final = 1.6
"""Standard deviation of the sensor noise in grey levels of 255; more would not fit the size of the film [D]."""
NOISE_CHANGE: Final = 0.25
"""Share of the noise that is new in every frame [D]: video compression in a camera smooths it the same way."""


class InfraredCamera:
    """Turns reflectance into the grey picture that the sensor delivers."""

    def __init__(self) -> None:
        self._random = np.random.Generator(np.random.PCG64(SEED))
        x = (np.arange(WIDTH, dtype=np.float32)[None, :] - 325.0) / 300.0
        y = (np.arange(HEIGHT, dtype=np.float32)[:, None] - 225.0) / 250.0
        self._lamp = 0.16 + 0.84 * np.exp(-0.5 * (x**2 + y**2) / 0.62**2)
        self._noise = self._fresh()

    def expose(self, reflectance: np.ndarray) -> np.ndarray:
        """Grey picture, uint8, of a scene's reflectance (0 to 1). Successive calls are successive frames."""
        light = cv2.GaussianBlur((reflectance * self._lamp).astype(np.float32), (0, 0), 0.6)
        # A soft shoulder instead of clipping: skin near the lamp stays drawn.
        tone = 12.0 + 232.0 * (1 - np.exp(-1.55 * np.maximum(light, 0.0) ** 1.35))
        self._noise = np.sqrt(1 - NOISE_CHANGE**2) * self._noise + NOISE_CHANGE * self._fresh()
        return np.clip(np.round(tone + NOISE_GREY * self._noise), 0, 255).astype(np.uint8)

    def _fresh(self) -> np.ndarray:
        return self._random.standard_normal((HEIGHT, WIDTH), dtype=np.float32)
