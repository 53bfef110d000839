from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.camera.base import CameraFormatError
from edge.camera.transform import MAX_SIDE_PX, MIN_SIDE_PX, Transform

RNG = np.random.default_rng(7)
GRAY = RNG.integers(0, 256, (48, 64), dtype=np.uint8)
BGR = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("rotation", "corner"),
    # Where the top left pixel of the sensor lands when the picture is turned clockwise.
    [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))],
)
def test_rotation_is_clockwise(rotation: Any, corner: tuple[int, int]) -> None:
    picture = np.zeros((48, 64), np.uint8)
    picture[0, 0] = 255
    turned = Transform(rotation_deg=rotation).apply(picture)
    assert turned.shape == ((48, 64) if rotation % 180 == 0 else (64, 48))
    assert turned[corner] == 255
    assert int(turned.astype(int).sum()) == 255


def test_flip_comes_after_turning() -> None:
    picture = np.zeros((48, 64), np.uint8)
    picture[0, 0] = 255
    assert Transform(flip=True).apply(picture)[0, -1] == 255
    assert Transform(rotation_deg=90, flip=True).apply(picture)[0, 0] == 255


def test_colour_becomes_the_usual_luma_in_bgr_order() -> None:
    blue, green, red = (np.zeros((40, 40, 3), np.uint8) for _ in range(3))
    blue[..., 0], green[..., 1], red[..., 2] = 200, 200, 200
    levels = [int(Transform().apply(picture)[0, 0]) for picture in (blue, green, red)]
    assert levels == [23, 117, 60]
    four = np.dstack([BGR, np.full((48, 64), 255, np.uint8)])
    assert np.array_equal(Transform().apply(four), cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY))


@pytest.mark.parametrize(
    "picture",
    [
        GRAY,
        GRAY[:, :, None],
        BGR,
        np.dstack([BGR, GRAY]),
        np.asfortranarray(BGR),
        BGR[::-1, ::-1],
        BGR[:, ::2],
        GRAY[::-1],
        np.broadcast_to(np.uint8(9), (48, 64)),
        np.zeros((48, 64), np.uint8),
        np.full((48, 64, 3), 255, np.uint8),
    ],
    ids=["grey", "grey1", "bgr", "bgra", "fortran", "reversed", "strided", "upside", "broadcast", "black", "white"],
)
def test_any_uint8_layout_gives_an_own_contiguous_locked_picture(picture: Any) -> None:
    kept = picture.copy()
    gray = Transform().apply(picture)
    assert gray.dtype == np.uint8
    assert gray.ndim == 2
    assert gray.shape == picture.shape[:2]
    assert gray.flags.c_contiguous
    assert not gray.flags.writeable
    assert not np.may_share_memory(gray, picture)
    assert np.array_equal(picture, kept)
    expected = kept.reshape(kept.shape[:2]) if kept.ndim == 2 or kept.shape[2] == 1 else None
    if expected is not None:
        assert np.array_equal(gray, expected)


def test_a_reused_buffer_does_not_change_an_older_frame() -> None:
    buffer = np.full((48, 64), 10, np.uint8)
    first = Transform().apply(buffer)
    buffer[:] = 99
    assert first.max() == 10


def test_a_read_only_picture_is_taken() -> None:
    picture = GRAY.copy()
    picture.flags.writeable = False
    assert np.array_equal(Transform(flip=True).apply(picture), GRAY[:, ::-1])


@pytest.mark.parametrize(
    ("picture", "complaint"),
    [
        (None, "NoneType instead of a picture"),
        ([[1, 2]], "list instead of a picture"),
        (np.zeros((0, 0), np.uint8), "0x0"),
        (np.zeros((0, 640, 3), np.uint8), "640x0"),
        (np.zeros((1, 1), np.uint8), "1x1"),
        (np.zeros((31, 640), np.uint8), "640x31"),
        (np.zeros((2, 40_000), np.uint8), "40000x2"),
        (np.zeros((40, 40_000), np.uint8), "40000x40"),
        (np.zeros((48, 64), np.uint16), "uint16"),
        (np.full((48, 64), np.nan), "float64"),
        (np.zeros((48, 64), bool), "bool"),
        (np.zeros((48, 64), object), "object"),
        (np.zeros((48, 64, 2), np.uint8), "shape"),
        (np.zeros((48, 64, 5), np.uint8), "shape"),
        (np.zeros(4_096, np.uint8), "shape"),
        (np.zeros((1, 48, 64, 3), np.uint8), "shape"),
        (np.uint8(4), "uint8 instead of a picture"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_remedy(picture: Any, complaint: str) -> None:
    with pytest.raises(CameraFormatError, match=complaint) as refused:
        Transform().apply(picture)
    assert refused.value.remedy


def test_an_8k_picture_is_reduced_in_proportion() -> None:
    picture = np.zeros((4_320, 7_680), np.uint8)
    picture[:, 3_840:] = 200
    gray = Transform(rotation_deg=90).apply(picture)
    assert gray.shape == (MAX_SIDE_PX, 1_080)
    assert gray[100].max() == 0
    assert gray[-100].min() == 200


@settings(deadline=None)  # a loaded machine is no failure
@given(
    shape=st.lists(st.integers(0, 70), min_size=0, max_size=3).map(tuple),
    dtype=st.sampled_from([np.uint8, np.uint16, np.int8, np.float32, np.float64, np.bool_]),
    fill=st.sampled_from([0, 1, 200]),
    stride=st.sampled_from([1, 2, -1]),
    rotation=st.sampled_from([0, 90, 180, 270]),
    flip=st.booleans(),
)
def test_any_array_is_a_frame_or_a_typed_error(  # noqa: PLR0917 - hypothesis hands them over by name
    shape: tuple[int, ...], dtype: Any, fill: int, stride: int, rotation: Any, flip: bool
) -> None:
    picture = np.full(shape, fill).astype(dtype)
    picture = picture[::stride] if picture.ndim else picture
    try:
        gray = Transform(rotation_deg=rotation, flip=flip).apply(picture)
    except CameraFormatError:
        # Only what is too small or no grey, BGR or BGRA picture may be refused.
        channels = picture.shape[2] if picture.ndim == 3 else 1
        honest = picture.dtype == np.uint8 and picture.ndim in {2, 3} and channels in {1, 3, 4}
        assert not (honest and min(picture.shape[:2]) >= MIN_SIDE_PX)
        return
    assert gray.dtype == np.uint8
    assert gray.flags.c_contiguous
    assert sorted(gray.shape) == sorted(picture.shape[:2])
    assert set(np.unique(gray)) <= {fill}
