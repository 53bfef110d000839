"""What a task is asked and what it answers: the common frame of all tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from edge.verbs.outcome import Complaint
from edge.verbs.terminal import progress
from evaluation.scores import Scored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from edge.config.schema import Config
    from edge.vision.preprocess import Gray
    from evaluation.answers import Answer
    from evaluation.items import Kind, PictureSet

SMALLEST_PX: Final = 4
"""A smaller picture is a mistake of whoever cut it [D]."""

LabelSource = Literal["ferplus", "fer2013"]
Framing = Literal["auto", "crops", "frames"]


@dataclass(frozen=True, slots=True)
class Request:
    """One command line."""

    task: str
    path: Path
    config: Config
    model: str | None = None
    split: str | None = None
    label_source: LabelSource | None = None
    references: Path | None = None
    framing: Framing = "auto"

    def refuse(self, *options: str) -> None:
        """Raise `Complaint` for an option that means nothing to this task."""
        given = {
            "--labels": self.label_source is not None,
            "--references": self.references is not None,
            "--pictures": self.framing != "auto",
            "--model": self.model is not None,
        }
        for option in options:
            if given[option]:
                raise Complaint(f"{option} means nothing to {self.task}; leave it out")


@dataclass(slots=True)
class Outcome:
    """What a task found."""

    model: dict[str, object]
    kind: Kind
    keys: Sequence[str | int]
    answers: Sequence[Answer]
    """One an item of the set, whether it is scored or not."""
    scored: Scored | None = None
    """The headline; None for a set without labels."""
    also_scored: dict[str, Scored] = field(default_factory=dict)
    """Other choices of what is scored, by their key in the document."""
    item_word: str = "picture"
    """What the headline counts: a picture, a film."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Why items were not scored, and how many."""
    notes: list[str] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)
    """Figures of this task alone, by their key in the document."""


def judged(pictures: PictureSet, judge: Callable[[Gray], Answer], what: str) -> list[Answer]:
    """Judge every picture in order, with progress on a terminal."""
    answers = []
    for item in progress(pictures.items, total=len(pictures.items), unit="pictures", what=what):
        picture = pictures.pictures.read(item.key)
        if min(picture.shape) < SMALLEST_PX:
            height, width = picture.shape
            raise Complaint(f"{item.key} of {pictures.source} is {width}x{height} px and shows nothing; leave it out")
        answers.append(judge(picture))
    return answers


def unlabelled(word: str | None) -> str | None:
    """Say why an item with this label is not scored, None when it is."""
    return "without a label" if word is None else None


def kept_places(reasons: Iterable[str | None], left_out: dict[str, int], source: Path) -> list[int]:
    """Return the places of items with no reason against scoring them; count the reasons of the others.

    Raises `Complaint` when nothing is left.
    """
    kept = []
    for place, reason in enumerate(reasons):
        if reason is None:
            kept.append(place)
        else:
            left_out[reason] = left_out.get(reason, 0) + 1
    if not kept:
        said = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise Complaint(f"{source} has labels, but nothing is left to score ({said}); add labelled pictures")
    return kept


def scored_part(
    pictures: PictureSet,
    truth: Sequence[str | None],
    answers: Sequence[Answer],
    places: Sequence[int],
    labels: tuple[str, ...],
) -> Scored:
    """Return the items at some places, all of them labelled, with their answers."""
    return Scored(
        labels=labels,
        truth=[str(truth[place]) for place in places],
        answers=[answers[place] for place in places],
        subjects=[pictures.items[place].subject for place in places],
        places=places,
    )
