"""The shape of a face does not change with pose, size or place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.vision.face_shape import SHAPE_POINTS, face_shape
from edge.vision.landmarks import Mesh

MakeMesh = Callable[..., Mesh]


def test_turning_and_scaling_leave_the_shape_as_it_is(make_mesh: MakeMesh) -> None:
    straight = face_shape(make_mesh())
    turned = face_shape(make_mesh(yaw_deg=20.0, pitch_deg=-10.0, roll_deg=15.0, px_per_mm=0.5))
    assert straight.shape == (1, 3 * len(SHAPE_POINTS))
    assert straight.dtype == np.float32
    assert np.abs(turned - straight).max() < 0.05


def test_an_opened_mouth_moves_the_lips_by_its_millimetres_and_nothing_else(make_mesh: MakeMesh) -> None:
    shut, opened = (face_shape(make_mesh(mouth_mm=mm)).reshape(-1, 3) for mm in (18.0, 38.0))
    moved = np.abs(opened - shut)
    upper, lower = (int(np.flatnonzero(point == SHAPE_POINTS)[0]) for point in (0, 17))
    assert moved[upper, 1] == pytest.approx(10.0, abs=0.1)
    assert moved[lower, 1] == pytest.approx(10.0, abs=0.1)
    assert np.delete(moved, [upper, lower], axis=0).max() < 0.05


def test_no_point_is_taken_twice() -> None:
    assert len(set(SHAPE_POINTS.tolist())) == len(SHAPE_POINTS)
