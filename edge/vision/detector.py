"""Where faces are: BlazeFace, short range on the driver's seat, full range when that finds nobody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

from edge.vision.preprocess import GrayInput, Roi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.inference.interpreter import Net
    from edge.vision.preprocess import Floats, Gray

MIN_SCORE: Final = 0.5
"""A detection [S: MediaPipe's face detection graphs]."""

OVERLAP_RATIO: Final = 0.3
"""Boxes that overlap more are one face, averaged by score [S: MediaPipe's face detection graphs]."""

REGRESSORS: Final = 16
"""Numbers of an anchor: centre, width and height of the box, then six keypoints [S: the same]."""

MIN_LOGIT: Final = math.log(MIN_SCORE / (1 - MIN_SCORE))


@dataclass(frozen=True, slots=True)
class Framing:
    """How a landmark region lies on a box."""

    scale: float
    """Its side over the box's longer side."""
    drop: float
    """How far its centre lies below the box's, as a share of the box's longer side."""


CLOSE: Final = Framing(1.5, 0.0)
"""[S: MediaPipe's face landmark graph]."""

ROOMY: Final = Framing(2.0, 0.15)
"""For faces seen from the side and wide open mouths. Framed closely, the mesh shuts the mouth of a yawn seen from the
side, and reads wide talking as a yawn: 0.37-0.75 and 0.82 against 0.76-0.85 and 0.66 framed so [D: measured]."""


@dataclass(frozen=True, slots=True)
class AnchorLayer:
    """A grid of anchors: one cell every `stride` pixels, `repeats` anchors in each."""

    stride: int
    repeats: int


SHORT_RANGE: Final = (AnchorLayer(8, 2), AnchorLayer(16, 6))
FULL_RANGE: Final = (AnchorLayer(4, 1),)
"""Anchor layouts [S: MediaPipe's short- and full-range face detection graphs]."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face: its box (left, top, right, bottom) and its eyes in picture pixels, and a score from 0 to 1."""

    box: tuple[float, float, float, float]
    right_eye: tuple[float, float]
    """The person's right eye: on the picture's left when the face looks into the camera."""
    left_eye: tuple[float, float]
    score: float

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return self.box[2] - self.box[0]

    def roi(self, framing: Framing = CLOSE) -> Roi:
        """Return the region for the landmark net, upright along the eyes."""
        left, top, right, bottom = self.box
        angle = math.atan2(self.left_eye[1] - self.right_eye[1], self.left_eye[0] - self.right_eye[0])
        longest = max(right - left, bottom - top)
        x = (left + right) / 2 - framing.drop * longest * math.sin(angle)
        y = (top + bottom) / 2 + framing.drop * longest * math.cos(angle)
        return Roi(x, y, framing.scale * longest, angle)


def anchor_centres(size: int, layers: Sequence[AnchorLayer]) -> NDArray[np.float32]:
    """Return the centres (n, 2) of all anchors as shares of the input's side."""
    grids = []
    for layer in layers:
        cells = size // layer.stride
        ticks = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        across, down = np.meshgrid(ticks, ticks)
        grids.append(np.repeat(np.stack([across.ravel(), down.ravel()], axis=1), layer.repeats, axis=0))
    return np.concatenate(grids)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a region of the picture lies on a network's input: x there = (x in the region) * scale + left."""

    scale: float
    left: int
    top: int


def letterboxed(seat: Gray, canvas: Gray) -> Placement:
    """Fit a region into the middle of a square canvas, black around it."""
    size = canvas.shape[0]
    scale = size / max(seat.shape)
    width, height = (max(1, round(side * scale)) for side in (seat.shape[1], seat.shape[0]))
    left, top = (size - width) // 2, (size - height) // 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas.fill(0)
    canvas[top : top + height, left : left + width] = cv2.resize(seat, (width, height), interpolation=how)
    return Placement(scale, left, top)


class Detector:
    """One BlazeFace network, float or int8."""

    def __init__(self, net: Net, layers: Sequence[AnchorLayer]) -> None:
        self._net = net
        self._size = net.input_shapes[0][1]
        self._input = GrayInput(self._size, -1.0, 1.0, quantized=net.input_types[0] == np.int8)
        self._canvas = np.zeros((self._size, self._size), np.uint8)
        self._anchors = anchor_centres(self._size, layers)

    def find(self, gray: Gray, region: tuple[int, int, int, int]) -> list[Detection]:
        """Return the faces in a region (left, top, right, bottom in pixels) of the picture, surest first."""
        left, top, right, bottom = region
        at = letterboxed(gray[top:bottom, left:right], self._canvas)
        regressors, logits = joined(self._net.run((self._input.fill(self._canvas),)))
        return [
            _placed(values, score, at.scale, left - at.left / at.scale, top - at.top / at.scale)
            for values, score in merged(regressors, logits, self._anchors, self._size)
        ]


def joined(outputs: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return regressors (n, 16) and logits (n,) of all anchors.

    An int8 network is cut before its concatenation, which would have forced one scale on both of its layers: it gives
    the regressors of each layer, then the logits of each.
    """
    half = len(outputs) // 2
    regressors = [layer.reshape(-1, REGRESSORS) for layer in outputs[:half]]
    return np.concatenate(regressors), np.concatenate([layer.ravel() for layer in outputs[half:]])


def merged(regressors: Floats, logits: Floats, anchors: Floats, size: int) -> list[tuple[Any, float]]:
    """Weighted non-maximum suppression: each face as (box and keypoints in input pixels, score), surest first."""
    sure = np.flatnonzero(logits >= MIN_LOGIT)
    if not sure.size:
        return []
    sure = sure[np.argsort(-logits[sure], kind="stable")]
    scores = 1.0 / (1.0 + np.exp(-logits[sure].astype(np.float64)))
    raw = regressors[sure].astype(np.float64)
    origin = anchors[sure].astype(np.float64) * size
    centre, half = raw[:, :2] + origin, raw[:, 2:4] / 2
    eyes = raw[:, 4:8] + np.tile(origin, 2)
    candidates = np.concatenate([centre - half, centre + half, eyes], axis=1)
    faces = []
    left = np.ones(len(sure), bool)
    for best in range(len(sure)):
        if not left[best]:
            continue
        same = left & (_overlap(candidates[:, :4], candidates[best, :4]) > OVERLAP_RATIO)
        same[best] = True
        faces.append((np.average(candidates[same], axis=0, weights=scores[same]), float(scores[best])))
        left &= ~same
    return faces


def _overlap(boxes: NDArray[np.float64], one: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of each box (n, 4) with one box (4,)."""
    low, high = np.maximum(boxes[:, :2], one[:2]), np.minimum(boxes[:, 2:], one[2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    ratio: NDArray[np.float64] = shared / (areas - shared + 1e-9)
    return ratio


def _placed(values: Any, score: float, scale: float, left: float, top: float) -> Detection:
    x, y = (values[0::2] / scale + left).tolist(), (values[1::2] / scale + top).tolist()
    return Detection((x[0], y[0], x[1], y[1]), (x[2], y[2]), (x[3], y[3]), score)


def by_likelihood(
    faces: Sequence[Detection], side: Literal["left", "right"], picture_width: int, min_width: float
) -> list[Detection]:
    """Return the faces that may be the driver's, likeliest first.

    Of the faces at least half as wide as the widest, the one farthest to the driver's side: a passenger on the back
    seat is small, one beside the driver is on the other side. Narrower ones come last, the widest first; a pattern
    that is no face may be in front, so none is dropped before the mesh has seen it [D].
    """
    large = [face for face in faces if face.width >= min_width]
    widest = max((face.width for face in large), default=0.0)

    def rank(face: Detection) -> tuple[bool, float]:
        centre = (face.box[0] + face.box[2]) / 2
        if face.width < 0.5 * widest:
            return False, face.width
        return True, centre if side == "right" else picture_width - centre

    return sorted(large, key=rank, reverse=True)
