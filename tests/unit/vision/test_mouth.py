"""Mouth height over width, in space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.vision.landmarks import Mesh
from edge.vision.mouth import LEFT_CORNER, RIGHT_CORNER, mouth_ratio

MakeMesh = Callable[..., Mesh]


@pytest.mark.parametrize(("mouth_mm", "ratio"), [(15.0, 0.3), (45.0, 0.9)])
def test_the_ratio_is_height_over_width(make_mesh: MakeMesh, mouth_mm: float, ratio: float) -> None:
    assert mouth_ratio(make_mesh(mouth_mm=mouth_mm)) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("turn", [(40.0, 0.0, 0.0), (-30.0, 15.0, 0.0), (0.0, 0.0, 30.0)])
def test_turning_the_head_does_not_open_the_mouth(make_mesh: MakeMesh, turn: tuple[float, float, float]) -> None:
    assert mouth_ratio(make_mesh(*turn, mouth_mm=18.0)) == pytest.approx(0.36, abs=0.01)


def test_a_mouth_without_width_is_unknown(make_mesh: MakeMesh) -> None:
    mesh = make_mesh()
    mesh.points[LEFT_CORNER] = np.array(mesh.points[RIGHT_CORNER])
    assert mouth_ratio(mesh) is None
