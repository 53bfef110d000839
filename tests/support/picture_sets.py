"""Folders of made-up pictures, shaped as labelled sets are."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np


def picture(seed: int, side: tuple[int, int] = (48, 48)) -> np.ndarray:
    """A grey picture of soft blobs: nobody, but nothing flat either."""
    noise = np.random.default_rng(seed).integers(0, 256, side).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()


def write_set(
    folder: Path,
    rows: Sequence[Mapping[str, str]],
    *,
    zipped: bool = True,
    pixels: Mapping[str, bytes] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Write index.csv and a picture a row; `pixels` replaces the made-up ones."""
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    (folder / "index.csv").write_text(text.getvalue(), encoding=encoding)
    files = {row["file"]: png(picture(number)) for number, row in enumerate(rows)} | dict(pixels or {})
    if zipped:
        with zipfile.ZipFile(folder / "images.zip", "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return folder
