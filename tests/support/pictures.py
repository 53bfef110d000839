"""Finding a picture in bytes: raw rows of a known pattern, files of the usual kinds, text that encodes either."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

PATTERN_PX = 64
MARK: NDArray[np.uint8] = np.random.default_rng(20261126).integers(1, 255, PATTERN_PX, dtype=np.uint8)
"""A row of grey values that nothing else holds."""
SEARCHED = 24
"""So many bytes of it in a row are no accident: one in 10^57."""
_ENCODED = re.compile(rb"[A-Za-z0-9+/=_-]{160,}")
_SIGNATURES = {
    "JPEG": b"\xff\xd8\xff",
    "PNG": b"\x89PNG\r\n",
    "WebP": b"WEBPVP8",
    "numpy": b"\x93NUMPY",
    "TIFF": b"II*\x00",
    "PGM": b"\nP5\n",
    "film": b"ftypisom",
}


def mark(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture with the pattern in all corners, above the head and on the neck; eyes and mouth stay free."""
    marked = grey.copy()
    height, width = marked.shape
    rows = [0, 1, 5 * height // 6, height - 2, height - 1]
    for row in rows:
        for column in (0, (width - PATTERN_PX) // 2, width - PATTERN_PX):
            marked[row, column : column + PATTERN_PX] = MARK
    return marked


def holds_picture(content: bytes) -> list[str]:
    """Return the ways in which a picture was found in `content`."""
    found = [f"{kind} signature" for kind, signature in _SIGNATURES.items() if signature in content]
    found += _raw(content)
    for text in _ENCODED.finditer(content):
        decoded = _decoded(text[0])
        inside = _raw(decoded) + [kind for kind, signature in _SIGNATURES.items() if signature in decoded[:16]]
        found += [f"{what} in base64" for what in inside]
    for start in (match.start() for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content)):
        with_zlib = zlib.decompressobj()
        try:
            inflated = with_zlib.decompress(content[start : start + 200_000], 2_000_000)
        except zlib.error:
            continue
        found += [f"{what} in zlib" for what in _raw(inflated)]
    return found


def _raw(content: bytes) -> list[str]:
    grey = MARK.tobytes()
    wanted = {
        "raw grey": grey,
        "raw colour": np.repeat(MARK, 3).tobytes(),
        "raw floats": (MARK.astype(np.float32) / 255.0).tobytes(),
        "raw numbers": ", ".join(str(value) for value in MARK).encode(),
        "raw hexadecimal": binascii.hexlify(grey),
    }
    found = []
    for kind, whole in wanted.items():
        length = SEARCHED * len(whole) // PATTERN_PX
        step = len(whole) // PATTERN_PX
        # Any stretch of the pattern that is long enough: a crop may have cut it anywhere.
        if any(whole[at : at + length] in content for at in range(0, len(whole) - length, max(step, 1) * 8)):
            found.append(kind)
    return found


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], altchars=b"-_" if b"-" in text or b"_" in text else None)
    except binascii.Error:
        return b""


def encodings(grey: NDArray[np.uint8]) -> dict[str, bytes]:
    """Return a picture in every form that must be found."""
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    jpeg = cv2.imencode(".jpg", grey)[1].tobytes()
    png = cv2.imencode(".png", grey)[1].tobytes()
    return {
        "raw grey": grey.tobytes(),
        "raw crop": grey[350:450, 270:370].tobytes(),
        "raw colour": colour.tobytes(),
        "raw floats": (grey.astype(np.float32) / 255.0).tobytes(),
        "list of numbers": str(grey[0].tolist()).encode(),
        "hexadecimal": binascii.hexlify(grey.tobytes()),
        "JPEG": jpeg,
        "PNG": png,
        "WebP": cv2.imencode(".webp", grey)[1].tobytes(),
        "JPEG in base64": base64.b64encode(jpeg),
        "PNG in base64": base64.urlsafe_b64encode(png),
        "raw in base64": base64.b64encode(grey.tobytes()),
        "raw in zlib": zlib.compress(grey.tobytes()),
    }
