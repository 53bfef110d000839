"""The crop and contrast definition that training and daemon share."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

spec = importlib.util.spec_from_file_location("crop_of_training", Path(__file__).parents[3] / "tools/train/crop.py")
assert spec is not None
assert spec.loader is not None
crop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(crop)

NOISE = np.random.default_rng(1).integers(60, 180, (48, 48)).astype(np.uint8)


def test_square_is_larger_than_the_box_and_lifted() -> None:
    # 100 wide, 80 high: side 116, centre (150, 140 - 8).
    assert crop.square_of(np.array([100.0, 100.0, 200.0, 180.0])) == (92, 74, 116)


def test_square_inside_the_picture_is_cut_as_it_is() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (100, 120)).astype(np.uint8)
    np.testing.assert_array_equal(crop.cut(picture, (30, 20, 48), 48), picture[20:68, 30:78])


def test_edge_is_repeated_outside_the_picture() -> None:
    picture = np.zeros((60, 60), np.uint8)
    picture[0], picture[:, 0] = 200, 100
    patch = crop.cut(picture, (-10, -10, 48), 48)
    assert (patch[:11, 11:] == 200).all()
    assert (patch[11:, :11] == 100).all()
    assert (patch[11:, 11:] == 0).all()


def test_shrinking_averages_the_area() -> None:
    stripes = np.zeros((96, 96), np.uint8)
    stripes[:, ::2] = 200
    assert (crop.cut(stripes, (0, 0, 96), 48) == 100).all()


def test_contrast_reaches_both_ends() -> None:
    stretched = crop.stretch_contrast(NOISE)
    assert np.percentile(stretched, 1) == 0
    assert np.percentile(stretched, 99) == 255


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.5, 100), (1.4, 2)])
def test_lamp_power_and_black_level_do_not_matter(gain: float, offset: int) -> None:
    even = NOISE // 10 * 10
    other = np.rint(even * gain + offset).astype(np.uint8)
    np.testing.assert_allclose(crop.stretch_contrast(other).astype(int), crop.stretch_contrast(even), atol=1)


def test_flat_crop_is_not_blown_up() -> None:
    flat = np.full((48, 48), 90, np.uint8)
    flat[::2] = 92
    assert np.ptp(crop.stretch_contrast(flat)) == pytest.approx(2 * 255 / crop.MIN_SPAN_GREY, abs=1)


def test_int8_input_is_grey_minus_128() -> None:
    real = crop.network_input(NOISE)
    assert real.shape == (1, 48, 48, 1)
    np.testing.assert_array_equal(real[0, :, :, 0] * 128, crop.stretch_contrast(NOISE).astype(int) - 128)
