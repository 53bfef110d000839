"""Golden frames are the same for ever, or every manifest entry would have to be written anew."""

from __future__ import annotations

import hashlib
from typing import get_args

import numpy as np
import pytest

from edge.inference.golden import FRAMES, golden_frame, golden_input, golden_values
from edge.inference.manifest import Frame

PICTURE = (1, 96, 80, 1)
DRAWN = {
    "face": "892194db",
    "face_mouth_open": "a353c055",
    "eye_open": "e2bc6916",
    "eye_closed": "e7f874f8",
    "eye_hidden": "c768a194",
    "mouth_closed": "fd829f0c",
    "mouth_open": "d3596077",
}


def grey(frame: str, shape: tuple[int, ...] = PICTURE) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.rint(golden_frame(frame, shape, 1, 0.0, 255.0)[0, :, :, 0]).astype(np.uint8)


def test_the_noise_is_fixed_for_ever() -> None:
    values = golden_input((1, 2, 2, 1), 1, 0.0, 1.0).ravel()
    assert values.tolist() == pytest.approx([2.3e-10, 0.6180340, 0.2360680, 0.8541020], abs=1e-6)
    assert golden_input((3,), 1, -1.0, 1.0).dtype == np.float32


def test_the_noise_follows_the_formula_with_large_numbers_too() -> None:
    seed, step = 2**32 - 5, 2654435761
    expected = [((i * step + seed) % 2**32) / 2**32 for i in range(5000)]
    assert golden_input((5000,), seed, 0.0, 1.0).tolist() == np.array(expected, np.float32).tolist()


def test_golden_values_take_first_and_last() -> None:
    assert golden_values(np.arange(100, dtype=np.float32).reshape(10, 10), 3).tolist() == [0.0, 50.0, 99.0]


def test_the_manifest_knows_just_the_frames_that_can_be_made() -> None:
    assert get_args(Frame) == FRAMES


def test_drawn_frames_are_the_same_byte_for_byte() -> None:
    digests = {frame: hashlib.sha256(grey(frame).tobytes()).hexdigest()[:8] for frame in FRAMES if frame != "noise"}
    assert digests == DRAWN


def test_a_frame_goes_from_black_to_white_in_the_network_s_range_on_all_channels() -> None:
    drawn = golden_frame("face", (1, 64, 64, 3), 1, -1.0, 1.0)
    assert drawn.dtype == np.float32
    assert drawn.shape == (1, 64, 64, 3)
    assert -1.0 <= drawn.min() < -0.7
    assert 0.4 < drawn.max() <= 1.0
    assert np.array_equal(drawn[..., 0], drawn[..., 2])


def test_an_input_that_is_no_picture_gets_the_noise() -> None:
    assert np.array_equal(golden_frame("face", (1, 40), 3, 0.0, 1.0), golden_input((1, 40), 3, 0.0, 1.0))


def test_an_open_eye_is_bright_beside_the_dark_iris_and_a_closed_one_is_not() -> None:
    opened, closed = grey("eye_open"), grey("eye_closed")
    iris, white = (48, 40), (52, 24)
    assert opened[iris] < 50
    assert opened[white] > 180
    assert closed[white] < 180


def test_a_lens_leaves_nothing_of_the_eye() -> None:
    hidden = grey("eye_hidden")
    assert hidden[44:56, 24:56].max() < 110
    assert (hidden < 40).mean() > 0.25


def test_an_open_mouth_is_a_large_dark_hole() -> None:
    assert (grey("mouth_open") < 60).mean() > 0.1
    assert (grey("mouth_closed") < 60).mean() < 0.03
