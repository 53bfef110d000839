"""Task `eye-state`: open or closed, one eye a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from edge.verbs.outcome import Complaint
from edge.vision.eye_state import EyeStateNet
from edge.vision.eyes import IRIS_PX, IrisNet
from edge.vision.nets import IRIS
from evaluation.answers import Answer
from evaluation.binary_task import evaluate_pictures
from evaluation.labels import OPEN_LABELS
from evaluation.network import Opened, open_network, usual_of

if TYPE_CHECKING:
    from edge.vision.preprocess import Gray
    from evaluation.task import Outcome, Request

EYE_STATE: Final = "eye_state"

IRIS_MIDDLE_RATIO: Final = 0.115
IRIS_SLOPE_RATIO: Final = 0.02
"""Lid gap over eye width that is as likely open as closed, and how fast it changes: the middle between the openness at
which the daemon calls an eye closed and the one at which it calls it open again, and their distance [D]."""


class EyeReader(Protocol):
    """Reads one eye."""

    def open_probability(self, crop: Gray) -> float:
        """Return how likely the eye in a grey crop of any size is open."""


class IrisReader:
    """The lid gap of the iris net: the float reference that the eye-state network has to beat."""

    def __init__(self, opened: Opened) -> None:
        self._net = IrisNet(opened.net)

    def open_probability(self, crop: Gray) -> float:
        """Return how likely the eye is open; whether it is a right or a left one is not known, so it counts as both."""
        how = cv2.INTER_AREA if max(crop.shape) > IRIS_PX else cv2.INTER_LINEAR
        eye = np.asarray(cv2.resize(crop, (IRIS_PX, IRIS_PX), interpolation=how), np.uint8)
        ratio = (self._net.ratio(eye) + self._net.ratio(np.ascontiguousarray(eye[:, ::-1]))) / 2
        return 1.0 / (1.0 + math.exp(-(ratio - IRIS_MIDDLE_RATIO) / IRIS_SLOPE_RATIO))


def evaluate(request: Request) -> Outcome:
    """Judge a set of eye crops. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels", "--references", "--pictures")
    inference = request.config.inference
    opened = open_network(request.task, usual_of((EYE_STATE, IRIS), inference), request.model, inference)
    reader = _reader(opened)

    def judge(picture: Gray) -> Answer:
        is_open = reader.open_probability(picture)
        return Answer({"open": is_open, "closed": 1.0 - is_open})

    return evaluate_pictures(request, opened.told(), OPEN_LABELS, judge)


def _reader(opened: Opened) -> EyeReader:
    if opened.net.input_shapes == ((1, IRIS_PX, IRIS_PX, 3),) and len(opened.net.output_shapes) == 2:
        return IrisReader(opened)
    if opened.net.input_shapes[0][-1] != 1:
        raise Complaint(
            f"{opened.named} is no eye-state network: it takes {opened.net.input_shapes}, not one grey crop"
        )
    return EyeStateNet(opened.net, opened.model)
