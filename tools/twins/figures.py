"""Float against int8 on real frames: what both answered, and the figures with their intervals."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from evaluation.bootstrap import groups_of, intervals, widened

from edge.vision.detector import SHORT_RANGE, Detector
from edge.vision.landmarks import EYE_CORNERS, MIN_PRESENCE, MeshNet
from edge.vision.mouth import mouth_ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.inference.interpreter import Net
    from edge.vision.detector import Detection
    from edge.vision.landmarks import Mesh
    from twins.pictures import Picture

RIGHT_EYE: Final = (33, 160, 158, 133, 153, 144)
LEFT_EYE: Final = (362, 385, 387, 263, 373, 380)
"""Mesh points of the eye-aspect ratio: a corner, two on the upper lid, a corner, two on the lower lid
[S: Soukupova and Cech 2016]."""

SPEED_ROUNDS: Final = 200


@dataclass
class Table:
    """One row a frame: which frames share a person, and each measure; NaN where there is nothing to measure."""

    groups: list[str] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, group: str, row: dict[str, float]) -> None:
        """Note one frame."""
        self.groups.append(group)
        self.rows.append(row)

    def figures(self) -> dict[str, dict[str, float]]:
        """Return for each measure its mean, the ends of its 95 % interval, and on how many frames."""
        groups = groups_of(self.groups, "frame")
        found = {}
        for name in self.rows[0]:
            values = np.array([row[name] for row in self.rows])
            known = ~np.isnan(values)
            if not known.any():
                continue
            low, high = (float(end) for end in intervals(_mean_of(values, known), groups)[:, 0])
            mean = float(values[known].mean())
            if set(np.unique(values[known])) <= {0.0, 1.0}:
                low, high = widened(mean, low, high, groups.count)
            found[name] = {"mean": mean, "low": low, "high": high, "n": int(known.sum())}
        return found


def _mean_of(values: np.ndarray, known: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    filled = np.where(known, values, 0.0)

    def mean(weights: np.ndarray) -> np.ndarray:
        total = weights[known].sum()
        return np.array([(weights * filled).sum() / total if total else math.nan])

    return mean


def compare_detectors(pictures: Iterable[Picture], real: Net, twin: Net) -> dict[str, Table]:
    """Look for faces in whole frames with both."""
    detectors = Detector(real, SHORT_RANGE), Detector(twin, SHORT_RANGE)
    tables: dict[str, Table] = {}
    for picture in pictures:
        height, width = picture.gray.shape
        ours, others = (detector.find(picture.gray, (0, 0, width, height)) for detector in detectors)
        table = tables.setdefault(picture.source, Table())
        table.add(picture.group, _detections(ours, others))
    return tables


def _detections(ours: list[Detection], others: list[Detection]) -> dict[str, float]:
    row = {
        "found by float": float(bool(ours)),
        "found by int8": float(bool(others)),
        "found by both or neither": float(bool(ours) is bool(others)),
        "as many faces": float(len(ours) == len(others)),
        "box IoU": math.nan,
        "box shift / width": math.nan,
        "eye shift / width": math.nan,
        "score difference": math.nan,
    }
    if ours and others:
        one, other = ours[0], others[0]
        row["box IoU"] = overlap(one.box, other.box)
        row["box shift / width"] = math.dist(_centre(one), _centre(other)) / one.width
        eyes = (one.right_eye, other.right_eye), (one.left_eye, other.left_eye)
        row["eye shift / width"] = sum(math.dist(*pair) for pair in eyes) / 2 / one.width
        row["score difference"] = abs(one.score - other.score)
    return row


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def _centre(face: Detection) -> tuple[float, float]:
    return (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2


def compare_meshes(pictures: Iterable[Picture], real: Net, twin: Net, detector: Net) -> dict[str, Table]:
    """Read the same region of each frame that shows a face with both: that in which tracking reads."""
    finder, readers = Detector(detector, SHORT_RANGE), (MeshNet(real), MeshNet(twin))
    tables: dict[str, Table] = {}
    for picture in pictures:
        height, width = picture.gray.shape
        faces = finder.find(picture.gray, (0, 0, width, height))
        if faces:
            roi = faces[0].roi()
            first = readers[0].read(picture.gray, roi)
            if first.presence >= MIN_PRESENCE:
                roi = first.next_roi()
            ours, others = (reader.read(picture.gray, roi) for reader in readers)
            tables.setdefault(picture.source, Table()).add(picture.group, _meshes(ours, others))
    return tables


def _meshes(ours: Mesh, others: Mesh) -> dict[str, float]:
    row = {
        "face by float": float(ours.presence >= MIN_PRESENCE),
        "face by int8": float(others.presence >= MIN_PRESENCE),
        "same by both": float((ours.presence >= MIN_PRESENCE) is (others.presence >= MIN_PRESENCE)),
        "point error / outer eyes": math.nan,
        "eye-aspect ratio, difference": math.nan,
        "mouth ratio, difference": math.nan,
    }
    if ours.presence >= MIN_PRESENCE:
        right, left = ours.points[EYE_CORNERS, :2]
        apart = np.hypot(*(ours.points - others.points)[:, :2].T)
        row["point error / outer eyes"] = float(apart.mean() / math.dist(right, left))
        ratios = [[eye_aspect_ratio(mesh, eye) for eye in (RIGHT_EYE, LEFT_EYE)] for mesh in (ours, others)]
        row["eye-aspect ratio, difference"] = float(np.abs(np.subtract(*ratios)).mean())
        mouths = [mouth_ratio(mesh) for mesh in (ours, others)]
        if None not in mouths:
            row["mouth ratio, difference"] = abs(mouths[0] - mouths[1])
    return row


def eye_aspect_ratio(mesh: Mesh, eye: tuple[int, ...]) -> float:
    """Height of the lids' gap over the eye's width."""
    a, b, c, d, e, f = mesh.points[list(eye), :2]
    return (math.dist(b, f) + math.dist(c, e)) / (2 * math.dist(a, d))


def speed(real: Net, twin: Net) -> dict[str, float]:
    """Time bare invokes of both in turns, CPU time of this thread; milliseconds and the ratio of the shortest."""
    spent: tuple[list[int], list[int]] = ([], [])
    for _ in range(SPEED_ROUNDS):
        for net, times in zip((real, twin), spent, strict=True):
            begin_ns = time.thread_time_ns()
            net.bare_invoke()
            times.append(time.thread_time_ns() - begin_ns)
    shortest = [min(times) / 1e6 for times in spent]
    middle = [float(np.median(times)) / 1e6 for times in spent]
    return {
        "float_ms": shortest[0],
        "int8_ms": shortest[1],
        "ratio": shortest[1] / shortest[0],
        "ratio_of_medians": middle[1] / middle[0],
    }


def document(tables: dict[str, Table], timed: dict[str, Any]) -> dict[str, Any]:
    """Return all figures as one document."""
    return {"sets": {source: table.figures() for source, table in tables.items()}, "speed": timed}
