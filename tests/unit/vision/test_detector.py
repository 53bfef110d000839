"""Anchors, merging of boxes and the choice of the driver."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from edge.vision.detector import ROOMY, SHORT_RANGE, Detection, Detector, anchor_centres, by_likelihood


def face(left: float, width: float, score: float = 0.9) -> Detection:
    return Detection((left, 100.0, left + width, 100.0 + width), (left + 10, 120.0), (left + 30, 120.0), score)


class ScriptedNet:
    """Answers with given (anchor, box centre, side, logit) entries."""

    input_shapes = ((1, 128, 128, 3),)
    input_types = (np.dtype(np.float32),)

    def __init__(self, entries: list[tuple[int, float, float, float, float]]) -> None:
        self.entries = entries
        self.seen: list[np.ndarray] = []

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        self.seen.append(inputs[0].copy())
        regressors = np.zeros((1, 896, 16), np.float32)
        logits = np.full((1, 896, 1), -20.0, np.float32)
        anchors = anchor_centres(128, SHORT_RANGE) * 128
        for anchor, x, y, side, logit in self.entries:
            regressors[0, anchor, :2] = np.array([x, y]) - anchors[anchor]
            regressors[0, anchor, 2:4] = side
            regressors[0, anchor, 4:8] = [*np.tile(np.array([x, y]) - anchors[anchor], 2)]
            regressors[0, anchor, [4, 6]] += (-side / 4, side / 4)
            logits[0, anchor, 0] = logit
        return regressors, logits


class CutNet(ScriptedNet):
    """The same answers as an int8 network gives them: int8 in, each layer of anchors by itself."""

    input_types = (np.dtype(np.int8),)

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray, ...]:
        regressors, logits = super().run(inputs)
        return (
            regressors[0, :512].reshape(1, 16, 16, 32),
            regressors[0, 512:].reshape(1, 8, 8, 96),
            logits[0, :512].reshape(1, 16, 16, 2),
            logits[0, 512:].reshape(1, 8, 8, 6),
        )


def detect(
    entries: list[tuple[int, float, float, float, float]], shape: tuple[int, int] = (128, 128)
) -> list[Detection]:
    return Detector(ScriptedNet(entries), SHORT_RANGE).find(np.zeros(shape, np.uint8), (0, 0, shape[1], shape[0]))


def test_there_are_896_anchors_each_in_its_cell() -> None:
    anchors = anchor_centres(128, SHORT_RANGE)
    assert anchors.shape == (896, 2)
    assert anchors[0].tolist() == anchors[1].tolist() == [0.03125, 0.03125]
    assert anchors[512:518].tolist() == [[0.0625, 0.0625]] * 6
    assert 0.0 < anchors.min() < anchors.max() < 1.0


def test_nothing_sure_is_no_face() -> None:
    assert detect([(5, 60, 60, 40, -0.1)]) == []


def test_boxes_that_overlap_are_one_face_weighted_by_score() -> None:
    found = detect([(10, 60, 60, 40, 4.0), (20, 64, 60, 40, 4.0), (30, 20, 20, 20, 1.0)])
    assert len(found) == 2
    assert found[0].box == pytest.approx((42, 40, 82, 80), abs=0.01)
    assert found[0].score == pytest.approx(1 / (1 + math.exp(-4)))
    assert found[1].box == pytest.approx((10, 10, 30, 30), abs=0.01)


def test_boxes_come_back_in_picture_pixels_from_a_letterboxed_region() -> None:
    net = ScriptedNet([(10, 64, 64, 32, 4.0)])
    (found,) = Detector(net, SHORT_RANGE).find(np.zeros((480, 640), np.uint8), (64, 0, 640, 480))
    # The region is 576 x 480: scale 128/576, the middle of the canvas is the middle of
    # the region to within one of its pixels.
    assert (found.box[0] + found.box[2]) / 2 == pytest.approx(352, abs=4.5)
    assert (found.box[1] + found.box[3]) / 2 == pytest.approx(240, abs=4.5)
    assert found.width == pytest.approx(144, abs=0.1)


def test_the_detector_sees_the_seat_only() -> None:
    picture = np.zeros((128, 256), np.uint8)
    picture[:, :128] = 255
    net = ScriptedNet([])
    Detector(net, SHORT_RANGE).find(picture, (128, 0, 256, 128))
    assert float(net.seen[0].max()) == -1.0


@pytest.mark.parametrize(("side", "lefts"), [("right", [400.0, 100.0]), ("left", [100.0, 400.0])])
def test_of_two_faces_the_one_on_the_drivers_side_is_likelier_the_driver(side: str, lefts: list[float]) -> None:
    found = by_likelihood([face(100.0, 90), face(400.0, 90)], side, 640, 30.0)
    assert [one.box[0] for one in found] == lefts


def test_small_faces_behind_come_last_the_widest_first() -> None:
    found = by_likelihood([face(500.0, 40), face(100.0, 120), face(550.0, 50)], "right", 640, 30.0)
    assert [one.box[0] for one in found] == [100.0, 550.0, 500.0]


def test_faces_below_the_smallest_width_are_nobody() -> None:
    assert by_likelihood([face(100.0, 20)], "right", 640, 30.0) == []
    assert by_likelihood([], "right", 640, 30.0) == []


def test_the_region_is_upright_along_the_eyes_and_roomy_when_asked() -> None:
    leaning = Detection((0.0, 0.0, 100.0, 80.0), (20.0, 20.0), (60.0, 60.0), 0.9)
    roi = leaning.roi()
    assert (roi.x, roi.y, roi.side) == (50.0, 40.0, 150.0)
    assert roi.angle_rad == pytest.approx(math.pi / 4)
    roomy = leaning.roi(ROOMY)
    assert roomy.side == 200.0
    assert roomy.x < 50.0 < roomy.y + 10.0


def test_the_scripted_net_is_asked_once_a_frame() -> None:
    net = SimpleNamespace(input_shapes=((1, 128, 128, 3),), input_types=(np.dtype(np.float32),), calls=0)

    def run(_: object) -> tuple[np.ndarray, np.ndarray]:
        net.calls += 1
        return np.zeros((1, 896, 16), np.float32), np.full((1, 896, 1), -9.0, np.float32)

    net.run = run
    detector = Detector(net, SHORT_RANGE)
    for _ in range(3):
        assert detector.find(np.zeros((90, 160), np.uint8), (0, 0, 160, 90)) == []
    assert net.calls == 3


def test_the_layers_of_an_int8_network_are_joined_to_the_same_faces() -> None:
    entries = [(10, 60, 60, 40, 4.0), (600, 64, 60, 40, 3.0), (700, 20, 20, 20, 1.0)]
    picture, region = np.zeros((128, 128), np.uint8), (0, 0, 128, 128)
    whole, layers = (Detector(net(entries), SHORT_RANGE).find(picture, region) for net in (ScriptedNet, CutNet))
    assert len(whole) == 2
    assert layers == whole


def test_an_int8_network_gets_grey_less_128() -> None:
    net = CutNet([])
    picture = np.zeros((128, 128), np.uint8)
    picture[3, 5], picture[4, 6] = 255, 100
    Detector(net, SHORT_RANGE).find(picture, (0, 0, 128, 128))
    assert net.seen[0].dtype == np.int8
    assert net.seen[0][0, 3, 5].tolist() == [127] * 3
    assert net.seen[0][0, 4, 6].tolist() == [-28] * 3
    assert net.seen[0][0, 0, 0].tolist() == [-128] * 3
