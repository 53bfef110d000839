"""What a file source plays: pictures one after another, each with its time since the beginning."""

from __future__ import annotations

import logging
import math
import os
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import cv2
import numpy as np

from edge.camera.base import CameraFormatError, CameraUnavailableError
from edge.runtime.clock import NS_PER_S

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

PICTURE_SUFFIXES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff", ".webp"})
NS_PER_MS: Final = 1_000_000
FALLBACK_FPS: Final = 30.0
"""For a film that tells neither a usable rate nor usable stamps [D]."""
LONGEST_GAP_NS: Final = 600 * NS_PER_S
"""A longer step between two frames is a damaged stamp, not a pause [D]."""


class Shot(NamedTuple):
    """One picture as the decoder gave it, and its time since the beginning of the reel."""

    picture: Any
    t_ns: int


class Reel(Protocol):
    """Pictures in order, from the beginning, as often as `rewind` is called."""

    frames_total: int | None
    period_ns: int

    def next(self) -> Shot | None:
        """Return the next picture, None after the last; `CameraFormatError` for an unreadable one."""

    def rewind(self) -> None:
        """Begin again."""

    def close(self) -> None:
        """Release; harmless when repeated."""


class StampTrack:
    """Makes a film's stamps strictly increasing without touching the good ones.

    A stamp that stands still, runs back, is not a number or leaps by more than `LONGEST_GAP_NS` is replaced by one
    frame period after the last, and the film's time runs on from there.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._last_ns: int | None = None
        self._shift_ns = 0

    def place(self, position_ms: float) -> int:
        """Return the time of the next frame in ns for the position that the container tells, in ms."""
        told_ns = round(position_ms * NS_PER_MS) if math.isfinite(position_ms * NS_PER_MS) else None
        if self._last_ns is None:
            self._last_ns = told_ns if told_ns is not None and 0 <= told_ns <= LONGEST_GAP_NS else 0
            self._shift_ns = self._last_ns - (told_ns or 0)
            return self._last_ns
        if told_ns is None or not 0 < told_ns + self._shift_ns - self._last_ns <= LONGEST_GAP_NS:
            self._last_ns += self._period_ns
            self._shift_ns = self._last_ns - told_ns if told_ns is not None else self._shift_ns
        else:
            self._last_ns = told_ns + self._shift_ns
        return self._last_ns


class Video:
    """A film, decoded by OpenCV's FFmpeg, upright as its metadata says."""

    def __init__(self, path: Path) -> None:
        if not os.access(path, os.R_OK):
            raise CameraUnavailableError(f"{path} may not be read", "give the service's user read permission")
        if not path.is_file():
            raise CameraFormatError(f"{path} is neither a file nor a folder", "give a film or a folder of pictures")
        self._path = path
        self._capture = self._opened()
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        if not (math.isfinite(fps) and 0.1 <= fps <= 1000.0):
            fps = FALLBACK_FPS
        frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.frames_total: int | None = int(frames) if math.isfinite(frames) and frames >= 1 else None
        self.period_ns = round(NS_PER_S / fps)
        self._stamps = StampTrack(self.period_ns)
        self._decoded = 0

    def next(self) -> Shot | None:
        """Decode the next frame; anything that cannot be decoded any more is the end."""
        try:
            decoded, picture = self._capture.read()
        except cv2.error as error:
            raise CameraFormatError(f"{self._path} cannot be decoded: {error}", "convert it to H.264") from error
        if not decoded:
            if self.frames_total is not None and self._decoded < self.frames_total:
                logger.warning("%s ended after %d of %d frames", self._path, self._decoded, self.frames_total)
            return None
        self._decoded += 1
        return Shot(picture, self._stamps.place(self._capture.get(cv2.CAP_PROP_POS_MSEC)))

    def rewind(self) -> None:
        """Open anew: seeking is inexact in films with B-frames."""
        self._capture.release()
        self._capture = self._opened()
        self._stamps = StampTrack(self.period_ns)
        self._decoded = 0

    def close(self) -> None:
        """Release the decoder."""
        self._capture.release()

    def _opened(self) -> cv2.VideoCapture:
        # One decoder thread: more would hold several frames each and blur what a frame costs.
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise CameraFormatError(
                f"{self._path} is not a film that can be read",
                "convert it with `ffmpeg -i IN -c:v libx264 OUT.mp4`, or give a folder of pictures",
            )
        return capture


class Folder:
    """The pictures of one folder in natural order at a steady rate; other files are passed over."""

    def __init__(self, path: Path, fps: float) -> None:
        try:
            names = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
        except OSError as error:
            raise CameraUnavailableError(
                f"{path} cannot be listed: {error.strerror}", "check its permissions"
            ) from error
        self._paths = [
            path / name for name in sorted(names, key=natural_key) if PurePath(name).suffix.lower() in PICTURE_SUFFIXES
        ]
        if not self._paths:
            raise CameraUnavailableError(
                f"{path} holds no pictures", f"put files ending in {', '.join(sorted(PICTURE_SUFFIXES))} there"
            )
        self.frames_total: int | None = len(self._paths)
        self._fps = fps
        self.period_ns = round(NS_PER_S / fps)
        self._index = 0

    def next(self) -> Shot | None:
        """Read and decode the next picture, turned as its EXIF says."""
        if self._index >= len(self._paths):
            return None
        index, self._index = self._index, self._index + 1
        path = self._paths[index]
        try:
            # Not cv2.imread: it mistakes names that are not in the locale's encoding.
            picture = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        except (OSError, cv2.error) as error:
            raise CameraFormatError(f"{path} cannot be read: {error}", "remove or replace this picture") from error
        if picture is None:
            raise CameraFormatError(f"{path} is not a picture", "remove or replace it")
        # From the index, not by adding periods: rounding must not add up.
        return Shot(picture, round(index * NS_PER_S / self._fps))

    def rewind(self) -> None:
        """Begin with the first picture again."""
        self._index = 0

    def close(self) -> None:
        """Nothing is held open between pictures."""


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort numbers in names as numbers: frame2 before frame10; ties by the text itself."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple(
        (0, int(part), part) if part.isdecimal() and part.isascii() else (1, 0, part.casefold()) for part in parts
    )
