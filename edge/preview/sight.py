"""The technician's picture: the face framed in the colour of the lights, and where it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

WIDTH_PX: Final = 480
"""Wide enough for a telephone, a third of the bytes of the whole frame [D]."""
JPEG_QUALITY: Final = 75
WHITE: Final = (255, 255, 255)
BLACK: Final = (0, 0, 0)
COLORS: Final = {"green": (92, 190, 40), "yellow": (0, 190, 255), "red": (60, 60, 255), "unknown": (200, 200, 200)}
"""Blue, green, red, as OpenCV takes them."""
GUIDE: Final = (0.13, 0.30)
"""Half width of the guide over the picture's width, half height over its height: a face of the best size [D]."""


def draw_sight(gray: NDArray[np.uint8], box: tuple[float, float, float, float] | None, light: str) -> NDArray[np.uint8]:
    """Return a picture (H', 480, 3), uint8, blue first, of a grey frame (H, W); `box` in shares of the frame."""
    height = max(1, round(gray.shape[0] * WIDTH_PX / gray.shape[1]))
    picture = np.asarray(
        cv2.cvtColor(cv2.resize(gray, (WIDTH_PX, height), interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR), np.uint8
    )
    middle = (WIDTH_PX // 2, height // 2)
    for start in range(0, 360, 20):
        axes = (round(GUIDE[0] * WIDTH_PX), round(GUIDE[1] * height))
        cv2.ellipse(picture, middle, axes, 0, start, start + 10, WHITE, 1, cv2.LINE_AA)
    if box is not None:
        x, y, w, h = (round(v * s) for v, s in zip(box, (WIDTH_PX, height) * 2, strict=True))
        arm = max(8, w // 5)
        for corner_x, to_x in ((x, 1), (x + w, -1)):
            for corner_y, to_y in ((y, 1), (y + h, -1)):
                ends = ((corner_x + to_x * arm, corner_y), (corner_x, corner_y), (corner_x, corner_y + to_y * arm))
                line = np.array(ends, np.int32).reshape(-1, 1, 2)
                cv2.polylines(picture, [line], isClosed=False, color=BLACK, thickness=6, lineType=cv2.LINE_AA)
                cv2.polylines(picture, [line], isClosed=False, color=COLORS[light], thickness=3, lineType=cv2.LINE_AA)
    return picture


def sight_jpeg(gray: NDArray[np.uint8], box: tuple[float, float, float, float] | None, light: str) -> bytes | None:
    """Return the picture as JPEG; None when it cannot be encoded."""
    done, jpeg = cv2.imencode(".jpg", draw_sight(gray, box, light), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return jpeg.tobytes() if done else None
