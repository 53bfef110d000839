"""Task `blink-sequences`: alert, low vigilant or drowsy, from sequences of 30 blinks.

A film is all windows of one person and label; its answer is the mean over them, and films are what is counted. Without
labels nobody knows where a film begins: each window is answered by itself, and where persons are known the mean over
each person's windows stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.indicators.vigilance import vigilance_probabilities
from edge.verbs.outcome import Complaint
from edge.verbs.terminal import progress
from evaluation.answers import Answer
from evaluation.arrays import columns_of, load_arrays
from evaluation.folder import archive_in, checked_folder
from evaluation.labels import VIGILANCE_LABELS, canonical_all
from evaluation.scores import Scored
from evaluation.task import Outcome, kept_places, unlabelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from evaluation.task import Request

BLINKS: Final = 30
FEATURES: Final = 4
"""Frequency, amplitude, duration and velocity, each normalised by the same person when alert."""


@dataclass(frozen=True, slots=True)
class _Windows:
    """The windows of an archive that are judged."""

    path: Path
    rows: list[int]
    values: NDArray[np.float32]
    labels: list[str | None]
    subjects: list[str | None]


def evaluate(request: Request) -> Outcome:
    """Judge a set of blink sequences. Raises `Complaint` with the remedy."""
    request.refuse("--labels", "--references", "--pictures", "--model")
    windows = _read(request)
    truth = canonical_all(windows.labels, VIGILANCE_LABELS, where=f"`label` of {windows.path}")
    rows = progress(windows.values, total=len(windows.values), unit="windows", what=request.task)
    answers = [_answer(window) for window in rows]
    outcome = Outcome({"name": "vigilance"}, "row", windows.rows, answers, item_word="window")
    if not any(truth):
        outcome.extra["groups"] = {
            subject: {"n": len(places), "probabilities": dict(_mean(answers[place] for place in places).probabilities)}
            for subject, places in _grouped(windows.subjects).items()
        }
        return outcome
    places = kept_places([unlabelled(word) for word in truth], outcome.left_out, windows.path)
    films = _grouped([(windows.subjects[place] or f"row {windows.rows[place]}", truth[place]) for place in places])
    if not any(windows.subjects):
        outcome.notes.append("no `subject`: each window counts as a film of its own")
    outcome.item_word = "film"
    outcome.scored = Scored(
        labels=VIGILANCE_LABELS,
        truth=[str(label) for _, label in films],
        answers=[_mean(answers[places[member]] for member in members) for members in films.values()],
        subjects=[subject if any(windows.subjects) else None for subject, _ in films],
    )
    outcome.also_scored["windows"] = Scored(
        labels=VIGILANCE_LABELS,
        truth=[str(truth[place]) for place in places],
        answers=[answers[place] for place in places],
        subjects=[windows.subjects[place] for place in places],
    )
    return outcome


def _answer(window: NDArray[np.float32]) -> Answer:
    blinks = tuple(tuple(blink) for blink in window.astype(float).tolist())
    return Answer(dict(zip(VIGILANCE_LABELS, vigilance_probabilities(blinks), strict=True)))


def _mean(answers: Iterable[Answer]) -> Answer:
    stated = np.array([[answer.probabilities[label] for label in VIGILANCE_LABELS] for answer in answers])
    return Answer(dict(zip(VIGILANCE_LABELS, stated.mean(0).tolist(), strict=True)))


def _grouped(keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return the places of each key, keys in order of appearance; None is no key."""
    found: dict[Any, list[int]] = {}
    for place, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, []).append(place)
    return found


def _read(request: Request) -> _Windows:
    folder = checked_folder(request.path)
    path = archive_in(request.path)
    if path is None:
        raise Complaint(f"{folder} holds no .npz archive; it needs one with `blinks` [N, {BLINKS}, {FEATURES}]")
    arrays = load_arrays(path)
    blinks = arrays.get("blinks")
    if blinks is None:
        raise Complaint(f"{path} holds {', '.join(arrays) or 'nothing'}, but no array `blinks`")
    if blinks.dtype.kind not in "fiu" or blinks.shape[1:] != (BLINKS, FEATURES):
        raise Complaint(
            f"`blinks` of {path} is {blinks.dtype} {blinks.shape}; numbers [N, {BLINKS}, {FEATURES}] are read"
        )
    if not len(blinks):
        raise Complaint(f"`blinks` of {path} is empty; there is nothing to evaluate")
    broken = np.flatnonzero(~np.isfinite(blinks).all(axis=(1, 2)))
    if len(broken):
        raise Complaint(
            f"{len(broken)} windows of {path} hold NaN or infinity, the first is row {broken[0]}; remove them"
        )
    del arrays["blinks"]
    arrays.pop("label_names", None)
    columns = columns_of(arrays, len(blinks), path)
    rows = list(range(len(blinks)))
    if request.split is not None:
        if "split" not in columns:
            raise Complaint(f"{path} has no split; leave --split out")
        rows = [row for row in rows if columns["split"][row] == request.split]
        if not rows:
            raise Complaint(f"no window of {path} is in the split {request.split!r}; there are {set(columns['split'])}")

    def column(name: str) -> list[str | None]:
        return [columns[name][row] or None if name in columns else None for row in rows]

    return _Windows(path, rows, blinks[rows], column("label"), column("subject"))
