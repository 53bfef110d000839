"""The cabin round the driver, as an infrared camera on the steering column sees it at night."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from sample_drive.script import HEIGHT, WIDTH

_WINDOW: Final = np.array([(505, -10), (650, -10), (650, 262), (560, 250), (522, 205)])
_REAR_WINDOW: Final = np.array([(-10, 40), (120, 52), (138, 150), (-10, 158)])
_LAMP_EVERY_S: Final = 9.0
"""A street lamp passes the side window this often [D]."""


class Cabin:
    """Seat, pillar and windows; only the light outside moves."""

    def __init__(self) -> None:
        still = np.full((HEIGHT, WIDTH), 0.075, np.float32)
        still += np.linspace(0.03, 0.0, HEIGHT, dtype=np.float32)[:, None]
        _shape(still, _REAR_WINDOW, 0.2, soft_px=3)
        _shape(still, np.array([(-10, 250), (150, 262), (170, 480), (-10, 490)]), 0.12, soft_px=4)
        _shape(
            still, np.array([(470, -10), (512, -10), (536, 210), (575, 260), (560, 490), (505, 490)]), 0.22, soft_px=2
        )
        _shape(still, np.array([(575, 268), (650, 275), (650, 490), (560, 490)]), 0.10, soft_px=3)
        seat = np.array([(150, 500), (168, 360), (215, 300), (440, 296), (500, 350), (520, 500)])
        _shape(still, seat, 0.17, soft_px=4)
        _rounded(still, (206, 60, 446, 290), 60, 0.2)
        _rounded(still, (216, 70, 436, 280), 52, 0.17)
        _shape(still, np.array([(268, 280), (280, 280), (280, 310), (268, 310)]), 0.3, soft_px=1)
        _shape(still, np.array([(372, 280), (384, 280), (384, 310), (372, 310)]), 0.3, soft_px=1)
        self._window = np.zeros((HEIGHT, WIDTH), np.float32)
        _shape(self._window, _WINDOW, 1.0, soft_px=1.5)
        self._still = still * (1 - self._window) + self._window * 0.09
        self._columns = np.arange(WIDTH, dtype=np.float32)[None, :]
        self._rows = np.arange(HEIGHT, dtype=np.float32)[:, None]

    def draw(self, t_s: float) -> np.ndarray:
        """Grey, 480 x 640, 0 to 1."""
        share = (t_s % _LAMP_EVERY_S) / _LAMP_EVERY_S
        x, y = 460.0 + 320.0 * share, 150.0 - 90.0 * share
        lamp = np.exp(-((self._columns - x) ** 2 / (2 * 26.0**2) + (self._rows - y) ** 2 / (2 * 34.0**2)))
        return self._still + self._window * 0.55 * lamp


def _shape(canvas: np.ndarray, corners: np.ndarray, grey: float, soft_px: float) -> None:
    mask = np.zeros(canvas.shape, np.float32)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), soft_px)
    canvas += mask * (grey - canvas)


def _rounded(canvas: np.ndarray, box: tuple[int, int, int, int], radius: int, grey: float) -> None:
    left, top, right, bottom = box
    angle = np.linspace(0, np.pi / 2, 16)
    corners = []
    for (x, y), turn in (
        ((right - radius, bottom - radius), 0.0),
        ((left + radius, bottom - radius), np.pi / 2),
        ((left + radius, top + radius), np.pi),
        ((right - radius, top + radius), 1.5 * np.pi),
    ):
        corners.append(np.column_stack([x + radius * np.cos(angle + turn), y + radius * np.sin(angle + turn)]))
    _shape(canvas, np.concatenate(corners), grey, soft_px=3)
