"""From a grey picture to a network's input: rotated square regions, crops, value ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]
    Floats = NDArray[np.float32]

# One thread: the interpreter has the core, and a pool that wakes for 0.1 ms of warping costs more than it saves.
cv2.setNumThreads(1)


UPRIGHT_RAD: Final = math.radians(5.0)
"""The mesh is trained on faces turned by more than this; a plain cut is five times as quick as a turned one [D]."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A square in the picture, in pixels, turned clockwise by `angle_rad` around its centre."""

    x: float
    y: float
    side: float
    angle_rad: float = 0.0

    def upright(self) -> Roi:
        """Return the region without a small tilt, on whole pixels; a larger tilt stays."""
        if abs(self.angle_rad) > UPRIGHT_RAD:
            return self
        side = round(self.side)
        left, top = round(self.x - side / 2), round(self.y - side / 2)
        return Roi(left + side / 2, top + side / 2, side)

    def to_picture(self, size: int) -> NDArray[np.float64]:
        """Return the 2x3 matrix from pixels of a crop of `size` to pixels of the picture."""
        scale = self.side / size
        a, b = scale * math.cos(self.angle_rad), scale * math.sin(self.angle_rad)
        half = size / 2
        return np.array([[a, -b, self.x - half * (a - b)], [b, a, self.y - half * (a + b)]])


def cut(gray: Gray, roi: Roi, size: int, *, mirror: bool = False) -> Gray:
    """Cut a region as a `size` x `size` picture, black outside the frame; `mirror` swaps left and right."""
    if roi.angle_rad == 0.0 and not mirror:
        left, top, side = round(roi.x - roi.side / 2), round(roi.y - roi.side / 2), round(roi.side)
        if left >= 0 and top >= 0 and left + side <= gray.shape[1] and top + side <= gray.shape[0]:
            # An upright region inside the frame is a plain resize: a fifth of the time of a warp.
            inside = gray[top : top + side, left : left + side]
            return np.asarray(cv2.resize(inside, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
    matrix = roi.to_picture(size)
    if mirror:
        matrix[:, 2] += matrix[:, 0] * (size - 1)
        matrix[:, 0] *= -1
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(gray, matrix, (size, size), flags=flags), np.uint8)


def points_in_picture(points: Floats, roi: Roi, size: int) -> Floats:
    """Carry points (n, 2) of a crop of `size` over to the picture; returns (n, 2) pixels."""
    matrix = roi.to_picture(size).astype(np.float32)
    placed: Floats = points @ matrix[:, :2].T + matrix[:, 2]
    return placed


def stretch_contrast(crop: Gray, low_percent: float, high_percent: float, min_span: float) -> Gray:
    """Spread the values between two percentiles over 0 to 255; a flatter crop than `min_span` is spread less.

    Percentiles lie linearly between ranks, as numpy's do.
    """
    # `stable` is a radix sort for bytes, seven times as fast as the default here.
    values = np.sort(crop, axis=None, kind="stable")
    low, high = _percentile(values, low_percent), _percentile(values, high_percent)
    scale = 255.0 / max(high - low, min_span)
    table = np.clip(np.rint((np.arange(256, dtype=np.float32) - low) * scale), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


def int8_input(crop: Gray, low_percent: float, high_percent: float, min_span: float) -> NDArray[np.int8]:
    """Return a crop as our own networks take it, int8 (1, height, width, 1): stretched to 0..255, minus 128."""
    stretched = stretch_contrast(crop, low_percent, high_percent, min_span)
    # Less 128, as bytes: the highest bit turned over.
    return (stretched ^ np.uint8(0x80)).view(np.int8)[None, :, :, None]


def _percentile(ascending: Gray, percent: float) -> float:
    place = (ascending.size - 1) * percent / 100
    rank = int(place)
    first, second = float(ascending[rank]), float(ascending[min(rank + 1, ascending.size - 1)])
    return first + (place - rank) * (second - first)


class GrayInput:
    """Turns grey crops into the input (1, size, size, 3) of a colour network; the buffers are reused."""

    def __init__(self, size: int, low: float, high: float, *, quantized: bool = False) -> None:
        """`quantized`: int8, black is -128 and white 127, as the recipes of the int8 networks have it."""
        self.size = size
        self._low = np.float32(low)
        self._step = np.float32((high - low) / 255.0)
        self._gray = np.empty((size, size), np.float32)
        self._values = np.empty((1, size, size, 3), np.float32)
        self._quantized = quantized
        self._bytes = np.empty((1, size, size, 3), np.uint8)

    def fill(self, crop: Gray) -> Floats | NDArray[np.int8]:
        """Return the crop's values between `low` (black) and `high` (white); valid until the next call."""
        if self._quantized:
            # Grey less 128, as bytes: the highest bit turned over.
            cv2.cvtColor(crop ^ np.uint8(128), cv2.COLOR_GRAY2RGB, dst=self._bytes[0])
            return self._bytes.view(np.int8)
        np.multiply(crop, self._step, out=self._gray)
        if self._low:
            self._gray += self._low
        cv2.cvtColor(self._gray, cv2.COLOR_GRAY2RGB, dst=self._values[0])
        return self._values
