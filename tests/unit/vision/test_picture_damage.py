"""One picture: noise, a tear, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.picture_damage import is_noise, is_torn


def scene(noise_grey: int = 3, seed: int = 1) -> np.ndarray:
    across, down = np.meshgrid(np.arange(160), np.arange(120))
    smooth = 120 + 60 * np.sin(across / 17) + 40 * np.cos(down / 23)
    grain = np.random.default_rng(seed).integers(-noise_grey, noise_grey + 1, smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def torn(picture: np.ndarray, row: int, shift: int) -> np.ndarray:
    return np.vstack([picture[:row], np.roll(picture[row:], shift, axis=1)])


def test_noise_is_told_from_a_noisy_scene() -> None:
    assert is_noise(np.random.default_rng(1).integers(0, 256, (120, 160)).astype(np.uint8))
    assert not is_noise(scene(noise_grey=40))
    assert not is_noise(np.full((120, 160), 80, np.uint8))


@pytest.mark.parametrize("shift", [-50, -20, 20, 53, 80])
@pytest.mark.parametrize("row", [1, 40, 118])
def test_lines_shifted_from_some_row_on_are_torn(row: int, shift: int) -> None:
    assert is_torn(torn(scene(), row, shift))


def test_an_edge_across_the_whole_scene_is_no_tear() -> None:
    picture = scene().astype(np.int16)
    picture[60:] = 255 - picture[60:]
    assert not is_torn(picture.astype(np.uint8))
    picture = scene()
    picture[60:] //= 4
    assert not is_torn(picture)
    picture[60:] = np.random.default_rng(2).integers(0, 256, picture[60:].shape)
    assert not is_torn(picture)


def test_a_whole_picture_a_flat_and_a_single_row_are_not_torn() -> None:
    assert not is_torn(scene())
    assert not is_torn(np.full((30, 40), 80, np.uint8))
    assert not is_torn(np.zeros((1, 40), np.uint8))
