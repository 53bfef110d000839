"""Task `expression`: the displayed expression in face crops and in frames of a camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from msgspec import structs

from edge.types import EXPRESSIONS
from edge.verbs.outcome import Complaint
from edge.vision.expression import (
    MAX_YAW_DEG,
    MIN_FACE_PX,
    ExpressionReader,
    both_ways,
    expression_crop,
    probabilities,
)
from edge.vision.nets import EXPRESSION, EXPRESSION_FUSION, ExpressionNets, OpenedNet
from evaluation.answers import NOT_DETECTED, Answer
from evaluation.arrays import FER2013, FERPLUS
from evaluation.faces import Faces, is_face_crop
from evaluation.folder import read_pictures
from evaluation.labels import EXPRESSION_LABELS, UNRATED, canonical_all, labels_of
from evaluation.network import open_network
from evaluation.task import Outcome, judged, kept_places, scored_part, unlabelled

if TYPE_CHECKING:
    from edge.config.schema import Inference, Light
    from edge.inference.manifest import Model
    from edge.vision.preprocess import Floats, Gray
    from evaluation.faces import Face
    from evaluation.items import PictureSet
    from evaluation.network import Opened
    from evaluation.task import LabelSource, Request

LOGITS: Final = "logits"
FER2013_HEAD: Final = "fer2013"
"""The network's outputs, by a word in their tensors' names."""

_COLUMNS: dict[LabelSource, tuple[str, ...]] = {
    "ferplus": (FERPLUS, "ferplus"),
    "fer2013": (FER2013, "fer2013"),
}


def evaluate(request: Request) -> Outcome:
    """Judge a set of faces. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--references")
    pictures = read_pictures(request.path).of_split(request.split)
    column = label_column(pictures, request.label_source)
    names: list[str | None] = pictures.values(column) if column else [None] * len(pictures.items)
    unrated = UNRATED if column in _COLUMNS["ferplus"] else frozenset()
    where = f"column {column!r} of {pictures.source}"
    truth = canonical_all(names, EXPRESSION_LABELS, where=where, left_out=unrated)
    judge = ExpressionJudge(request)
    answers = judged(pictures, judge.answer, request.task)
    outcome = Outcome(judge.opened.told(), pictures.kind, [item.key for item in pictures.items], answers)
    outcome.notes += judge.notes
    outcome.model["detector"] = judge.detector
    if column is None:
        return outcome
    if column != "label":
        outcome.notes.append(f"labels from {column}")
    reasons = [
        "voted unknown or no face" if name and not word else unlabelled(word)
        for name, word in zip(names, truth, strict=True)
    ]
    places = kept_places(reasons, outcome.left_out, pictures.source)
    labels = labels_of((truth[place] for place in places), EXPRESSION_LABELS)
    outcome.scored = scored_part(pictures, truth, answers, places, labels)
    return outcome


def label_column(pictures: PictureSet, wanted: LabelSource | None) -> str | None:
    """Return the column that holds the labels, None when the set has none.

    With both FER+ and FER2013 labels those of FER+ count unless the others are asked for. Raises `Complaint` when the
    set has only the ones that are not wanted.
    """
    there = {column for column in pictures.columns if any(pictures.values(column))}
    sources: tuple[LabelSource, ...] = ("ferplus", "fer2013") if wanted is None else (wanted,)
    candidates = [column for source in sources for column in _COLUMNS[source]]
    found = next((column for column in ("label", *candidates) if column in there and not wanted), None)
    found = found or next((column for column in (*candidates, "label") if column in there), None)
    if found is None and wanted is not None:
        other: LabelSource = "fer2013" if wanted == "ferplus" else "ferplus"
        if there & set(_COLUMNS[other]):
            raise Complaint(f"{pictures.source} has only {other} labels; leave --labels {wanted} out")
    return found


def published_only(answer: Answer) -> Answer:
    """Return an answer over the classes that the daemon publishes."""
    shares = answer.among(EXPRESSIONS)
    return answer if shares is None else replace(answer, probabilities=dict(zip(EXPRESSIONS, shares, strict=True)))


class ExpressionJudge:
    """The expression networks with the daemon's crop, preprocessing, temperature and rules of abstention.

    A face crop is judged by the network on grey values alone, a face in a frame by its answer fused with the face's
    shape. Everything that depends on how the networks are built is decided here.
    """

    def __init__(self, request: Request) -> None:
        """Open the network. Raises `Complaint` or `ModelError` when it is missing or no expression network."""
        self.opened = open_network(request.task, EXPRESSION, request.model, request.config.inference)
        self._request = request
        self._faces = Faces(request.config)
        self._size, self._labels = _checked(self.opened)
        self._fer2013 = request.label_source == "fer2013" and any(
            FER2013_HEAD in tensor.name for tensor in self.opened.model.outputs
        )
        self._fused: _Fused | None = None

    def answer(self, picture: Gray) -> Answer:
        """Judge a face crop, or the driver's face in a frame."""
        framing = self._request.framing
        if is_face_crop(picture) if framing == "auto" else framing == "crops":
            return self.of_crop(picture)
        face = self._faces.find(picture)
        return NOT_DETECTED if face is None else self.of_face(face)

    def of_crop(self, crop: Gray) -> Answer:
        """Judge a face that was cut out already, framed as the training crops are."""
        how = cv2.INTER_AREA if max(crop.shape) > self._size else cv2.INTER_LINEAR
        return self._by_network(np.asarray(cv2.resize(crop, (self._size, self._size), interpolation=how), np.uint8))

    def of_face(self, face: Face) -> Answer:
        """Judge a face in a frame; what the daemon would not read is judged too, and counts as abstained."""
        unread = (
            face.mesh.width_px < MIN_FACE_PX
            or abs(face.pose.view.yaw_deg) > MAX_YAW_DEG
            or face.quality.reason is not None
        )
        if self._fused is None:
            self._fused = _Fused(self.opened, self._request.config.inference, self._request.config.camera.light)
        if self._fer2013 or self._fused.reader is None:
            answer = self._by_network(expression_crop(face.mesh, self._size))
        else:
            answer = _calibrated(self._fused.reader.logits(face.mesh), self._fused.model.labels, self._fused.model)
        return replace(answer, abstained=True) if unread else answer

    @property
    def detector(self) -> str | None:
        """Name of the detector that found the faces; None when all pictures were crops."""
        return self._faces.detector

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures must know, once all is judged."""
        if self._fused is None or self._fused.reader is not None:
            return []
        return [f"{self.opened.named} does not fit the fusion with the face's shape: judged by grey values alone"]

    def _by_network(self, crop: Gray) -> Answer:
        outputs = both_ways(self.opened.net, crop)
        if self._fer2013:
            head = self.opened.output(outputs, FER2013_HEAD)
            if head is not None:
                return _calibrated(head, EXPRESSIONS, self.opened.model)
        named = self.opened.output(outputs, LOGITS)
        return _calibrated(outputs[0].ravel() if named is None else named, self._labels, self.opened.model)


class _Fused:
    """The daemon's reader of faces in frames, with the network under judgement in it."""

    def __init__(self, opened: Opened, inference: Inference, light: Light) -> None:
        # On the plain kernels, as the daemon runs it.
        fusion = open_network(EXPRESSION, EXPRESSION_FUSION, None, structs.replace(inference, delegate="cpu"))
        self.model = fusion.model
        seen = sum(shape[-1] for shape in opened.net.output_shapes)
        fits = seen == fusion.net.input_shapes[0][-1]
        nets = ExpressionNets(OpenedNet(opened.net, opened.model), OpenedNet(fusion.net, fusion.model))
        self.reader = ExpressionReader(nets, light) if fits else None
        """None when the fusion was made for another network's outputs."""


def _calibrated(logits: Floats, labels: tuple[str, ...], model: Model) -> Answer:
    """Return all labels' probabilities; unsure among the published classes is abstained."""
    published = [labels.index(name) for name in EXPRESSIONS]
    unsure = max(probabilities(logits[published], model.temperature)) < model.abstain_below
    stated = dict(zip(labels, probabilities(logits, model.temperature), strict=True))
    return Answer({label: stated[label] for label in EXPRESSION_LABELS if label in stated}, abstained=unsure)


def _checked(opened: Opened) -> tuple[int, tuple[str, ...]]:
    """Return the input's side and the labels of the logits. Raises `Complaint` for another kind of network."""
    shapes = opened.net.input_shapes
    labels = opened.model.labels
    square = len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][1] == shapes[0][2] and shapes[0][3] == 1
    widths = {shape[-1] for shape in opened.net.output_shapes}
    if not square or not set(EXPRESSIONS) <= set(labels) or len(labels) not in widths:
        raise Complaint(
            f"{opened.named} is no expression network (it takes {shapes}, gives {opened.net.output_shapes}); "
            "name one that takes one grey crop [1, side, side, 1] and gives a logit a label"
        )
    return shapes[0][1], labels
