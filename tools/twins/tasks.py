"""What is calibrated, and on what: for each network its crops, its cut, and how much a twin's answers differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.vision.detector import SHORT_RANGE, Detector, anchor_centres, joined, letterboxed, merged
from edge.vision.landmarks import EYE_CORNERS, MIN_PRESENCE, POINTS, MeshNet
from edge.vision.preprocess import Roi, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from edge.inference.interpreter import Net

    Gray = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Outputs = Sequence[Floats]

SEAT: Final = (1.8, 4.0)
"""A second crop of each frame is a square of so many box widths around the face, as a seat is framed [D]."""
NIGHT_EVERY: Final = 6
NIGHT_GAIN: Final = 0.4
"""Every sixth crop is taken once more in less light [D]."""
BESIDE_EVERY: Final = 4
"""On every fourth frame the mesh also looks beside the face [D]."""

SURE_LOGIT: Final = -1.0
"""An anchor that says less has no say in the detector's answer, whatever else it says [D]."""


@dataclass(frozen=True)
class Task:
    """One network to be made int8."""

    low: float
    high: float
    outputs: tuple[str, ...]
    crops: Callable[[Net, Net, Iterator[Gray], np.random.Generator], Iterator[Gray]]
    """Makes its inputs from frames, with the float detector and the float mesh."""
    face: Callable[[Outputs], tuple[float, float, float, float] | None]
    """Left, top, right and bottom of the face in input pixels; None where there is none."""
    output_ranges: Callable[[Sequence[Outputs]], list[tuple[float, float]]]
    """Lowest and highest value that each output must be able to say."""
    loss: Callable[[Outputs, Outputs], float]
    """How far the second answer is from the first, the float one; 0 is not at all."""


def detector_crops(detector: Net, _mesh: Net, frames: Iterator[Gray], random: np.random.Generator) -> Iterator[Gray]:
    """Yield the whole frame and, where there is a face, the seat, on the detector's canvas."""
    finder = Detector(detector, SHORT_RANGE)
    for frame in frames:
        height, width = frame.shape
        yield _letterboxed(frame, 128)
        faces = finder.find(frame, (0, 0, width, height))
        if faces:
            left, top, right, bottom = faces[0].box
            side = (right - left) * random.uniform(*SEAT)
            x, y = (left + right) / 2, (top + bottom) / 2
            low_x, high_x = max(0, round(x - side / 2)), min(width, round(x + side / 2))
            low_y, high_y = max(0, round(y - side / 2)), min(height, round(y + side / 2))
            yield _letterboxed(frame[low_y:high_y, low_x:high_x], 128)


def mesh_crops(detector: Net, mesh: Net, frames: Iterator[Gray], random: np.random.Generator) -> Iterator[Gray]:
    """Yield the region that is read first, the one that tracking reads, and now and then one beside the face."""
    finder, reader = Detector(detector, SHORT_RANGE), MeshNet(mesh)
    for number, frame in enumerate(frames):
        height, width = frame.shape
        faces = finder.find(frame, (0, 0, width, height))
        if not faces:
            continue
        read = reader.read(frame, faces[0].roi())
        yield read.crop
        if read.presence >= MIN_PRESENCE:
            yield reader.read(frame, read.next_roi()).crop
        if number % BESIDE_EVERY == 0:
            side = faces[0].roi().side
            yield cut(frame, Roi(random.uniform(0, width), random.uniform(0, height), side), 192)


def with_nights(crops: Iterator[Gray]) -> Iterator[Gray]:
    """Add some crops once more in little light."""
    for number, crop in enumerate(crops):
        yield crop.copy()
        if number % NIGHT_EVERY == 0:
            yield (crop * NIGHT_GAIN).astype(np.uint8)


def detected_face(outputs: Outputs) -> tuple[float, float, float, float] | None:
    """Return the box of the surest face."""
    faces = merged(*joined(outputs), _ANCHORS, 128)
    return tuple(faces[0][0][:4].tolist()) if faces else None


_ANCHORS: Final = anchor_centres(128, SHORT_RANGE)


def detector_ranges(answers: Sequence[Outputs]) -> list[tuple[float, float]]:
    """Hold what anchors that see a face say of box and eyes; the other numbers, up to thousands, are never read."""
    low, high = [np.inf, np.inf], [-np.inf, -np.inf]
    for answer in answers:
        for layer in (0, 1):
            sure = answer[2 + layer].ravel() > 0.0
            values = answer[layer].reshape(-1, 16)[sure, :READ]
            if values.size:
                low[layer] = min(low[layer], float(values.min()))
                high[layer] = max(high[layer], float(values.max()))
    most = max(float(answer[k].max()) for answer in answers for k in (2, 3))
    # A logit as far below zero as the surest is above is a score of nothing; all lower ones may be the same.
    return [(ROOM * low[0], ROOM * high[0]), (ROOM * low[1], ROOM * high[1]), *[(-ROOM * most, ROOM * most)] * 2]


ROOM: Final = 1.1
"""Faces of people who are not in the calibration say a little more [D]."""
READ: Final = 8
"""Of an anchor's sixteen numbers only the box and the eyes are read."""


def detector_loss(real: Outputs, twin: Outputs) -> float:
    """Differences of box and eyes over the face's width, of the score, and a penalty for faces that are not there."""
    (boxes, logits), (other_boxes, other_logits) = joined(real), joined(twin)
    sure = logits > SURE_LOGIT
    loss = float(np.maximum(other_logits[~sure], 0.0).sum())
    if sure.any():
        scores, other_scores = _sigmoid(logits[sure]), _sigmoid(other_logits[sure])
        apart = np.abs(boxes[sure, :READ] - other_boxes[sure, :READ]).mean(axis=1) / np.maximum(boxes[sure, 2], 5.0)
        loss += float(np.average(apart + 0.2 * np.abs(scores - other_scores), weights=scores))
    return loss


def meshed_face(outputs: Outputs) -> tuple[float, float, float, float] | None:
    """Return the box of the points, where there is a face."""
    if outputs[1].item() <= 0.0:
        return None
    points = outputs[0].reshape(POINTS, 3)[:, :2]
    return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def mesh_ranges(answers: Sequence[Outputs]) -> list[tuple[float, float]]:
    """Hold all points of faces; the flag between surely absent and surely present."""
    points = np.concatenate([answer[0].ravel() for answer in answers if answer[1].item() > 0.0])
    flags = np.array([answer[1].item() for answer in answers])
    return [
        (float(points.min()) - 8.0, float(points.max()) + 8.0),
        (float(max(flags.min(), -20.0)), float(flags.max())),
    ]


def mesh_loss(real: Outputs, twin: Outputs) -> float:
    """Mean distance of the points over that of the outer eye corners, the eyes counted again, and the face flag."""
    flag, other_flag = (float(_sigmoid(answer[1]).item()) for answer in (real, twin))
    loss = 0.05 * abs(flag - other_flag)
    if flag >= MIN_PRESENCE:
        points, others = (answer[0].reshape(POINTS, 3) for answer in (real, twin))
        width = float(np.hypot(*(points[EYE_CORNERS[0], :2] - points[EYE_CORNERS[1], :2])))
        apart = np.hypot(*(points[:, :2] - others[:, :2]).T) / width
        loss += float(apart.mean() + apart[LIDS].mean())
    return loss


ABSENT_LOGIT: Final = 20.0
"""A face flag below minus this says nothing that minus this does not [D]."""

LIDS: Final = np.array([33, 133, 160, 144, 159, 145, 158, 153, 263, 362, 387, 373, 386, 374, 385, 380])
"""Corners and lids of both eyes, whose gap is a fortieth of the face."""


def _letterboxed(frame: Gray, size: int) -> Gray:
    canvas = np.zeros((size, size), np.uint8)
    letterboxed(frame, canvas)
    return canvas


def _sigmoid(values: Floats) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(values.astype(np.float64), -50.0, 50.0)))
    return result


TASKS: Final = {
    "face_short_range": Task(
        low=-1.0,
        high=1.0,
        outputs=("regressor_8", "regressor_16", "classificator_8", "classificator_16"),
        crops=detector_crops,
        face=detected_face,
        output_ranges=detector_ranges,
        loss=detector_loss,
    ),
    "face_mesh": Task(
        low=0.0,
        high=1.0,
        outputs=("conv2d_21", "conv2d_31"),
        crops=mesh_crops,
        face=meshed_face,
        output_ranges=mesh_ranges,
        loss=mesh_loss,
    ),
}
