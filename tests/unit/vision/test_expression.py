"""The expression reader's crop, input and probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.config.schema import Light
from edge.inference.manifest import Manifest
from edge.types import EXPRESSIONS
from edge.vision.expression import (
    MIN_SPAN_GREY,
    ExpressionReader,
    both_ways,
    expression_crop,
    network_input,
    probabilities,
)
from edge.vision.face_shape import face_shape
from edge.vision.headpose import HeadPose
from edge.vision.landmarks import Mesh
from edge.vision.nets import ExpressionNets, OpenedNet
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]
FRONTAL = HeadPose(0.0, 0.0, 0.0)
NETWORK = Manifest.load()["expression"]
FUSION = Manifest.load()["expression_fusion"]


class Network:
    """Answers with the same logits to every crop."""

    input_shapes = ((1, 48, 48, 1),)

    def __init__(self) -> None:
        self.calls = 0

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        assert inputs[0].dtype == np.int8
        assert inputs[0].shape == (1, 48, 48, 1)
        self.calls += 1
        return np.arange(8, dtype=np.float32)[None], np.arange(7, dtype=np.float32)[None]


class Fusion:
    """Keeps what it is shown; infrared logits as given, in the manifest's order, visible ones turned round."""

    def __init__(self, valence: float = 0.2, **logits: float) -> None:
        self.logits = np.array([[logits.get(label, 0.0) for label in FUSION.labels]], np.float32)
        self.valence = np.array([[valence]], np.float32)
        self.shown: tuple[np.ndarray, ...] = ()

    def run(self, inputs: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
        self.shown = inputs
        return self.logits, -self.logits, self.valence


def reader(network: Network, fusion: Fusion, light: Light = "infrared") -> ExpressionReader:
    return ExpressionReader(ExpressionNets(OpenedNet(network, NETWORK), OpenedNet(fusion, FUSION)), light)


def test_probabilities_sum_to_one_and_follow_the_fused_logits(make_mesh: MakeMesh) -> None:
    reading = reader(Network(), Fusion(anger=3.0, contempt=9.0)).read(make_mesh(), FRONTAL)
    assert reading is not None
    shares = reading.probabilities
    assert tuple(shares) == EXPRESSIONS
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=lambda name: shares[name]) == "anger"


def test_each_light_has_logits_of_its_own(make_mesh: MakeMesh) -> None:
    assert [tensor.name for tensor in FUSION.outputs] == ["infrared", "visible", "valence"]
    fusion = Fusion(anger=3.0)
    assert reader(Network(), fusion, "infrared").logits(make_mesh())[FUSION.labels.index("anger")] == 3.0
    assert reader(Network(), fusion, "visible").logits(make_mesh())[FUSION.labels.index("anger")] == -3.0


@pytest.mark.parametrize(("told", "read"), [(0.2, 0.2), (-3.0, -1.0), (1.7, 1.0)])
def test_valence_stays_within_its_range(make_mesh: MakeMesh, told: float, read: float) -> None:
    reading = reader(Network(), Fusion(valence=told)).read(make_mesh(), FRONTAL)
    assert reading is not None
    assert reading.valence == pytest.approx(read)


def test_the_fusion_is_shown_both_sets_of_logits_and_the_shape(make_mesh: MakeMesh) -> None:
    fusion, mesh = Fusion(), make_mesh()
    reader(Network(), fusion).read(mesh, FRONTAL)
    seen, shape = fusion.shown
    assert seen.tolist() == [[*range(8), *range(7)]]
    assert np.array_equal(shape, face_shape(mesh))
    assert tuple(tensor.shape for tensor in FUSION.inputs) == (seen.shape, shape.shape)


def test_a_crop_is_read_both_ways_and_averaged() -> None:
    class Left:
        """Answers with the mean of the crop's left half."""

        def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray]:
            assert inputs[0].flags.c_contiguous
            return (inputs[0][:, :, :24].mean(keepdims=True, dtype=np.float32).reshape(1, 1),)

    crop = np.zeros((48, 48), np.uint8)
    crop[:, :24] = 200
    (mean,) = both_ways(Left(), crop)
    assert mean.item() == pytest.approx((127 - 128) / 2, abs=0.01)


def test_temperature_flattens_and_large_logits_do_not_overflow() -> None:
    logits = np.array([2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    assert probabilities(logits, 2.0)[0] < probabilities(logits, 1.0)[0]
    assert probabilities(logits * 1000, 1.0)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("yaw_deg", [-31.0, 31.0])
def test_a_face_turned_too_far_is_not_read(make_mesh: MakeMesh, yaw_deg: float) -> None:
    network = Network()
    assert reader(network, Fusion()).read(make_mesh(), HeadPose(yaw_deg, 0.0, 0.0)) is None
    assert network.calls == 0


def test_a_small_face_is_not_read(make_mesh: MakeMesh) -> None:
    small = replace(make_mesh(), roi=Roi(100.0, 100.0, 90.0))
    assert small.width_px < 64
    assert reader(Network(), Fusion()).read(small, FRONTAL) is None


def test_the_input_is_the_stretched_crop_minus_128() -> None:
    crop = np.random.default_rng(4).integers(50, 150, (48, 48)).astype(np.uint8)
    values = network_input(crop)
    assert values.dtype == np.int8
    assert (int(values.min()), int(values.max())) == (-128, 127)


NOISE = np.random.default_rng(1).integers(60, 180, (48, 48)).astype(np.uint8)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.5, 100), (1.4, 2)])
def test_lamp_power_and_black_level_do_not_matter(gain: float, offset: int) -> None:
    even = NOISE // 10 * 10
    other = np.rint(even * gain + offset).astype(np.uint8)
    np.testing.assert_allclose(network_input(other).astype(int), network_input(even), atol=1)


def test_a_flat_crop_is_not_blown_up() -> None:
    flat = np.full((48, 48), 90, np.uint8)
    flat[::2] = 92
    assert np.ptp(network_input(flat).astype(int)) == pytest.approx(2 * 255 / MIN_SPAN_GREY, abs=1)


def test_the_crop_lies_around_the_points_lifted_a_little(make_mesh: MakeMesh) -> None:
    across, down = np.meshgrid(np.arange(192), np.arange(192))
    mesh = make_mesh(px_per_mm=0.6)
    left, top, right, bottom = mesh.box
    longest = max(right - left, bottom - top)
    columns = expression_crop(replace(mesh, crop=across.astype(np.uint8)), 48)
    rows = expression_crop(replace(mesh, crop=down.astype(np.uint8)), 48)
    assert float(columns.mean()) == pytest.approx((left + right) / 2, abs=1.5)
    assert float(rows.mean()) == pytest.approx((top + bottom) / 2 - 0.03 * longest, abs=1.5)
    assert float(np.ptp(rows)) * 48 / 47 == pytest.approx(1.07 * longest, abs=4)


def test_a_face_at_the_edge_of_the_crop_still_gives_a_full_crop(make_mesh: MakeMesh) -> None:
    mesh = make_mesh(px_per_mm=1.6)
    assert expression_crop(mesh, 48).shape == (48, 48)
