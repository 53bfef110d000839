"""Task `mouth`: open or closed, one mouth a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import Complaint
from edge.vision.mouth import OPEN, YAWN, MouthNet
from evaluation.answers import Answer
from evaluation.binary_task import evaluate_pictures
from evaluation.labels import OPEN_LABELS
from evaluation.network import Opened, open_network

if TYPE_CHECKING:
    from edge.vision.preprocess import Gray
    from evaluation.task import Outcome, Request

MOUTH: Final = "mouth"


def evaluate(request: Request) -> Outcome:
    """Judge a set of mouth crops. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels", "--references", "--pictures")
    opened = open_network(request.task, MOUTH, request.model, request.config.inference)
    reader = mouth_reader(opened)

    def judge(picture: Gray) -> Answer:
        is_open = reader.open_probability(picture)
        return Answer({"open": is_open, "closed": 1.0 - is_open})

    return evaluate_pictures(request, opened.told(), OPEN_LABELS, judge)


def mouth_reader(opened: Opened) -> MouthNet:
    """Return the daemon's reader for a mouth network. Raises `Complaint` for another kind of network."""
    if not {OPEN, YAWN} <= set(opened.model.labels) or opened.net.input_shapes[0][-1] != 1:
        raise Complaint(
            f"{opened.named} is no mouth network (its labels are {', '.join(opened.model.labels) or 'none'})"
        )
    return MouthNet(opened.net, opened.model)
