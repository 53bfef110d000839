"""The mouth sets, brought to one shape: canvases, is it open, does it yawn, who it is, which fold.

Labels come from three places: what a person wrote (mouth crops: open or closed; drivers: yawn or no yawn); what follows
from it (a yawning mouth is open; somebody who smiles or looks calm does not yawn, however wide his mouth); and the
mesh's gap between the lips where it is far from doubtful. Where neither says anything, the weight is 0.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PERSON_STARTS: Final = (
    *((1, 1), (41, 24), (65, 71), (77, 91), (81, 111), (97, 141), (110, 174), (131, None), (133, 201), (136, 217)),
    *((139, None), (146, 237), (153, None), (None, 271), (165, 291), (177, None), (185, 371), (198, 411), (213, 481)),
    *((221, 542), (226, 557), (234, 601), (236, 613), (247, 635), (264, 652), (268, 683), (270, 725), (273, 755)),
    *((276, 771), (279, 788), (284, 828), (297, 837), (301, 866), (311, 896), (314, 918), (320, 957), (323, 976)),
    *((336, 1006), (344, 1061), (357, 1111), (360, 1128), (366, 1201), (370, 1246), (376, 1261), (383, 1318)),
    *((387, 1326), (390, 1356), (413, 1374), (430, 1447), (436, 1452), (444, 1486), (452, 1536), (None, 1558)),
    *((464, 1561), (468, 1592), (482, 1627), (486, 1648), (493, 1686), (499, 1706), (502, 1736), (509, 1763)),
    *((510, 1782), (513, 1816), (520, 1862), (524, 1891), (None, 1911), (531, 1932), (537, 1981), (542, 2008)),
)
"""YawDD, mirror camera: the `order` with which each person begins, in the yawns and in the others; both are sorted by
person. Found by a jump in the picture's colours, and looked through by eye."""

FOLD_STARTS: Final = (0, 16, 30, 40, 51)
"""First person of each fold: about 80 yawns each. Whoever comes in sequence stays together."""

HELD_OUT_FROM: Final = 62
FILMED: Final = 23
"""Person 62 and all after are never trained on, in no fold either: 34 yawns, 68 other frames; nor is the one whose yawn
is also one of the films."""

FOLDS: Final = len(FOLD_STARTS)
HELD_OUT: Final = -1

ALIKE: Final = 0.93
"""Correlation of two 24-px thumbnails, mirrored or not, that makes two ready crops near copies of each other [D: looked
at]."""

HELD_OUT_EVERY: Final = 12
"""One group of near copies in twelve (by CRC-32) is never trained on."""

OPEN_FROM_GAP: Final = 0.25
CLOSED_BELOW_GAP: Final = 0.03
"""Gap of the inner lips over mouth width beyond which the mesh is believed [D]."""

NO_YAWN: Final = frozenset({"neutral", "happiness", "happy", "sadness", "sad", "contempt", "disgust", "no_yawn"})
"""Labels of people who do not yawn, whatever their mouths do."""

OTHER: Final = frozenset({"anger", "surprise", "fear"})
"""People who may shout or gape: no yawns if the lips are not far apart, and nobody knows if they are."""

GAPING_FROM_GAP: Final = 0.3

SPEAKING_FROM_GAP: Final = 0.1
"""Lips this far apart are what speech, laughter and bared teeth have in common with a yawn: seldom, and worth most."""


@dataclass(frozen=True)
class MouthSet:
    """Mouths; every field is an array of the same length."""

    canvases: NDArray[np.uint8]
    """(N, 64, 64); the middle 48x48 is the daemon's crop."""
    source: NDArray[np.str_]
    file: NDArray[np.str_]
    view: NDArray[np.str_]
    camera: NDArray[np.str_]
    """`mirror` or `dash` for drivers, else empty."""
    group: NDArray[np.str_]
    """Person, or pictures that are copies of each other."""
    fold: NDArray[np.int64]
    """0 to 4, or `HELD_OUT`."""
    speaking: NDArray[np.bool_]
    """Lips apart, as the mesh sees them, and known not to yawn."""
    yawn: NDArray[np.float32]
    yawn_weight: NDArray[np.float32]
    open: NDArray[np.float32]
    open_weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.canvases)

    def take(self, which: NDArray[np.generic]) -> MouthSet:
        """Take some of them, by mask or by number."""
        return MouthSet(*(getattr(self, field.name)[which] for field in fields(self)))


def joined(sets: list[MouthSet]) -> MouthSet:
    """Put several sets after each other."""
    return MouthSet(*(np.concatenate([getattr(one, field.name) for one in sets]) for field in fields(MouthSet)))


def load_mouths(harvest: Path, data: Path) -> MouthSet:
    """Load everything that `mouth_harvest.py` cut."""
    return joined(
        [
            load_ready(harvest / "mouth_open.npz"),
            load_drivers(harvest / "yawdd.npz", data / "yawdd_frames" / "index.csv"),
            *(load_faces(harvest / f"{name}.npz", name) for name in ("wild", "nir", "films", "fer")),
        ]
    )


def person_of(label: str, order: int) -> int:
    """Return the number of the YawDD person to whom a frame of the mirror camera belongs."""
    column = 0 if label == "yawn" else 1
    return max(number for number, starts in enumerate(PERSON_STARTS) if (starts[column] or order + 1) <= order)


def fold_of_person(person: int) -> int:
    """Return the fold of a YawDD person, or `HELD_OUT`."""
    if person >= HELD_OUT_FROM or person == FILMED:
        return HELD_OUT
    return int(np.searchsorted(FOLD_STARTS, person, side="right")) - 1


def fold_of_name(name: str) -> int:
    """Return a fold by chance, the same for the same name, or `HELD_OUT`."""
    number = zlib.crc32(name.encode())
    return HELD_OUT if number % HELD_OUT_EVERY == 0 else number // HELD_OUT_EVERY % FOLDS


def film_fold(name: str) -> int:
    """Return a fold by chance, the same for the same name: nobody in the films is held out from all runs."""
    return zlib.crc32(name.encode()) % FOLDS


def read_orders(index: Path) -> dict[str, dict[str, str]]:
    """Read the lines of an index by the name of the picture."""
    with index.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def load_drivers(path: Path, index: Path) -> MouthSet:
    """Load YawDD: yawn or no yawn; open where it yawns."""
    archive = np.load(path)
    rows = read_orders(index)
    mine = [rows[str(name)] for name in archive["name"]]
    # The other camera's frames lie between the mirror's in the order of the yawns, beside their own person's or near.
    persons = [person_of(row["label"], int(row["order"])) for row in mine]
    yawn = np.array([row["label"] == "yawn" for row in mine])
    gap = archive["lip_gap"]
    closed = ~yawn & (gap < CLOSED_BELOW_GAP)
    count = len(mine)
    return MouthSet(
        archive["canvases"],
        np.full(count, "yawdd"),
        archive["name"],
        archive["view"],
        np.array([row["camera"] for row in mine]),
        np.array([f"yawdd {person}" for person in persons]),
        np.array([fold_of_person(person) for person in persons]),
        np.zeros(count, np.bool_),
        yawn.astype(np.float32),
        np.ones(count, np.float32),
        yawn.astype(np.float32),
        (yawn | closed).astype(np.float32),
    )


def load_ready(path: Path) -> MouthSet:
    """Load ready mouth crops: open or closed; near copies are one group."""
    archive = np.load(path)
    names = archive["name"]
    groups = np.array([f"crop {names[first]}" for first in copies(archive["canvases"])])
    is_open = archive["label"] == "open"
    count = len(names)
    return MouthSet(
        archive["canvases"],
        np.full(count, "mouth_open"),
        names,
        archive["view"],
        np.full(count, ""),
        groups,
        np.array([fold_of_name(str(group)) for group in groups]),
        np.zeros(count, np.bool_),
        np.zeros(count, np.float32),
        np.zeros(count, np.float32),
        is_open.astype(np.float32),
        np.ones(count, np.float32),
    )


def load_faces(path: Path, source: str) -> MouthSet:
    """Load faces labelled with an expression: no yawns among them, and the mesh's opinion of the lips."""
    archive = np.load(path)
    names, labels, gap = archive["name"], archive["label"], archive["lip_gap"]
    subject = np.where(archive["subject"] == "", names, archive["subject"])
    groups = np.array([f"{source} {name}" for name in subject])
    known = np.isin(labels, list(NO_YAWN)) | (np.isin(labels, list(OTHER)) & (gap < GAPING_FROM_GAP))
    count = len(names)
    return MouthSet(
        archive["canvases"],
        np.full(count, source),
        names,
        archive["view"],
        np.full(count, ""),
        groups,
        np.array([film_fold(str(group)) if source == "films" else fold_of_name(str(group)) for group in groups]),
        known & (gap > SPEAKING_FROM_GAP),
        np.zeros(count, np.float32),
        known.astype(np.float32),
        (gap > OPEN_FROM_GAP).astype(np.float32),
        ((gap > OPEN_FROM_GAP) | (gap < CLOSED_BELOW_GAP)).astype(np.float32),
    )


def copies(canvases: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return for each canvas the number of the first one of its group: near copies, and their near copies."""
    small = [cv2.resize(one[8:-8, 8:-8], (24, 24), interpolation=cv2.INTER_AREA) for one in canvases]
    flat = np.stack(small).astype(np.float32)
    flat -= flat.mean((1, 2), keepdims=True)
    flat /= np.linalg.norm(flat, axis=(1, 2), keepdims=True) + 1e-6
    plain, mirrored = flat.reshape(len(flat), -1), flat[:, :, ::-1].reshape(len(flat), -1)
    alike = np.maximum(plain @ plain.T, plain @ mirrored.T) > ALIKE
    first = np.arange(len(flat))
    for one, other in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        low, high = sorted((first[one], first[other]))
        first[first == high] = low
    return first
