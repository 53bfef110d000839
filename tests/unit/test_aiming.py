"""Measures of one frame: with a known lens against the line of sight, without one against its axis."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.aiming import measures_of
from edge.types import FaceObservation, Quality
from edge.vision.landmarks import POINTS

GRAY = np.full((480, 640), 100, np.uint8)
FOV_DEG = 60.0
FOCAL_PX = 320 / math.tan(math.radians(30))


def points(across_px: float = 50.0) -> np.ndarray:
    made = np.full((POINTS, 2), 300.0, np.float32)
    made[[33, 263]] = [[300 - across_px / 2, 240], [300 + across_px / 2, 240]]
    return made


def face(box: tuple[float, float, float, float] | None = (0.4, 0.4, 0.2, 0.2)) -> FaceObservation:
    return FaceObservation(
        t_ns=0, face=0.9, face_box=box, yaw_deg=10.0, pitch_deg=5.0, roll_deg=1.0, quality=Quality(face_px=128.0)
    )


def test_a_face_in_the_middle_is_on_the_lenses_axis() -> None:
    found = measures_of(face(), points(), GRAY, FOV_DEG)
    assert found is not None
    assert (found.view_yaw_deg, found.view_pitch_deg) == (10.0, 5.0)
    assert found.distance_cm == pytest.approx(FOCAL_PX * 9.0 * math.cos(math.radians(10)) / 50)
    assert found.face_ratio == pytest.approx(0.2)
    assert found.margin_ratio == pytest.approx(0.4)


def test_a_face_at_the_right_and_low_is_seen_from_another_side() -> None:
    found = measures_of(face((0.8, 0.8, 0.2, 0.2)), points(), GRAY, FOV_DEG)
    assert found is not None
    # A head at the picture's right that is turned to it by 10 degrees has turned still farther from the lens.
    assert found.view_yaw_deg == pytest.approx(10 + math.degrees(math.atan2(0.4 * 640, FOCAL_PX)))
    assert found.view_pitch_deg == pytest.approx(5 - math.degrees(math.atan2(0.4 * 480, FOCAL_PX)))
    assert (found.yaw_deg, found.pitch_deg) == (10.0, 5.0), "what the configuration compares with"
    assert found.margin_ratio == pytest.approx(0.0)
    assert (found.off_x_ratio, found.off_y_ratio) == (pytest.approx(0.4), pytest.approx(0.4))


def test_an_unknown_lens_gives_no_distance() -> None:
    found = measures_of(face(), points(), GRAY, None)
    assert found is not None
    assert found.distance_cm is None
    assert found.view_yaw_deg == 10.0


def test_nobody_is_nothing() -> None:
    assert measures_of(face(None), points(), GRAY, FOV_DEG) is None
    assert measures_of(face(), None, GRAY, FOV_DEG) is None
