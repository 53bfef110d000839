"""Eyes that are seen and eyes that a lens hides: the eye sets, with what a person noted of lenses.

Every eye of ``eye_harvest.py`` counts as seen, open or closed, but those of the pictures in ``hidden_notes.csv``:
dark or mirroring sunglasses, and clear glasses that mirror so much that no eye is left to see.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from eye_data import NOMINAL_SCALE, READY, EyeSet, load_eyes

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTES: Final = Path(__file__).with_name("hidden_notes.csv")
GLASSES_NOTES: Final = Path(__file__).with_name("glasses_notes.csv")
FOLDS: Final = 6
"""Drivers come in six groups of neighbours in time, in one of which a person may be twice; others by CRC-32."""
SCALE: Final = 2.4
"""Side of the crop over the distance of the eye corners: a lens must be seen as one [D]."""
FAR_EYE_DEG: Final = 24.0
"""The daemon reads no eye that is turned farther away; among drivers they are left out [S: edge/vision/eyes.py]."""


@dataclass(frozen=True)
class HiddenSet:
    """Eyes; every array is of the same length."""

    eyes: EyeSet
    hidden: NDArray[np.bool_]
    glasses: NDArray[np.bool_]
    """Glasses of any kind were noted."""
    films: NDArray[np.str_]
    """One person in one look at a time."""

    def __len__(self) -> int:
        return len(self.hidden)

    def take(self, keep: NDArray[np.bool_]) -> HiddenSet:
        """Take some of the eyes."""
        return HiddenSet(self.eyes.take(keep), self.hidden[keep], self.glasses[keep], self.films[keep])


def load_hidden(folder: Path) -> HiddenSet:
    """Load everything that ``eye_harvest.py`` wrote into a folder."""
    eyes = load_eyes(folder)
    away_deg = np.concatenate([_away_deg(path) for path in sorted(folder.glob("*.npz"))])
    pictures = [_picture(source, name) for source, name in zip(eyes.source, eyes.name, strict=True)]
    with NOTES.open(newline="", encoding="utf-8") as lines:
        hiding = {(row["set"], row["name"]) for row in csv.DictReader(lines)}
    with GLASSES_NOTES.open(newline="", encoding="utf-8") as lines:
        notes = {(row["set"], row["name"]): row for row in csv.DictReader(lines)}
    noted = [notes.get(picture) for picture in pictures]
    everybody = HiddenSet(
        replace(
            eyes,
            sides=np.where(eyes.tight, eyes.sides, eyes.sides * (SCALE / NOMINAL_SCALE)).astype(np.float32),
            fold=np.array([_fold(group, note) for group, note in zip(eyes.group, noted, strict=True)]),
        ),
        hidden=np.array([picture in hiding for picture in pictures]),
        glasses=np.array([note is not None and note["glasses"] == "1" for note in noted]),
        films=np.array(
            [group if note is None else note["film"] for group, note in zip(eyes.group, noted, strict=True)]
        ),
    )
    doubtful = np.array([note is None for note in noted]) | (away_deg > FAR_EYE_DEG)
    return everybody.take(~((eyes.source == "yawdd") & doubtful))


def _away_deg(path: Path) -> NDArray[np.float64]:
    with np.load(path) as stored:
        return np.asarray(stored["away_deg"]) if "away_deg" in stored.files else np.zeros(len(stored["name"]))


def _picture(source: str, name: str) -> tuple[str, str]:
    """Name the picture of an eye: in whole faces the name ends in ``/l`` or ``/r``."""
    return source, name if source in READY else name.rpartition("/")[0]


def _fold(group: str, note: dict[str, str] | None) -> int:
    if note is not None and note["set"] == "yawdd":
        return int(note["person"].removeprefix("group")) - 1
    return zlib.crc32(group.encode()) % FOLDS
