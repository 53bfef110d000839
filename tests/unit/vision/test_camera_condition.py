"""Frozen and covered cameras: told when it begins, each second while it lasts, and when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from edge.types import CameraHealth
from edge.vision.camera_condition import CameraCondition

FPS = 20
FRAME_NS = 1_000_000_000 // FPS


def lively(seed: int) -> np.ndarray:
    """A scene: neighbours are alike, and the sensor adds its noise."""
    across, down = np.meshgrid(np.arange(160), np.arange(120))
    scene = 120 + 60 * np.sin((across + seed) / 17) + 40 * np.cos(down / 23)
    return np.clip(scene + np.random.default_rng(seed).integers(-4, 5, scene.shape), 0, 255).astype(np.uint8)


def covered(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(3, 9, (120, 160)).astype(np.uint8)


def feed(condition: CameraCondition, pictures: list[np.ndarray], start: int = 0) -> list[tuple[float, str]]:
    said: list[CameraHealth | None] = [condition.feed(p, (start + k) * FRAME_NS) for k, p in enumerate(pictures)]
    return [(health.t_ns / 1e9, health.state) for health in said if health is not None]


def test_a_lively_picture_says_nothing() -> None:
    assert feed(CameraCondition(), [lively(k) for k in range(60)]) == []


def test_identical_frames_for_a_second_are_frozen_and_said_again_each_second() -> None:
    said = feed(CameraCondition(), [lively(0)] * 65)
    assert said == [(pytest.approx(1.05), "frozen"), (pytest.approx(2.05), "frozen"), (pytest.approx(3.05), "frozen")]


def test_a_moving_picture_ends_it_once() -> None:
    condition = CameraCondition()
    feed(condition, [lively(0)] * 30)
    assert feed(condition, [lively(k) for k in range(1, 40)], start=30) == [(1.5, "ok")]


def test_a_covered_lens_with_sensor_noise_is_covered() -> None:
    assert feed(CameraCondition(), [covered(k) for k in range(25)]) == [(1.0, "covered")]


def test_a_hand_that_passes_is_nothing() -> None:
    pictures = [covered(k) for k in range(15)] + [lively(k) for k in range(30)]
    assert feed(CameraCondition(), pictures) == []


def test_a_dark_cabin_with_a_lit_face_is_not_covered() -> None:
    pictures = [covered(k) for k in range(40)]
    for picture in pictures:
        picture[30:90, 60:100] = 90
    assert feed(CameraCondition(), pictures) == []


def test_another_picture_size_is_another_picture() -> None:
    condition = CameraCondition()
    pictures = [np.full((120, 160), 99, np.uint8), np.full((60, 80), 99, np.uint8)] * 20
    assert feed(condition, pictures) == []


def test_a_dazzled_sensor_is_covered_by_light() -> None:
    dazzled = [np.random.default_rng(k).integers(250, 256, (120, 160)).astype(np.uint8) for k in range(25)]
    assert feed(CameraCondition(), dazzled) == [(1.0, "covered")]


def test_noise_and_torn_lines_are_garbled_until_the_scene_is_back() -> None:
    noise = [np.random.default_rng(k).integers(0, 256, (120, 160)).astype(np.uint8) for k in range(25)]
    torn = [np.vstack([lively(k)[:60], np.roll(lively(k)[60:], 50, axis=1)]) for k in range(25)]
    for damaged in (noise, torn):
        condition = CameraCondition()
        assert feed(condition, damaged) == [(1.0, "garbled")]
        ((ended_s, state),) = feed(condition, [lively(k) for k in range(25)], start=25)
        assert (state, ended_s < 2.0) == ("ok", True)


def test_a_torn_picture_now_and_then_is_no_fault() -> None:
    pictures = [lively(k) for k in range(60)]
    for k in range(0, 60, 3):
        pictures[k] = np.vstack([pictures[k][:60], np.roll(pictures[k][60:], 50, axis=1)])
    assert feed(CameraCondition(), pictures) == []


def test_a_picture_on_its_head_is_moved_and_says_what_to_do() -> None:
    on_head = True
    condition = CameraCondition(lambda: on_head)
    said = condition.feed(lively(0), 0)
    assert said is not None
    assert (said.state, "camera.rotation_deg" in str(said.detail)) == ("moved", True)
    on_head = False
    assert feed(condition, [lively(1)], start=1) == [(0.05, "ok")]
