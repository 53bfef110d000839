"""Light on a drawn face: even or from one side, a glint before an eye, and how far away its eyes are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.vision.face_light import distance_mm, face_light
from edge.vision.landmarks import POINTS

GREY = 120


@pytest.fixture
def points() -> np.ndarray:
    """A face with its outer eye corners 100 pixels apart."""
    made = np.full((POINTS, 2), 150.0, np.float32)
    made[[33, 133, 362, 263]] = [[100, 120], [130, 120], [170, 120], [200, 120]]
    made[[50, 117, 205]] = [120, 160]
    made[[280, 346, 425]] = [180, 160]
    made[[8, 9]] = [150, 110]
    return made


@pytest.fixture
def gray() -> np.ndarray:
    return np.full((300, 300), GREY, np.uint8)


def test_an_even_face(gray: np.ndarray, points: np.ndarray) -> None:
    light = face_light(gray, points)
    assert light.evenness_ratio == pytest.approx(1.0)
    assert light.glint_ratio == 0.0


def test_light_from_one_side(gray: np.ndarray, points: np.ndarray) -> None:
    gray[:, :150] = GREY // 4
    assert face_light(gray, points).evenness_ratio == pytest.approx(0.25, abs=0.01)


def test_the_worse_eye_tells_of_a_glint(gray: np.ndarray, points: np.ndarray) -> None:
    gray[110:131, 180:190] = 255
    assert face_light(gray, points).glint_ratio == pytest.approx(210 / (41 * 29), abs=0.01)
    gray[:] = 255
    assert face_light(gray, points).glint_ratio == 1.0


def test_what_lies_outside_the_frame_is_not_measured(gray: np.ndarray, points: np.ndarray) -> None:
    light = face_light(gray, points + 1000)
    assert light.evenness_ratio is None
    assert light.glint_ratio is None


def test_the_distance_follows_size_and_turn(points: np.ndarray) -> None:
    assert distance_mm(points, 0.0, 900.0) == pytest.approx(810.0)
    assert distance_mm(points, 60.0, 900.0) == pytest.approx(405.0), "seen from the side it looks narrower"
    assert distance_mm(points * 2, 0.0, 900.0) == pytest.approx(405.0)
    assert math.isfinite(distance_mm(points * 0, 0.0, 900.0))
