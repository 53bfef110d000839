"""Glasses: the strip around the eyes, one look, and what many looks tell."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.vision.glasses import (
    ENOUGH_LOOKS,
    EYES_AT_PX,
    LOOKS,
    MAX_YAW_DEG,
    MIN_FACE_PX,
    PX_PER_MM,
    STRIP_PX,
    SURE,
    SURE_TO_CHANGE,
    GlassesReader,
    glasses_strip,
    strip_edges,
)
from edge.vision.landmarks import EYE_CORNERS, MESH_PX, Mesh
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]
S = 1_000_000_000


class Looker(GlassesReader):
    """A reader whose looks say what the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.says = 0.0
        self.looks = 0

    def score(self, mesh: Mesh) -> float:
        del mesh
        self.looks += 1
        return self.says


@pytest.fixture
def mesh(make_mesh: MakeMesh) -> Mesh:
    return make_mesh()


def told(looker: Looker, mesh: Mesh, seconds: range, says: float) -> list[bool | None]:
    looker.says = says
    return [looker.read(mesh, 0.0, at_s * S) for at_s in seconds]


@pytest.mark.parametrize("roll_deg", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize("px_per_mm", [0.6, 0.8])
def test_the_strip_lies_level_around_the_eyes_at_one_scale(
    make_mesh: MakeMesh, roll_deg: float, px_per_mm: float
) -> None:
    plain = make_mesh(roll_deg=roll_deg, px_per_mm=px_per_mm)
    right, left = plain.points[EYE_CORNERS, :2].tolist()
    crop = np.full((MESH_PX, MESH_PX), 60, np.uint8)
    for x, y in (right, left):
        cv2.circle(crop, (round(x), round(y)), 3, 220, -1)
    strip = glasses_strip(make_mesh(roll_deg=roll_deg, px_per_mm=px_per_mm, crop=crop))
    assert strip.shape == STRIP_PX[::-1]
    rows, columns = np.nonzero(strip > 128)
    apart_px = math.dist(right, left) / px_per_mm * PX_PER_MM
    for side in (-1, 1):
        here = columns < EYES_AT_PX[0] if side < 0 else columns > EYES_AT_PX[0]
        assert columns[here].mean() == pytest.approx(EYES_AT_PX[0] + side * apart_px / 2, abs=1.2)
        assert rows[here].mean() == pytest.approx(EYES_AT_PX[1], abs=1.2)


def test_light_changes_no_look(make_mesh: MakeMesh) -> None:
    random = np.random.default_rng(1)
    noise = cv2.GaussianBlur(random.integers(0, 256, (MESH_PX, MESH_PX), np.uint8), (0, 0), 4)
    crop = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)
    dim = (crop.astype(np.float32) * 0.3 + 20.0).astype(np.uint8)
    bright, dark = (strip_edges(glasses_strip(make_mesh(crop=one))) for one in (crop, dim))
    assert float(np.abs(bright - dark).mean()) < 0.02
    reader = GlassesReader()
    assert reader.score(make_mesh(crop=crop)) == pytest.approx(reader.score(make_mesh(crop=dim)), abs=0.15)


def test_nothing_is_told_before_enough_looks_agree(mesh: Mesh) -> None:
    looker = Looker()
    assert told(looker, mesh, range(ENOUGH_LOOKS - 1), 1.0) == [None] * (ENOUGH_LOOKS - 1)
    assert looker.read(mesh, 0.0, ENOUGH_LOOKS * S) is True
    unsure = Looker()
    assert told(unsure, mesh, range(30), 0.9 * SURE) == [None] * 30
    assert told(unsure, mesh, range(30, 60), -1.1 * SURE)[-1] is False


def test_one_look_a_second_whatever_the_frame_rate(mesh: Mesh) -> None:
    looker = Looker()
    for frame in range(300):
        looker.read(mesh, 0.0, frame * S // 30)
    assert looker.looks == 10


def test_a_head_turned_far_is_not_looked_at_and_changes_nothing(mesh: Mesh) -> None:
    looker = Looker()
    told(looker, mesh, range(6), -1.0)
    looker.says = 1.0
    assert {looker.read(mesh, MAX_YAW_DEG + 1.0, at_s * S) for at_s in range(6, 40)} == {False}
    assert looker.looks == 6


def test_a_small_face_is_not_looked_at(make_mesh: MakeMesh) -> None:
    looker = Looker()
    small = make_mesh(roi=Roi(320.0, 240.0, 64.0))
    assert small.width_px < MIN_FACE_PX
    assert told(looker, small, range(20), 1.0)[-1] is None
    assert looker.looks == 0


def test_what_was_told_is_taken_back_only_by_a_clearer_mean(mesh: Mesh) -> None:
    looker = Looker()
    told(looker, mesh, range(LOOKS), -1.0)
    assert set(told(looker, mesh, range(LOOKS, 60), 0.9 * SURE_TO_CHANGE)) == {False}
    assert told(looker, mesh, range(60, 60 + LOOKS), 1.1 * SURE_TO_CHANGE)[-1] is True


def test_glasses_put_on_are_told_within_a_quarter_of_a_minute(mesh: Mesh) -> None:
    looker = Looker()
    told(looker, mesh, range(60), -1.0)
    answers = told(looker, mesh, range(60, 60 + LOOKS), 1.0)
    assert answers[0] is False
    assert answers[-1] is True
    assert set(told(looker, mesh, range(80, 84), -1.0)) == {True}, "a few looks that err"


def test_after_a_minute_unseen_nothing_is_known_any_more(mesh: Mesh) -> None:
    looker = Looker()
    told(looker, mesh, range(10), 1.0)
    assert looker.read(mesh, 0.0, 69 * S) is True
    assert looker.read(mesh, 0.0, 130 * S) is None
