"""Around the eye-state network: any crop becomes square views, contrast is stretched, answers become numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.inference.manifest import Manifest
from edge.vision.eye_state import MAX_OPENNESS, ZOOMS, EyeStateNet, both_ways, network_input, openness_of, square

MODEL = Manifest.load()["expression"]
PICTURE = np.random.default_rng(5).integers(40, 200, (60, 80)).astype(np.uint8)


class Answering:
    """Answers with a logit and a scaled openness, and keeps what it was shown."""

    input_shapes = ((1, 48, 48, 1),)

    def __init__(self, *logits: float, opened: float = 0.0) -> None:
        self.logits, self.opened = list(logits), opened
        self.shown: list[np.ndarray] = []

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray]:
        self.shown.append(inputs[0])
        logit = self.logits[(len(self.shown) - 1) % len(self.logits)]
        return (np.array([[logit, self.opened]], np.float32),)


@pytest.mark.parametrize("shape", [(82, 82), (48, 64), (64, 48), (24, 24), (2, 2), (31, 128), (300, 200), (7, 3)])
def test_any_crop_becomes_square_views_of_the_networks_size(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)
    net = Answering(1.0)
    EyeStateNet(net, MODEL).open_probability(crop)
    assert len(net.shown) == 2 * len(ZOOMS)
    assert {(view.shape, view.dtype.name) for view in net.shown} == {((1, 48, 48, 1), "int8")}


def test_a_ready_crop_is_read_both_ways_and_the_logits_are_averaged() -> None:
    net = Answering(4.0, -2.0)
    found = EyeStateNet(net, MODEL).open_probability(PICTURE)
    assert found == pytest.approx(1 / (1 + math.exp(-1.0 / MODEL.temperature)))
    assert (net.shown[0][0, :, ::-1] == net.shown[1][0]).all()


def test_the_probability_of_a_mirrored_crop_is_the_same() -> None:
    class Summing(Answering):
        def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray]:
            weights = np.arange(48 * 48).reshape(1, 48, 48, 1) % 7
            return (np.array([[float((inputs[0] * weights).mean()) / 50, 0.0]], np.float32),)

    net = EyeStateNet(Summing(0.0), MODEL)
    assert net.open_probability(PICTURE) == pytest.approx(
        net.open_probability(np.ascontiguousarray(PICTURE[:, ::-1])), abs=1e-6
    )


def test_a_crop_of_the_daemon_costs_one_run_and_gives_probability_and_openness() -> None:
    net = Answering(0.0, opened=8.0 * (0.9 - 0.6))
    state = EyeStateNet(net, MODEL).read(PICTURE[:48, :48].copy())
    assert len(net.shown) == 1
    assert state.open_probability == pytest.approx(0.5)
    assert state.openness == pytest.approx(0.9)


@pytest.mark.parametrize(("opened", "openness"), [(-99.0, 0.0), (-4.8, 0.0), (0.0, 0.6), (4.8, 1.2), (99.0, 1.2)])
def test_openness_stays_within_its_range(opened: float, openness: float) -> None:
    assert openness_of(opened) == pytest.approx(openness)
    assert MAX_OPENNESS == 1.2


@pytest.mark.parametrize(
    "crop", [np.zeros((48, 48, 3), np.uint8), np.zeros((48, 48), np.float32), np.zeros((1, 9), np.uint8)]
)
def test_what_is_no_grey_picture_is_refused_in_words(crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="an eye crop is grey, uint8"):
        EyeStateNet(Answering(0.0), MODEL).open_probability(crop)


def test_a_wide_crop_is_padded_by_its_edge_and_never_squeezed() -> None:
    crop = np.zeros((24, 48), np.uint8)
    crop[0], crop[-1] = 200, 90
    view = square(crop, 1.0, 48)
    assert (view[:12] == 200).all()
    assert (view[-12:] == 90).all()
    assert (view[14:34] == 0).all()


def test_a_closer_view_shows_the_middle() -> None:
    crop = np.zeros((100, 100), np.uint8)
    crop[10:90, 10:90] = 255
    assert (square(crop, 0.8, 48) == 255).all()
    assert square(crop, 1.0, 48)[0, 0] == 0


def test_the_mirror_swaps_left_and_right() -> None:
    one, other = both_ways(PICTURE)
    assert (one[:, 0] == other[:, -1]).all()


def test_a_dark_crop_and_its_bright_twin_give_the_same_input() -> None:
    bright = PICTURE[:48, :48].copy()
    dark = (bright // 4 + 10).astype(np.uint8)
    difference = network_input(bright).astype(int) - network_input(dark).astype(int)
    # A quarter of the grey steps is left, so that they cannot agree better than that.
    assert np.abs(difference).max() <= 12
    assert network_input(dark).min() == -128
    assert network_input(dark).max() == 127
