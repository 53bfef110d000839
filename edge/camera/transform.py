"""From whatever a camera hands over to the one kind of picture the rest knows: grey, upright, contiguous, our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

from edge.camera.base import CameraFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_SIDE_PX: Final = 32
"""Smaller pictures hold no face that any of the networks could read (BlazeFace needs about 20 px) [D]."""
MAX_SIDE_PX: Final = 1920
"""Larger pictures are reduced: 1080p is the largest size the configuration knows [D]."""

_TO_GRAY: Final = {3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, slots=True)
class Transform:
    """How the camera is mounted: first turned clockwise, then mirrored left to right."""

    rotation_deg: Literal[0, 90, 180, 270] = 0
    flip: bool = False

    def apply(self, picture: Any) -> NDArray[np.uint8]:
        """Return the upright grey picture, shape (height, width), uint8, C-contiguous, read-only, sharing no memory.

        Takes uint8 arrays of shape (h, w), (h, w, 1), (h, w, 3) BGR or (h, w, 4) BGRA of any strides. Raises
        `CameraFormatError` for anything else; what is not a picture is never guessed at.
        """
        gray = _shrunk(_gray(picture))
        if self.rotation_deg:
            gray = np.asarray(cv2.rotate(gray, _TURNS[self.rotation_deg]), dtype=np.uint8)
        if self.flip:
            gray = np.asarray(cv2.flip(gray, 1), dtype=np.uint8)
        own = np.ascontiguousarray(gray)
        if np.may_share_memory(own, picture):
            own = own.copy()
        # Several threads look at one frame; a write would be a bug, so it fails where it happens.
        own.flags.writeable = False
        return own


def _gray(picture: Any) -> NDArray[np.uint8]:
    if not isinstance(picture, np.ndarray):
        raise CameraFormatError(
            f"the camera delivered {type(picture).__name__} instead of a picture",
            "check the cable and the camera's log (dmesg)",
        )
    if picture.dtype != np.uint8:
        raise CameraFormatError(
            f"the camera delivers {picture.dtype} pixels", "choose a format with 8 bits a channel (grey, YUV, BGR)"
        )
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if picture.ndim not in {2, 3} or channels not in {1, 3, 4}:
        raise CameraFormatError(
            f"the camera delivers arrays of shape {picture.shape}",
            "choose a grey, BGR or BGRA format: (height, width) or (height, width, 1, 3 or 4)",
        )
    if picture.size == 0:
        raise _too_small(picture.shape[1], picture.shape[0])
    if channels == 1:
        return picture.reshape(picture.shape[:2])
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), _TO_GRAY[channels]), dtype=np.uint8)


def _shrunk(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = gray.shape
    scale = min(1.0, MAX_SIDE_PX / max(height, width))
    size = (round(width * scale), round(height * scale))
    if min(size) < MIN_SIDE_PX:
        raise _too_small(width, height)
    if scale == 1.0:
        return gray
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _too_small(width: int, height: int) -> CameraFormatError:
    return CameraFormatError(
        f"the picture has {width}x{height} pixels",
        f"no face can be read below {MIN_SIDE_PX} pixels a side; set camera.width and camera.height",
    )
