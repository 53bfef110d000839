"""A contact sheet: one picture that shows what happens in the film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from sample_drive.script import FPS, HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

TILES: Final[tuple[tuple[float, str], ...]] = (
    (4.5, "driving"),
    (21.5, "look aside"),
    (28.6, "eyes closed"),
    (36.0, "yawn"),
    (48.6, "slow blinks"),
    (70.2, "leaning out"),
    (75.0, "nobody"),
    (98.4, "displayed anger"),
)
"""Seconds of the film, and what is seen there."""
COLUMNS: Final = 4
TILE: Final = (240, 180)


def write_contact_sheet(path: Path, frames: Iterable[npt.NDArray[np.uint8]]) -> None:
    """Pick the frames of `TILES` out of the film and write them as one PNG."""
    wanted = {round(t_s * FPS): caption for t_s, caption in TILES}
    tiles = [_tile(frame, caption, k / FPS) for k, frame in enumerate(frames) if (caption := wanted.get(k)) is not None]
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _tile(frame: npt.NDArray[np.uint8], caption: str, t_s: float) -> npt.NDArray[np.uint8]:
    # The outer border of the picture is dark cabin; without it the face is larger.
    part = frame[HEIGHT // 16 :, WIDTH // 12 : -WIDTH // 12]
    tile = cv2.GaussianBlur(cv2.resize(part, TILE, interpolation=cv2.INTER_AREA), (0, 0), 0.5)
    text = f"{t_s:.0f} s  {caption}"
    cv2.putText(tile, text, (6, TILE[1] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 235, 1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)
