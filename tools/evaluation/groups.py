"""Figures by group: by a column of the list, or by what can be measured in each picture.

A single figure hides whom a network fails. `--by glasses` splits by what the list knows of each picture; `--by turn`
and `--by contrast` measure how far the head is turned and how much light and shade the picture holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.verbs.outcome import Complaint
from edge.verbs.terminal import progress
from edge.vision.headpose import HeadPoseReader
from edge.vision.landmarks import MIN_PRESENCE
from edge.vision.preprocess import Roi
from evaluation.faces import Faces, is_face_crop
from evaluation.folder import read_pictures
from evaluation.scores import Scored, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.config.schema import Config
    from edge.vision.preprocess import Gray
    from evaluation.scores import Scores
    from evaluation.task import Outcome, Request

UNKNOWN: Final = "unknown"
"""Group of pictures of which it is not known, or could not be measured."""

MOST_GROUPS: Final = 40
"""A column with more values names items, not groups [D]."""

TURN_STEPS_DEG: Final = (10, 20, 30)
"""The daemon reads no expression beyond 30 degrees."""

CONTRAST_STEPS_GREY: Final = (40, 80, 120)
"""Between the 5th and the 95th percentile of the picture; 8-bit greys [D]."""

BORDER_SHARE: Final = 1 / 3
FIRST_SCALE, FIRST_DROP = 1.3, 0.07
"""A ready face crop is close: the mesh wants half a face around it, and its region a little lower than the middle [D:
as the training of the shapes reads them]."""


def by_groups(request: Request, outcome: Outcome, columns: Sequence[str]) -> dict[str, dict[str, Scores]]:
    """Score each group of each column by itself. Raises `Complaint` with the remedy.

    Groups come in order of size, those of a measure in the order of its steps.
    """
    if outcome.scored is None:
        raise Complaint("--by needs labels, and the set has none")
    if not outcome.scored.places:
        raise Complaint(f"--by means nothing to {request.task}; leave it out")
    return {
        column: _scored(outcome.scored, _values(request, outcome.scored, column), outcome.item_word)
        for column in columns
    }


def _values(request: Request, scored: Scored, column: str) -> list[str]:
    """Return the group of every scored item."""
    pictures = read_pictures(request.path).of_split(request.split)
    if column in pictures.columns:
        found = [pictures.items[place].columns.get(column, UNKNOWN) for place in scored.places]
        if len(set(found)) > MOST_GROUPS:
            raise Complaint(f"{column} of {pictures.source} has {len(set(found))} values: no groups but names")
        return found
    if column not in MEASURED:
        known = ", ".join(sorted(pictures.columns - {"file", "label"}))
        raise Complaint(f"--by {column}: {pictures.source} has {known}; measured can be {' and '.join(MEASURED)}")
    measure = MEASURED[column](request.config)
    keys = [pictures.items[place].key for place in scored.places]
    shown = progress(keys, total=len(keys), unit="pictures", what=column)
    return [measure(pictures.pictures.read(key)) for key in shown]


def _scored(scored: Scored, values: Sequence[str], item_word: str) -> dict[str, Scores]:
    members: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        members.setdefault(value, []).append(place)
    return {
        value: score(
            Scored(
                labels=scored.labels,
                truth=[scored.truth[place] for place in places],
                answers=[scored.answers[place] for place in places],
                subjects=[scored.subjects[place] for place in places],
            ),
            item_word,
        )
        for value, places in sorted(members.items(), key=_order)
    }


def _order(group: tuple[str, list[int]]) -> tuple[float, int]:
    value, places = group
    first, _, unit = value.partition(" ")
    measured = first.isdecimal() and bool(unit)
    return (float(first) if measured else float("inf"), -len(places))


def _step(value: float, steps: Sequence[int], unit: str) -> str:
    low = 0
    for high in steps:
        if value < high:
            return f"{low} to {high} {unit}"
        low = high
    return f"{low} {unit} and more"


def contrast(_: Config) -> Callable[[Gray], str]:
    """Make a measure of the grey levels between the 5th and the 95th percentile."""

    def measure(picture: Gray) -> str:
        low, high = np.percentile(picture, (5, 95))
        return _step(float(high - low), CONTRAST_STEPS_GREY, "grey levels")

    return measure


def turn(config: Config) -> Callable[[Gray], str]:
    """Make a measure of how far the head is turned to either side of the camera, as the daemon reads it."""
    faces, pose = Faces(config), HeadPoseReader(config.camera.fov_deg)

    def measure(picture: Gray) -> str:
        if not is_face_crop(picture):
            face = faces.find(picture)
            return UNKNOWN if face is None else _step(abs(face.pose.view.yaw_deg), TURN_STEPS_DEG, "deg")
        side = max(picture.shape)
        border = round(side * BORDER_SHARE)
        wide = np.asarray(cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE), np.uint8)
        centre = border + side / 2
        mesh = faces.finder.mesh.read(wide, Roi(centre, centre + FIRST_DROP * side, FIRST_SCALE * side))
        mesh = faces.finder.mesh.read(wide, mesh.next_roi())
        if mesh.presence < MIN_PRESENCE:
            return UNKNOWN
        reading = pose.read(mesh, wide.shape[1], wide.shape[0])
        return _step(abs(reading.view.yaw_deg), TURN_STEPS_DEG, "deg")

    return measure


MEASURED: Final = {"turn": turn, "contrast": contrast}
