"""Task `detection`: is there a driver's face, and where.

Labels are `face` and `no_face`. A set without labels, or whose labels mean something else, such as expressions, is
taken to show a face in every picture. A face counts as found when the daemon would follow it: a detector found it and
the mesh confirmed it. What the detectors alone say stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.verbs.outcome import Complaint
from edge.vision.nets import FACE_SHORT_RANGE
from evaluation.answers import Answer
from evaluation.bootstrap import groups_of, intervals, widened
from evaluation.boxes import box_columns, box_of, overlap
from evaluation.faces import Faces
from evaluation.folder import read_pictures
from evaluation.labels import FACE_LABELS, canonical, canonical_all
from evaluation.network import open_network
from evaluation.task import Outcome, judged, kept_places, scored_part, unlabelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.vision.detector import Detection
    from edge.vision.preprocess import Gray
    from evaluation.bootstrap import Doubles
    from evaluation.items import Item, PictureSet
    from evaluation.task import Request

DETECTOR_PX: Final = 128
HIT_FROM: Final = 0.5
"""Overlap from which a box counts as the right one [S: PASCAL VOC]."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What was seen in one picture."""

    short_range: bool
    detected: Detection | None
    """The likeliest driver of the detectors, whether the mesh confirmed it or not."""
    followed: Detection | None


def evaluate(request: Request) -> Outcome:
    """Judge a set of frames. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels", "--references", "--pictures")
    pictures = read_pictures(request.path).of_split(request.split)
    opened = open_network(request.task, FACE_SHORT_RANGE, request.model, request.config.inference)
    if opened.net.input_shapes != ((1, DETECTOR_PX, DETECTOR_PX, 3),):
        raise Complaint(f"{opened.named} is no short-range detector of {DETECTOR_PX} px; leave --model out or name one")
    faces = Faces(request.config, opened.net)
    sights: list[_Sight] = []

    def judge(picture: Gray) -> Answer:
        sights.append(_sight(faces, picture))
        followed = sights[-1].followed
        score = 0.0 if followed is None else followed.score
        return Answer({"face": score, "no_face": 1.0 - score}, detected=followed is not None)

    named = pictures.values("label")
    foreign = not any(canonical(name, FACE_LABELS) for name in named if name)
    where = f"column 'label' of {pictures.source}"
    truth: list[str | None] = ["face"] * len(named) if foreign else canonical_all(named, FACE_LABELS, where=where)
    answers = judged(pictures, judge, request.task)
    outcome = Outcome(opened.told(), pictures.kind, [item.key for item in pictures.items], answers)
    if foreign:
        said = "no labels" if not any(named) else "labels of something else"
        outcome.notes.append(f"{said}: every picture is taken to show a face")
    places = kept_places([unlabelled(word) for word in truth], outcome.left_out, pictures.source)
    outcome.scored = scored_part(pictures, truth, answers, places, FACE_LABELS)
    with_face = [place for place in places if truth[place] == "face"]
    if with_face:
        outcome.extra["detection"] = _rates(
            [sights[place] for place in with_face], [pictures.items[place] for place in with_face], pictures
        )
    return outcome


def _sight(faces: Faces, picture: Gray) -> _Sight:
    near = faces.finder.candidates(picture, far=False)
    found = near or faces.finder.candidates(picture, far=True)
    face = faces.find(picture)
    return _Sight(bool(near), found[0] if found else None, face.detection if face else None)


def _rates(sights: Sequence[_Sight], items: Sequence[Item], pictures: PictureSet) -> dict[str, object]:
    """Return shares of the pictures that show a face, with intervals; overlaps where boxes are labelled."""
    flags = {
        "followed": [sight.followed is not None for sight in sights],
        "detected": [sight.detected is not None for sight in sights],
        "detected_by_short_range": [sight.short_range for sight in sights],
    }
    values = {name: np.array(column, np.float64) for name, column in flags.items()}
    columns = box_columns(pictures.columns)
    boxes = [box_of(item, columns) if columns else None for item in items]
    if any(boxes):
        overlaps = [
            np.nan if box is None else overlap(box, sight.detected.box) if sight.detected else 0.0
            for box, sight in zip(boxes, sights, strict=True)
        ]
        values["overlap"] = np.array(overlaps)
        values["overlap_hits"] = np.where(np.isnan(overlaps), np.nan, np.array(overlaps) >= HIT_FROM)
    table = np.stack(list(values.values()))
    known = ~np.isnan(table)

    def means(weights: Doubles) -> Doubles:
        with np.errstate(invalid="ignore"):
            return (np.nan_to_num(table) * weights).sum(1) / (known * weights).sum(1)

    groups = groups_of([item.subject for item in items], "picture")
    found: dict[str, object] = {"n_face": len(sights)}
    for name, mean, *ends in zip(values, means(np.ones(len(sights))), *intervals(means, groups), strict=True):
        found[name] = float(mean)
        found[f"{name}_ci95"] = list(widened(float(mean), *map(float, ends), groups.count))
    return found
