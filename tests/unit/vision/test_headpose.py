"""Angles: their signs, and that they come back as they were put in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.vision.headpose import HeadPoseReader, angles
from edge.vision.landmarks import Mesh
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]

TURNS = [(0, 0, 0), (20, 0, 0), (-45, 0, 0), (0, 15, 0), (0, -30, 0), (0, 0, 12), (30, -10, 5), (-40, 20, -8)]


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_mean_face_reads_as_it_was_turned(make_mesh: MakeMesh, turn: tuple[float, float, float]) -> None:
    view = HeadPoseReader(None).read(make_mesh(*turn), 640, 480).view
    assert (view.yaw_deg, view.pitch_deg, view.roll_deg) == pytest.approx(turn, abs=0.01)


def test_yaw_is_positive_when_the_nose_moves_to_the_pictures_right(make_mesh: MakeMesh) -> None:
    mesh = make_mesh(25.0)
    assert mesh.points[4, 0] > make_mesh(0.0).points[4, 0] + 5
    assert HeadPoseReader(None).read(mesh, 640, 480).camera.yaw_deg > 20


def test_pitch_is_positive_when_the_nose_moves_up(make_mesh: MakeMesh) -> None:
    assert make_mesh(0.0, 20.0).points[4, 1] < make_mesh().points[4, 1] - 5


def test_the_crops_own_turn_is_added_to_roll(make_mesh: MakeMesh) -> None:
    mesh = make_mesh(0.0, 0.0, 0.0)
    leaning = replace(mesh, roi=Roi(320.0, 240.0, 192.0, math.radians(15)))
    assert HeadPoseReader(None).read(leaning, 640, 480).view.roll_deg == pytest.approx(15, abs=0.01)


def test_without_a_known_lens_the_camera_is_the_line_of_sight(make_mesh: MakeMesh) -> None:
    pose = HeadPoseReader(None).read(replace(make_mesh(10.0), roi=Roi(600.0, 100.0, 192.0)), 640, 480)
    assert pose.camera == pose.view


def test_a_face_aside_that_looks_into_the_lens_has_turned_towards_it(make_mesh: MakeMesh) -> None:
    aside = replace(make_mesh(), roi=Roi(640.0, 240.0, 192.0))
    pose = HeadPoseReader(62.0).read(aside, 640, 480)
    assert pose.view.yaw_deg == pytest.approx(0.0, abs=0.01)
    assert pose.camera.yaw_deg == pytest.approx(-31.0, abs=0.1)
    below = replace(make_mesh(), roi=Roi(320.0, 480.0, 192.0))
    assert HeadPoseReader(62.0).read(below, 640, 480).camera.pitch_deg > 20


def test_an_upright_picture_has_the_lens_along_its_longer_side(make_mesh: MakeMesh) -> None:
    low = replace(make_mesh(), roi=Roi(240.0, 640.0, 192.0))
    assert HeadPoseReader(62.0).read(low, 480, 640).camera.pitch_deg == pytest.approx(31.0, abs=0.1)


def test_no_turn_is_no_angle() -> None:
    pose = angles(np.eye(3))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == (0.0, pytest.approx(0.0), 0.0)
