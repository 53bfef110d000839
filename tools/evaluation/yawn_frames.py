"""Task `yawn-frames`: yawn or no yawn, whole frames of drivers.

Where a column `camera` says which camera it was, only frames of the mirror camera are scored: in the known set every
frame of the dash camera is a yawn, so the view would give the label away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from edge.vision.mouth import mouth_ratio
from edge.vision.nets import FACE_MESH
from evaluation.answers import NOT_DETECTED, Answer
from evaluation.binary_task import evaluate_pictures
from evaluation.faces import Faces
from evaluation.labels import YAWN_LABELS, folded
from evaluation.network import open_network

if TYPE_CHECKING:
    from edge.vision.preprocess import Gray
    from evaluation.items import Item
    from evaluation.task import Outcome, Request

SCORED_CAMERA: Final = "mirror"

RATIO_SLOPE: Final = 0.1
"""How fast the mouth's height over width turns from no yawn to yawn around the daemon's floor [D]."""


def evaluate(request: Request) -> Outcome:
    """Judge a set of frames. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels", "--references", "--pictures")
    faces = Faces(request.config)
    opened = open_network(request.task, FACE_MESH, request.model, request.config.inference)
    floor = request.config.rules.yawn.floor_ratio

    def judge(picture: Gray) -> Answer:
        face = faces.find(picture)
        ratio = None if face is None else mouth_ratio(face.mesh)
        if face is None or ratio is None:
            return NOT_DETECTED
        yawn = 1.0 / (1.0 + math.exp(-(ratio - floor) / RATIO_SLOPE))
        return Answer({"yawn": yawn, "no_yawn": 1.0 - yawn}, abstained=face.quality.reason is not None)

    return evaluate_pictures(request, opened.told(), YAWN_LABELS, judge, against=_other_camera)


def _other_camera(item: Item) -> str | None:
    camera = item.columns.get("camera")
    if camera is None or folded(camera) == SCORED_CAMERA:
        return None
    return f"of the {folded(camera)} camera"
