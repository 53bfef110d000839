"""The training sets, brought to one shape: grey canvases, label distributions, source and split.

A canvas is 64x64 and shows 4/3 of the nominal crop, so that augmentation can shift and zoom without an edge where the
source had more picture to give; the nominal crop is its middle 48x48.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LABELS = ("neutral", "happiness", "sadness", "anger", "surprise", "disgust", "fear", "contempt")
"""Order of the logits, everywhere."""

CROP_PX = 48
CANVAS_PX = 64
MARGIN_PX = (CANVAS_PX - CROP_PX) // 2

HELD_OUT_SHARE = 5
"""One name in five (by CRC-32 of the name) is held out of the wild and CK+ sets [D]."""

SAME_LABEL = {"happy": "happiness", "sad": "sadness", "angry": "anger"}


@dataclass(frozen=True)
class FaceSet:
    """Canvases (N, 64, 64) uint8, label shares (N, 8), subject, FER2013 label (-1: none) and whether held out."""

    canvases: NDArray[np.uint8]
    shares: NDArray[np.float32]
    subjects: NDArray[np.str_]
    fer_label: NDArray[np.int8]
    held_out: NDArray[np.bool_]

    def part(self, *, held_out: bool) -> FaceSet:
        """Take the held-out pictures, or the others."""
        keep = self.held_out == held_out
        return FaceSet(
            self.canvases[keep], self.shares[keep], self.subjects[keep], self.fer_label[keep], self.held_out[keep]
        )

    def crops(self) -> NDArray[np.uint8]:
        """Cut the nominal 48x48 crops, before contrast normalisation."""
        return self.canvases[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def load_visible(data_dir: Path) -> dict[str, FaceSet]:
    """Load the three sets of ready visible-light crops by name."""
    return {
        "ferplus": load_ferplus(data_dir / "fer2013plus" / "fer2013plus.npz"),
        "wild": load_cropped(data_dir / "wild_expressions_grey"),
        "ckplus": load_cropped(data_dir / "ckplus48"),
    }


def load_ferplus(path: Path) -> FaceSet:
    """Load FER2013 pictures with the FER+ votes as label shares; pictures voted unknown or no face are left out."""
    archive = np.load(path)
    shares, keep = vote_shares(archive)
    shares = shares[keep]
    fer_names = [SAME_LABEL.get(str(n), str(n)) for n in archive["fer_names"]]
    canonical = np.array([*(LABELS.index(n) for n in fer_names), -1], np.int8)
    held_out = np.array([not str(s).startswith("train") for s in archive["split"][keep]])
    return FaceSet(
        np.stack([to_canvas(p) for p in archive["images"][keep]]),
        shares.astype(np.float32),
        archive["name"][keep].astype(str),
        canonical[archive["fer_label"][keep]],
        held_out,
    )


def vote_shares(archive: Mapping[str, NDArray[np.generic]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give label shares (N, 8) of all FER+ pictures, and which are usable: not voted unknown or no face."""
    names = [str(n) for n in archive["vote_names"]]
    votes = archive["votes"].astype(np.float32)
    shares = votes[:, [names.index(label) for label in LABELS]]
    keep = (shares.sum(1) > 0) & (shares.max(1) >= votes.max(1))
    return shares / np.maximum(shares.sum(1, keepdims=True), 1.0), keep


def is_held_out(name: str) -> bool:
    """Tell whether this person of the wild or CK+ set is never trained on."""
    return zlib.crc32(name.encode()) % HELD_OUT_SHARE == 0


def load_cropped(folder: Path) -> FaceSet:
    """Load a set of ready face crops whose framing is the nominal one already."""
    rows = list(read_index(folder))
    return collect(
        [to_canvas(picture) for _, picture in rows],
        [row["label"] for row, _ in rows],
        [row["subject"] for row, _ in rows],
        [is_held_out(row["subject"]) for row, _ in rows],
    )


def collect(canvases: list[NDArray[np.uint8]], labels: list[str], subjects: list[str], held_out: list[bool]) -> FaceSet:
    """Make a set with one certain label a picture."""
    index = [LABELS.index(SAME_LABEL.get(label, label)) for label in labels]
    return FaceSet(
        np.stack(canvases),
        np.eye(len(LABELS), dtype=np.float32)[index],
        np.array(subjects),
        np.full(len(labels), -1, np.int8),
        np.array(held_out),
    )


def read_index(folder: Path) -> Iterator[tuple[dict[str, str], NDArray[np.uint8]]]:
    """Yield each line of ``index.csv`` with its picture in grey."""
    with zipfile.ZipFile(folder / "images.zip") as archive, (folder / "index.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            picture = cv2.imdecode(np.frombuffer(archive.read(row["file"]), np.uint8), cv2.IMREAD_GRAYSCALE)
            if picture is None:
                raise ValueError(f"{folder.name}: {row['file']} is not a picture OpenCV can read")
            yield row, np.asarray(picture, np.uint8)


def to_canvas(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a ready square crop in the middle of a canvas, its edge repeated outwards."""
    if picture.shape != (CROP_PX, CROP_PX):
        picture = np.asarray(cv2.resize(picture, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA), np.uint8)
    return np.pad(picture, MARGIN_PX, mode="edge")
