"""What the tasks with one question and two answers a picture have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.folder import read_pictures
from evaluation.labels import canonical_all
from evaluation.task import Outcome, judged, kept_places, scored_part, unlabelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.vision.preprocess import Gray
    from evaluation.answers import Answer
    from evaluation.items import Item
    from evaluation.task import Request


def evaluate_pictures(
    request: Request,
    model: dict[str, object],
    labels: tuple[str, ...],
    judge: Callable[[Gray], Answer],
    *,
    against: Callable[[Item], str | None] = lambda _: None,
) -> Outcome:
    """Judge every picture of a set; `against` says why an item is not scored. Both labels always count.

    Raises `Complaint` with the remedy.
    """
    pictures = read_pictures(request.path).of_split(request.split)
    truth = canonical_all(pictures.values("label"), labels, where=f"column 'label' of {pictures.source}")
    answers = judged(pictures, judge, request.task)
    outcome = Outcome(model, pictures.kind, [item.key for item in pictures.items], answers)
    if any(truth):
        reasons = [against(item) or unlabelled(word) for item, word in zip(pictures.items, truth, strict=True)]
        places = kept_places(reasons, outcome.left_out, pictures.source)
        outcome.scored = scored_part(pictures, truth, answers, places, labels)
    return outcome
