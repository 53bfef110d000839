"""Whatever a camera hands over is a grey picture of our own, or refused with a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.camera.base import CameraFormatError
from edge.camera.transform import MAX_SIDE_PX, Transform

if TYPE_CHECKING:
    from tests.support.figures import Figures

GREY = np.random.default_rng(1).integers(0, 256, (480, 640), dtype=np.uint8)
READ_ONLY = GREY.copy()
READ_ONLY.flags.writeable = False

REFUSED: dict[str, Any] = {
    "None": None,
    "a text": "picture",
    "0x0": np.zeros((0, 0), np.uint8),
    "no rows": np.zeros((0, 640), np.uint8),
    "1x1": np.zeros((1, 1), np.uint8),
    "one row": np.zeros((1, 640), np.uint8),
    "uint16": GREY.astype(np.uint16) << 2,
    "int8": GREY.astype(np.int8),
    "bool": GREY > 100,
    "NaN floats": np.full((480, 640), np.nan),
    "floats from 0 to 1": GREY / 255.0,
    "2 channels": np.zeros((480, 640, 2), np.uint8),
    "5 channels": np.zeros((480, 640, 5), np.uint8),
    "channels first": np.zeros((3, 480, 640), np.uint8),
    "one dimension": np.zeros(307200, np.uint8),
    "four dimensions": np.zeros((1, 480, 640, 3), np.uint8),
    "objects": np.full((480, 640), None),
}
TAKEN: dict[str, Any] = {
    "8k": np.zeros((4320, 7680), np.uint8),
    "1 channel": GREY[:, :, None],
    "3 channels": np.dstack([GREY] * 3),
    "4 channels": np.dstack([GREY] * 4),
    "not contiguous": np.asfortranarray(GREY),
    "every second column": np.repeat(GREY, 2, axis=1)[:, ::2],
    "negative stride": GREY[::-1, ::-1],
    "read-only": READ_ONLY,
    "all 0": np.zeros((480, 640), np.uint8),
    "all 255": np.full((480, 640), 255, np.uint8),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_with_a_remedy(name: str, figure: Figures) -> None:
    with pytest.raises(CameraFormatError) as refused:
        Transform().apply(REFUSED[name])
    figure("bad_view", "frames that are no pictures, refused without a remedy", not refused.value.remedy, at_most=0)


@pytest.mark.parametrize("name", TAKEN)
def test_an_unusual_picture_is_read(name: str, figure: Figures) -> None:
    picture = TAKEN[name]
    gray = Transform().apply(picture)
    right = (
        gray.dtype == np.uint8
        and gray.ndim == 2
        and max(gray.shape) <= MAX_SIDE_PX
        and gray.flags.c_contiguous
        and not gray.flags.writeable
        and not np.may_share_memory(gray, picture)
    )
    figure("bad_view", "unusual frames that are not read rightly", not right, at_most=0)


def test_a_buffer_that_the_producer_uses_again_changes_no_frame(figure: Figures) -> None:
    buffer = GREY.copy()
    frames = []
    for number in range(5):
        buffer[:] = number
        frames.append(Transform().apply(buffer))
    wrong = sum(bool((frame != number).any()) for number, frame in enumerate(frames))
    figure("bad_view", "frames that a reused buffer changed", wrong, at_most=0)
