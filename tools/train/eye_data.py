"""The eye sets, brought to one shape: canvases, how surely open, how far open, who it is, which fold.

Labels come from three places, the surest first: what a person wrote (the two sets of ready crops, the films' notes,
``eye_notes.csv``); the iris net's lid gap where it is far from doubtful; and nothing at all, where only the iris net's
openness is learnt from and the state is left open.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANVAS_PX: Final = 112
CANVAS_SCALE: Final = 3.6
NOMINAL_SCALE: Final = 2.0
"""Side of the nominal crop over the distance of the eye corners [D]."""

RATIO_STEPS: Final = (0.04, 0.07, 0.105, 0.125, 0.22, 0.26)
OPENNESS_STEPS: Final = (-0.1, 0.0, 0.3, 0.5, 1.0, 1.2)
"""The iris net's lid gap over eye width, and the openness that the daemon's indicators give it [D: measured]."""

READY: Final = frozenset({"rgb", "webcam"})
"""Sets of ready crops with a label a picture."""

OPEN_FROM: Final = {"nir": 0.16, "yawdd": 0.155, "wild": 0.145, "ckplus": 0.16, "fer": 0.15, "clips": 0.16}
CLOSED_BELOW: Final = {"nir": 0.0, "yawdd": 0.0, "wild": 0.0, "ckplus": 0.0, "fer": 0.07, "clips": 0.06}
"""Lid gap over width beyond which the iris net is believed where nobody looked: nine in ten of 569 tiny FER2013 eyes
below 0.08 were seen to be closed [D: looked at]."""

NOTED_CLOSED_BELOW: Final = 0.115
NOTED_OPEN_FROM: Final = 0.10
"""Films: a frame inside a noted blink may show a lid on its way; one noted as open, one that nobody noted closing."""

DOUBTFUL_SPREAD: Final = 0.03
"""Spread of the iris net's answers over framings beyond which it is not believed [D]."""

FOLDS: Final = 5
NOTES: Final = Path(__file__).with_name("eye_notes.csv")
ALIKE: Final = 0.96
"""Correlation of two 12-px thumbnails, mirrored or not, that makes two ready crops near copies of each other [D]."""


@dataclass(frozen=True)
class EyeSet:
    """Eyes; every field is an array of the same length."""

    canvases: NDArray[np.uint8]
    """(N, 112, 112)"""
    sides: NDArray[np.float32]
    """Side of the nominal crop in canvas pixels."""
    irises: NDArray[np.float32]
    """(N, 3): centre x, y and radius in canvas pixels, radius 0 where there is none."""
    tight: NDArray[np.bool_]
    state: NDArray[np.float32]
    """1 open, 0 closed."""
    state_weight: NDArray[np.float32]
    """0: nobody knows."""
    openness: NDArray[np.float32]
    openness_weight: NDArray[np.float32]
    source: NDArray[np.str_]
    group: NDArray[np.str_]
    """Person, or cluster of near copies: never on two sides of a split."""
    name: NDArray[np.str_]
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.state)

    def take(self, keep: NDArray[np.bool_]) -> EyeSet:
        """Take some of the eyes."""
        return EyeSet(*(getattr(self, field.name)[keep] for field in fields(self)))


def load_eyes(folder: Path) -> EyeSet:
    """Load everything that ``eye_harvest.py`` wrote into a folder."""
    notes = read_notes()
    parts = [labelled(dict(np.load(path)), path.stem, notes) for path in sorted(folder.glob("*.npz"))]
    return EyeSet(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(EyeSet)))


def read_notes() -> dict[tuple[str, str], str]:
    """Read what a person saw in the eyes that the iris net finds narrow: closed, open or unclear."""
    with NOTES.open(newline="") as lines:
        return {(row["source"], row["name"]): row["state"] for row in csv.DictReader(lines)}


def labelled(eyes: dict[str, NDArray[np.generic]], source: str, notes: dict[tuple[str, str], str]) -> EyeSet:
    """Give one source's eyes their labels, groups and folds."""
    ratio, spread = eyes["ratios"].mean(1), eyes["ratios"].std(1)
    names = eyes["name"].astype(str)
    note = np.array([notes.get((source, name), "") for name in names])
    noted = eyes["noted"].astype(str)
    is_open, is_closed = np.zeros(len(ratio), bool), np.zeros(len(ratio), bool)
    if source in READY:
        is_open, is_closed = noted == "open", noted == "closed"
    elif source == "clips":
        is_open = (noted == "open") & (ratio > NOTED_OPEN_FROM)
        is_closed = (noted == "closed") & (ratio < NOTED_CLOSED_BELOW)
    if source not in READY:
        unnoted, sure = noted == "", spread < DOUBTFUL_SPREAD
        is_open |= unnoted & sure & (ratio > OPEN_FROM[source])
        is_closed |= unnoted & sure & (ratio < CLOSED_BELOW[source])
    is_open = (is_open & (note == "")) | (note == "open")
    is_closed = (is_closed & (note == "")) | (note == "closed")
    known = is_open | is_closed
    openness = np.interp(ratio, RATIO_STEPS, OPENNESS_STEPS)
    openness = np.where(is_closed, np.minimum(openness, 0.15), np.where(is_open, np.maximum(openness, 0.5), openness))
    weight = np.where(known | (note == ""), np.clip(1.5 - spread / 0.02, 0.1, 1.0), 0.0)
    side = CANVAS_PX * (1.0 if source in READY else NOMINAL_SCALE / CANVAS_SCALE)
    irises = eyes["iris"].astype(np.float32)
    irises[:, 2] *= is_open & (openness > 0.5)
    group = groups_of(eyes, source)
    return EyeSet(
        canvases=eyes["canvas"],
        sides=np.full(len(ratio), side, np.float32),
        irises=irises,
        tight=np.full(len(ratio), source in READY),
        state=is_open.astype(np.float32),
        state_weight=known.astype(np.float32),
        openness=openness.astype(np.float32),
        openness_weight=weight.astype(np.float32),
        source=np.full(len(ratio), source),
        group=group,
        name=names,
        fold=np.array([fold_of(one) for one in group]),
    )


def groups_of(eyes: dict[str, NDArray[np.generic]], source: str) -> NDArray[np.str_]:
    """Name each eye's person; where persons are unknown, its cluster of near copies."""
    if source == "rgb":
        return np.array([f"rgb/{k}" for k in clusters(eyes["canvas"])])
    return np.array([f"{source}/{person}" for person in eyes["person"]])


def clusters(canvases: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Give pictures numbers so that near copies, mirrored ones too, share a number."""
    n, side = len(canvases), CANVAS_PX // 12 * 12
    small = canvases[:, :side, :side].astype(np.float32).reshape(n, 12, side // 12, 12, side // 12).mean((2, 4))

    def standard(x: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = x.reshape(n, -1)
        flat = flat - flat.mean(1, keepdims=True)
        return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)

    one, other = standard(small), standard(small[:, :, ::-1])
    near = np.maximum(one @ one.T, one @ other.T) > ALIKE
    number = np.arange(n)
    while True:
        spread = np.where(near, number[None], n).min(1)
        spread = spread[spread]
        if (spread == number).all():
            return number
        number = spread


FOLD_OF: Final = {"webcam/eb8A": 0, "webcam/eb8B": 1}
"""The two webcam persons, one of whom has all the closed eyes."""


def fold_of(group: str) -> int:
    """Fold of a person, by CRC-32 of the name."""
    return FOLD_OF.get(group, zlib.crc32(group.encode()) % FOLDS)
