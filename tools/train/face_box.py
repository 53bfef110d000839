"""Face boxes for training crops: BlazeFace short range, as the daemon finds them.

The training crops must come from the same box as the daemon's, or the network meets a framing it was never shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DETECTOR_PX = 128
STRIDES_AND_ANCHORS = ((8, 2), (16, 6))
"""Anchor layout of the short-range model [S: MediaPipe's face_detection_short_range graph]."""

OVERLAP_RATIO = 0.3
"""Boxes that overlap the best one by more are averaged with it, weighted by score [S: MediaPipe's graph]."""


def anchor_centres() -> NDArray[np.float32]:
    """Compute the anchors' centres (896, 2), as shares of the input's side."""
    centres: list[tuple[float, float]] = []
    for stride, repeats in STRIDES_AND_ANCHORS:
        cells = DETECTOR_PX // stride
        for row in range(cells):
            for column in range(cells):
                centres += [((column + 0.5) / cells, (row + 0.5) / cells)] * repeats
    return np.array(centres, np.float32)


class FaceBoxFinder:
    """The best face box in a grey picture, as (left, top, right, bottom) in pixels, or None."""

    def __init__(self, model: Path) -> None:
        self._net = Interpreter(str(model), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._outputs = [d["index"] for d in self._net.get_output_details()]
        self._anchors = anchor_centres()

    def find(self, grey: NDArray[np.uint8], threshold: float = 0.3) -> NDArray[np.float64] | None:
        """Find the best face; None where no anchor scores above ``threshold``."""
        height, width = grey.shape
        scale = DETECTOR_PX / max(height, width)
        small = cv2.resize(
            grey,
            (round(width * scale), round(height * scale)),
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        top, left = (DETECTOR_PX - small.shape[0]) // 2, (DETECTOR_PX - small.shape[1]) // 2
        canvas = np.zeros((DETECTOR_PX, DETECTOR_PX), np.uint8)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        values = np.repeat(canvas[None, :, :, None].astype(np.float32) / 127.5 - 1.0, 3, axis=3)
        self._net.set_tensor(self._input, values)
        self._net.invoke()
        regressors, scores = sorted((self._net.get_tensor(i)[0] for i in self._outputs), key=lambda t: -t.shape[-1])
        probability = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0], -50, 50)))
        best = int(probability.argmax())
        if probability[best] < threshold:
            return None
        centre = regressors[:, :2] / DETECTOR_PX + self._anchors
        half = regressors[:, 2:4] / DETECTOR_PX / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        chosen = (overlap(boxes, boxes[best]) > OVERLAP_RATIO) & (probability > threshold)
        weights = probability[chosen] / probability[chosen].sum()
        box = (boxes[chosen] * weights[:, None]).sum(0) * DETECTOR_PX
        return (box - np.array([left, top, left, top])) / scale


def overlap(boxes: NDArray[np.floating], one: NDArray[np.floating]) -> NDArray[np.floating]:
    """Compute the intersection over union of each box (N, 4) with one box (4,)."""
    low, high = np.maximum(boxes[:, :2], one[:2]), np.minimum(boxes[:, 2:], one[2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return shared / (areas - shared + 1e-9)
