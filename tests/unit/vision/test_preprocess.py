"""Regions, crops and value ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.vision.preprocess import GrayInput, Roi, cut, points_in_picture, stretch_contrast


def gradient() -> np.ndarray:
    across, down = np.meshgrid(np.arange(200), np.arange(160))
    return ((across + down) // 2).astype(np.uint8)


@pytest.mark.parametrize("angle_rad", [0.0, 0.3, -1.2, math.pi])
def test_a_point_of_the_crop_lies_where_its_value_came_from(angle_rad: float) -> None:
    picture = gradient()
    roi = Roi(100.0, 80.0, 64.0, angle_rad)
    crop = cut(picture, roi, 64)
    for x, y in ((10, 20), (32, 32), (60, 5)):
        ((px, py),) = points_in_picture(np.array([[x, y]], np.float32), roi, 64).tolist()
        assert crop[y, x] == pytest.approx((px + py) / 2, abs=1.5)


def test_the_middle_of_a_crop_is_the_middle_of_its_region() -> None:
    roi = Roi(40.0, 30.0, 50.0, 0.7)
    assert points_in_picture(np.array([[96.0, 96.0]], np.float32), roi, 192)[0].tolist() == pytest.approx([40.0, 30.0])


def test_a_region_that_leaves_the_picture_is_black_outside() -> None:
    crop = cut(np.full((100, 100), 200, np.uint8), Roi(0.0, 50.0, 100.0), 100)
    assert crop[50, 10] == 0
    assert crop[50, 90] == 200


def test_a_mirrored_crop_is_the_same_crop_turned_round() -> None:
    roi = Roi(100.0, 80.0, 90.0, 0.4)
    plain, mirrored = cut(gradient(), roi, 64), cut(gradient(), roi, 64, mirror=True)
    assert np.abs(plain.astype(int) - mirrored[:, ::-1].astype(int)).max() <= 1


def test_input_runs_from_black_to_white_in_three_equal_channels() -> None:
    crop = np.zeros((8, 8), np.uint8)
    crop[0, 0], crop[0, 1] = 255, 51
    values = GrayInput(8, -1.0, 1.0).fill(crop)
    assert values.shape == (1, 8, 8, 3)
    assert values[0, 0, 0].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert values[0, 0, 1].tolist() == pytest.approx([-0.6] * 3, abs=1e-6)
    assert values[0, 7, 7].tolist() == pytest.approx([-1.0] * 3)


def test_quantized_input_is_grey_less_128_in_three_equal_channels() -> None:
    crop = np.zeros((8, 8), np.uint8)
    crop[0, 0], crop[0, 1] = 255, 127
    values = GrayInput(8, -1.0, 1.0, quantized=True).fill(crop)
    assert (values.shape, values.dtype) == ((1, 8, 8, 3), np.int8)
    assert values[0, 0, 0].tolist() == [127] * 3
    assert values[0, 0, 1].tolist() == [-1] * 3
    assert values[0, 7, 7].tolist() == [-128] * 3


def test_stretching_agrees_with_numpy_percentiles() -> None:
    crop = np.random.default_rng(5).integers(60, 121, (48, 48)).astype(np.uint8)
    low, high = np.percentile(crop, (1.0, 99.0))
    wanted = np.clip(np.rint((crop.astype(np.float32) - low) * (255.0 / (high - low))), 0, 255)
    assert np.abs(stretch_contrast(crop, 1.0, 99.0, 16.0) - wanted).max() <= 1


def test_a_flat_crop_is_not_stretched_into_noise() -> None:
    crop = np.full((48, 48), 100, np.uint8)
    crop[::2] = 102
    assert np.ptp(stretch_contrast(crop, 1.0, 99.0, 16.0)) == 32


def test_a_small_tilt_is_dropped_and_the_region_lies_on_whole_pixels() -> None:
    roi = Roi(101.3, 90.8, 60.4, math.radians(4.0)).upright()
    assert (roi.angle_rad, roi.side) == (0.0, 60)
    assert (roi.x - roi.side / 2, roi.y - roi.side / 2) == (71, 61)


def test_a_large_tilt_stays() -> None:
    roi = Roi(101.3, 90.8, 60.4, math.radians(-6.0))
    assert roi.upright() is roi


def test_a_plain_cut_shows_what_the_turned_cut_shows() -> None:
    y, x = np.mgrid[0:200, 0:240]
    picture = (100 + 40 * np.sin(x / 17) + 40 * np.cos(y / 23)).astype(np.uint8)
    roi = Roi(121, 99, 130)
    plain = cut(picture, roi, 96).astype(int)
    turned = cut(picture, Roi(121, 99, 130, 1e-9), 96).astype(int)
    assert np.abs(plain - turned).max() <= 4
    assert np.abs(plain - turned).mean() < 1.5
