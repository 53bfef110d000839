"""Mouth height over width, in space; the network's crop, input and answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.inference.manifest import Golden, Model
from edge.vision.landmarks import MESH_PX, Mesh
from edge.vision.mouth import (
    CROP_MM,
    LEFT_CORNER,
    RIGHT_CORNER,
    MouthNet,
    mouth_crop,
    mouth_ratio,
    mouth_square,
    network_input,
)

MakeMesh = Callable[..., Mesh]
MODEL = Model(
    name="mouth",
    file="mouth_int8.tflite",
    sha256="0" * 64,
    bytes=1,
    origin="committed",
    licence="",
    inputs=(),
    outputs=(),
    golden=Golden(seed=1, low=0.0, high=1.0, tolerance=0.1, outputs=()),
    labels=("open", "yawn"),
    temperature=2.0,
)


class Network:
    """Answers with the mean of the left half of what it is shown as "open", and with a yawn of its own."""

    input_shapes = ((1, 48, 48, 1),)

    def __init__(self, yawn: float = 0.0) -> None:
        self.yawn = yawn
        self.shown: list[np.ndarray] = []

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray]:
        (shown,) = inputs
        assert (shown.dtype, shown.shape) == (np.int8, (1, 48, 48, 1))
        self.shown.append(shown)
        return (np.array([[shown[0, :, :24].mean(), self.yawn]], np.float32),)


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


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (40.0, 0.0, 0.0), (-30.0, 15.0, 0.0), (0.0, 0.0, 20.0)])
def test_the_square_stays_on_the_mouth_however_the_head_is_turned(
    make_mesh: MakeMesh, turn: tuple[float, float, float]
) -> None:
    mesh = make_mesh(*turn, px_per_mm=0.6)
    left, top, side = mouth_square(mesh)
    assert side == pytest.approx(CROP_MM * 0.6, abs=1)
    lips = mesh.points[[RIGHT_CORNER, LEFT_CORNER, 0, 17], :2]
    assert ((lips > [left, top]) & (lips < [left + side, top + side])).all()


def test_the_square_does_not_move_with_the_lips(make_mesh: MakeMesh) -> None:
    assert mouth_square(make_mesh(mouth_mm=5.0)) == mouth_square(make_mesh(mouth_mm=60.0))


@pytest.mark.parametrize("px_per_mm", [0.1, 0.8, 1.5, 3.0])
def test_the_square_lies_inside_the_mesh_crop(make_mesh: MakeMesh, px_per_mm: float) -> None:
    left, top, side = mouth_square(make_mesh(px_per_mm=px_per_mm))
    assert left >= 0
    assert top >= 0
    assert 2 <= side <= MESH_PX - max(left, top)


def test_the_crop_shows_the_square(make_mesh: MakeMesh) -> None:
    crop = np.zeros((MESH_PX, MESH_PX), np.uint8)
    mesh = make_mesh(crop=crop)
    left, top, side = mouth_square(mesh)
    crop[top : top + side, left : left + side] = 200
    assert (mouth_crop(mesh, 48) == 200).all()


def test_the_input_uses_all_eight_bits_of_a_dark_crop() -> None:
    dark = np.random.default_rng(3).integers(10, 60, (48, 48)).astype(np.uint8)
    values = network_input(dark)
    assert (values.shape, values.dtype) == ((1, 48, 48, 1), np.int8)
    assert (values.min(), values.max()) == (-128, 127)


def test_the_yawn_is_the_second_label_softened_by_the_temperature(make_mesh: MakeMesh) -> None:
    assert MouthNet(Network(yawn=2.0), MODEL).yawn_probability(make_mesh()) == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert MouthNet(Network(yawn=1e9), MODEL).yawn_probability(make_mesh()) == pytest.approx(1.0)
    assert MouthNet(Network(yawn=-1e9), MODEL).yawn_probability(make_mesh()) == pytest.approx(0.0)


@pytest.mark.parametrize("shape", [(20, 31), (48, 48), (200, 150), (1, 1)])
def test_a_ready_crop_of_any_size_is_judged_from_both_sides(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(4).integers(0, 256, shape).astype(np.uint8)
    network = Network()
    MouthNet(network, MODEL).open_probability(crop)
    first, second = network.shown
    np.testing.assert_array_equal(first, second[:, :, ::-1])
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    assert MouthNet(Network(), MODEL).open_probability(crop) == pytest.approx(
        MouthNet(Network(), MODEL).open_probability(mirrored), abs=0.02
    )


@pytest.mark.parametrize(
    "crop", [np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.float32), np.zeros((0, 9), np.uint8)]
)
def test_what_is_no_grey_picture_is_refused(crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a mouth crop is grey and uint8"):
        MouthNet(Network(), MODEL).open_probability(crop)
