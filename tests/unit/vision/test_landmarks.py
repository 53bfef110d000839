"""The mesh: where it lies in the picture, and where it is looked for next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.vision.landmarks import MESH_PX, TRACK_SCALE, Mesh, MeshNet
from edge.vision.meanface import fit_mean_face
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]


def test_the_next_region_lies_around_the_points(make_mesh: MakeMesh) -> None:
    mesh = make_mesh()
    roi = mesh.next_roi()
    every = mesh.in_picture(np.arange(468))
    low, high = every.min(axis=0), every.max(axis=0)
    assert [roi.x, roi.y] == pytest.approx(((low + high) / 2).tolist(), abs=0.01)
    assert roi.side == pytest.approx(TRACK_SCALE * float((high - low).max()), abs=0.01)
    assert roi.angle_rad == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("angle_deg", [-40.0, 25.0])
def test_the_next_region_turns_with_the_eyes_and_with_the_crop(make_mesh: MakeMesh, angle_deg: float) -> None:
    leaning = make_mesh(0.0, 0.0, angle_deg)
    assert math.degrees(leaning.next_roi().angle_rad) == pytest.approx(angle_deg, abs=0.1)
    turned_crop = replace(make_mesh(), roi=Roi(320.0, 240.0, 192.0, math.radians(angle_deg)))
    assert math.degrees(turned_crop.next_roi().angle_rad) == pytest.approx(angle_deg, abs=0.1)


def test_the_upright_box_holds_every_point(make_mesh: MakeMesh) -> None:
    mesh = replace(make_mesh(15.0, 5.0, 10.0), roi=Roi(300.0, 200.0, 150.0, 0.4))
    x, y, half_width, half_height = mesh.upright_box
    every = mesh.in_picture(np.arange(468))
    assert every[:, 0].min() >= x - half_width - 0.01
    assert every[:, 0].max() <= x + half_width + 0.01
    assert every[:, 1].min() >= y - half_height - 0.01
    assert every[:, 1].max() <= y + half_height + 0.01


def test_the_width_is_in_picture_pixels(make_mesh: MakeMesh) -> None:
    mesh = make_mesh()
    assert replace(mesh, roi=Roi(0.0, 0.0, 2.0 * MESH_PX)).width_px == pytest.approx(2 * mesh.width_px)


def test_the_mean_face_is_found_at_its_scale(make_mesh: MakeMesh) -> None:
    fit = fit_mean_face(make_mesh(30.0, -20.0, 8.0, px_per_mm=0.6).points)
    assert fit.px_per_mm == pytest.approx(0.6, rel=1e-4)
    assert np.linalg.det(fit.rotation) == pytest.approx(1.0)


def test_the_net_is_shown_the_crop_and_its_flag_becomes_a_probability() -> None:
    class Net:
        input_types = (np.dtype(np.float32),)

        def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
            assert inputs[0].shape == (1, 192, 192, 3)
            assert 0.0 <= inputs[0].min() <= inputs[0].max() <= 1.0
            points = np.random.default_rng(1).random(1404, np.float32) * 192
            return points.reshape(1, 1, 1, 1404), np.array([[[[2.0]]]], np.float32)

    picture = np.random.default_rng(2).integers(0, 255, (240, 320)).astype(np.uint8)
    mesh = MeshNet(Net()).read(picture, Roi(160.0, 120.0, 200.0))
    assert mesh.points.shape == (468, 3)
    assert mesh.crop.shape == (192, 192)
    assert mesh.presence == pytest.approx(1 / (1 + math.exp(-2)))
