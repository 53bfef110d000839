"""The portrait the film is made of: NASA's official photograph of Eileen Collins, public domain.

It is read as data out of the installed scikit-image wheel, checked by its hash, cut out of its background and
turned into what a near-infrared camera would see of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import cv2
import numpy as np

PORTRAIT_SHA256: Final = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
ROWS: Final = 330
"""Rows of the picture that are used; the helmet below never gets into the film."""
TEXTURE_SCALE: Final = 2
"""Texture pixels per pixel of the picture: a little finer than the film, so that nothing aliases."""

_LINING_GREY: Final = 0.045
"""The dark cloth inside the collar."""

_OUTLINE: Final = (
    *((152, 75), (158, 45), (185, 24), (225, 14), (265, 22), (290, 45), (302, 80), (297, 105), (283, 124), (273, 135)),
    *((262, 160), (258, 178), (300, 200), (305, 240), (345, 265), (362, 330), (0, 330), (24, 330), (60, 250)),
    *((105, 215), (115, 180), (150, 152), (186, 150), (180, 130), (168, 118), (155, 100)),
)
"""The person, roughly, by hand; the exact edge is found by GrabCut."""
_HEAD: Final = (
    *((140, 0), (320, 0), (320, 130), (275, 134), (264, 158), (258, 171), (256, 184), (248, 189), (232, 192)),
    *((214, 191), (198, 188), (187, 181), (185, 150), (181, 133), (165, 126), (140, 118)),
)
"""Everything that moves with the head: hair, face and neck down to the collar, by hand."""

_BELT: Final = ((322, 226), (340, 240), (262, 330), (238, 330))
_BELT_MIDDLE: Final = ((327, 230), (335, 236), (255, 330), (245, 330))


@dataclass(frozen=True)
class Portrait:
    """The person as two layers, `TEXTURE_SCALE` pixels per picture pixel; float32, 0 to 1."""

    rgb: np.ndarray
    """The picture, rows x columns x 3, uint8: what the face mesh looks at."""
    head_grey: np.ndarray
    head_alpha: np.ndarray
    body_grey: np.ndarray
    body_alpha: np.ndarray


def load_portrait() -> Portrait:
    """Read, check and cut out the portrait. Raises `FileNotFoundError` or `ValueError` with the remedy."""
    picture = cv2.imdecode(np.frombuffer(_portrait_bytes(), np.uint8), cv2.IMREAD_COLOR)[:ROWS]
    size = (picture.shape[1] * TEXTURE_SCALE, picture.shape[0] * TEXTURE_SCALE)
    texture = cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4)
    person = _person_alpha(texture)
    head = _polygon(_HEAD, texture.shape[:2], blur_px=1.2 * TEXTURE_SCALE)
    grey = _infrared(texture)
    covered = cv2.dilate(_polygon(_HEAD, texture.shape[:2], blur_px=0), np.ones((9, 9)))
    below_hair = np.clip((np.arange(texture.shape[0], dtype=np.float32)[:, None] / TEXTURE_SCALE - 152) / 8, 0, 1)
    return Portrait(
        rgb=cv2.cvtColor(picture, cv2.COLOR_BGR2RGB),
        head_grey=grey,
        head_alpha=person * head,
        body_grey=_with_belt(_behind_head(grey, covered)),
        body_alpha=cv2.GaussianBlur(person * (1 - covered * (1 - below_hair)), (0, 0), 1.0),
    )


def _portrait_bytes() -> bytes:
    try:
        path = Path(str(distribution("scikit-image").locate_file("skimage/data/astronaut.png")))
    except PackageNotFoundError as error:
        raise FileNotFoundError(
            "scikit-image is missing: pip install -r tools/sample_drive/requirements.txt"
        ) from error
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != PORTRAIT_SHA256:
        raise ValueError(f"{path} is not the picture the film is made of: reinstall the pinned scikit-image")
    return data


def _polygon(points: tuple[tuple[int, int], ...], shape: tuple[int, int], blur_px: float) -> np.ndarray:
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.array(points, np.int32) * TEXTURE_SCALE], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), blur_px) if blur_px else mask


def _ellipse(radius_px: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))


def _person_alpha(texture: np.ndarray) -> np.ndarray:
    rough = (_polygon(_OUTLINE, texture.shape[:2], blur_px=0) > 0).astype(np.uint8)
    mask = np.where(rough > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[cv2.dilate(rough, _ellipse(8 * TEXTURE_SCALE)) == 0] = cv2.GC_BGD
    mask[cv2.erode(rough, _ellipse(9 * TEXTURE_SCALE)) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(texture, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(person)
    person = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    person = cv2.erode(cv2.morphologyEx(person, cv2.MORPH_CLOSE, _ellipse(3)), _ellipse(1))
    return cv2.GaussianBlur(person.astype(np.float32), (0, 0), 0.8 * TEXTURE_SCALE)


def _behind_head(grey: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Paint what the head uncovers when it moves: the collar goes on a little and is lost in its dark lining."""
    hidden = covered.astype(np.uint8)
    goes_on = cv2.inpaint(np.round(grey * 255).astype(np.uint8), hidden, 5 * TEXTURE_SCALE, cv2.INPAINT_TELEA) / 255.0
    depth = cv2.distanceTransform(hidden, cv2.DIST_L2, 5) / (14.0 * TEXTURE_SCALE)
    fade = np.clip(depth, 0, 1)
    return np.where(hidden > 0, goes_on * (1 - fade) + _LINING_GREY * fade, grey).astype(np.float32)


def _with_belt(grey: np.ndarray) -> np.ndarray:
    strap = _polygon(_BELT, grey.shape[:2], blur_px=0.6 * TEXTURE_SCALE)
    weave = _polygon(_BELT_MIDDLE, grey.shape[:2], blur_px=0.6 * TEXTURE_SCALE)
    return grey + strap * (0.13 - grey) + weave * 0.07


def _infrared(texture: np.ndarray) -> np.ndarray:
    """Near infrared resembles the red channel: skin and lips bright and even, cloth bright whatever its colour."""
    blue, green, red = (texture[..., k].astype(np.float32) / 255.0 for k in range(3))
    return np.clip(0.7 * red + 0.25 * green + 0.05 * blue, 0.0, 1.0)
