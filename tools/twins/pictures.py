"""Whole frames of the labelled data, each either for calibration or for measuring, never for both.

The line is drawn by person where persons are known, by order of filming where only that is.
"""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

NIR, YAWDD, CLIPS = "nir_expressions", "yawdd_frames", "clips"
SETS: Final = (NIR, YAWDD, CLIPS)

CALIBRATION_SUBJECTS: Final = frozenset({"n01", "n02", "n03"})
CALIBRATION_ORDER: Final = {"yawn": 80, "no_yawn": 300}
"""Of the car frames, the first 15 % by order of filming."""
CALIBRATION_CLIPS: Final = ("_A.mp4", "_F.mp4")
"""Two persons, one of them in very little light."""
CLIP_EVERY_FRAMES: Final = 5


@dataclass(frozen=True)
class Picture:
    """One frame; `group` is what may share a person: subject, clip or, in the car, the frame itself."""

    source: str
    group: str
    calibration: bool
    gray: Gray


def read_pictures(data: Path, *, calibration: bool | None = None) -> Iterator[Picture]:
    """Yield the frames in order, all or those of one part only. Raises ValueError where a picture cannot be read."""
    for source in (NIR, YAWDD):
        with zipfile.ZipFile(data / source / "images.zip") as archive, _index(data, source).open(newline="") as lines:
            for row in csv.DictReader(lines):
                part = _is_for_calibration(source, row)
                if calibration is None or part is calibration:
                    gray = cv2.imdecode(np.frombuffer(archive.read(row["file"]), np.uint8), cv2.IMREAD_GRAYSCALE)
                    if gray is None:
                        raise ValueError(f"{source}: {row['file']} is no picture that OpenCV can read")
                    yield Picture(source, row.get("subject") or row["file"], part, np.asarray(gray, np.uint8))
    for path in sorted((data / CLIPS).glob("*.mp4")):
        part = path.name.endswith(CALIBRATION_CLIPS)
        if calibration is None or part is calibration:
            for gray in _frames(path):
                yield Picture(CLIPS, path.stem, part, gray)


def count_of(data: Path) -> int:
    """Return about how many frames there are in all, for a progress bar."""
    rows = sum(sum(1 for _ in _index(data, source).open()) - 1 for source in (NIR, YAWDD))
    films = [cv2.VideoCapture(str(path)) for path in (data / CLIPS).glob("*.mp4")]
    return rows + sum(-(-int(film.get(cv2.CAP_PROP_FRAME_COUNT)) // CLIP_EVERY_FRAMES) for film in films)


def _index(data: Path, source: str) -> Path:
    return data / source / "index.csv"


def _is_for_calibration(source: str, row: dict[str, str]) -> bool:
    if source == NIR:
        return row["subject"] in CALIBRATION_SUBJECTS
    return int(row["order"]) <= CALIBRATION_ORDER[row["label"]]


def _frames(path: Path) -> Iterator[Gray]:
    film = cv2.VideoCapture(str(path))
    number = 0
    while True:
        ok, frame = film.read()
        if not ok:
            return
        if number % CLIP_EVERY_FRAMES == 0:
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        number += 1
