"""Sharpness, light and glare of a face crop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.vision.quality import crop_quality


def textured(low: int = 40, high: int = 200) -> np.ndarray:
    return np.random.default_rng(6).integers(low, high, (192, 192)).astype(np.uint8)


def test_an_ordinary_crop_has_no_reason() -> None:
    quality = crop_quality(textured())
    assert quality.reason is None
    assert quality.brightness_ratio == pytest.approx(120 / 255, abs=0.01)
    assert quality.clipped_ratio == 0.0


def test_blur_lowers_sharpness_whatever_the_contrast() -> None:
    sharp = crop_quality(textured()).sharpness
    assert crop_quality(textured(100, 140)).sharpness == pytest.approx(sharp, rel=0.1)
    assert crop_quality(np.asarray(cv2.GaussianBlur(textured(), (0, 0), 8))).sharpness < sharp / 10


def test_a_smear_is_blur() -> None:
    smooth = np.tile(np.linspace(40, 200, 192).astype(np.uint8), (192, 1))
    assert crop_quality(smooth).reason == "blur"


def test_a_black_crop_is_dark_and_a_white_one_is_glare() -> None:
    assert crop_quality(textured(0, 12)).reason == "dark"
    half_white = textured()
    half_white[:, 90:] = 255
    assert crop_quality(half_white).reason == "glare"
    assert crop_quality(half_white).clipped_ratio == pytest.approx(0.555, abs=0.02)
