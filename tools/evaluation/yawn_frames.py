"""Task `yawn-frames`: yawn or no yawn, whole frames of drivers.

Where a column `camera` says which camera it was, only frames of the mirror camera are scored: in the known set every
frame of the dash camera is a yawn, so the view would give the label away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from edge.vision.landmarks import MESH_PX
from edge.vision.mouth import mouth_ratio
from edge.vision.nets import FACE_MESH
from evaluation.answers import NOT_DETECTED, Answer
from evaluation.binary_task import evaluate_pictures
from evaluation.faces import Faces
from evaluation.labels import YAWN_LABELS, folded
from evaluation.mouth import MOUTH, mouth_reader
from evaluation.network import Opened, open_network, usual_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Gray
    from evaluation.items import Item
    from evaluation.task import Outcome, Request

SCORED_CAMERA: Final = "mirror"

RATIO_SLOPE: Final = 0.1
"""How fast the mouth's height over width turns from no yawn to yawn around the daemon's floor [D]."""


def evaluate(request: Request) -> Outcome:
    """Judge a set of frames. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels", "--references", "--pictures")
    inference = request.config.inference
    opened = open_network(request.task, usual_of((MOUTH, FACE_MESH), inference), request.model, inference)
    yawn_probability = _reader(opened, request.config.rules.yawn.floor_ratio)
    faces = Faces(request.config)

    def judge(picture: Gray) -> Answer:
        face = faces.find(picture)
        yawn = None if face is None else yawn_probability(face.mesh)
        if face is None or yawn is None:
            return NOT_DETECTED
        return Answer({"yawn": yawn, "no_yawn": 1.0 - yawn}, abstained=face.quality.reason is not None)

    outcome = evaluate_pictures(request, opened.told(), YAWN_LABELS, judge, against=_other_camera)
    outcome.model["detector"] = faces.detector
    return outcome


def _reader(opened: Opened, floor_ratio: float) -> Callable[[Mesh], float | None]:
    """Return what judges a face: the mouth network, or the mesh's own measure when the mesh is asked for."""
    if opened.net.input_shapes != ((1, MESH_PX, MESH_PX, 3),):
        return mouth_reader(opened).yawn_probability

    def by_ratio(mesh: Mesh) -> float | None:
        ratio = mouth_ratio(mesh)
        return None if ratio is None else 1.0 / (1.0 + math.exp(-(ratio - floor_ratio) / RATIO_SLOPE))

    return by_ratio


def _other_camera(item: Item) -> str | None:
    camera = item.columns.get("camera")
    if camera is None or folded(camera) == SCORED_CAMERA:
        return None
    return f"of the {folded(camera)} camera"
