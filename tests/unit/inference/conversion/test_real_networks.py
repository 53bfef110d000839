"""The fetched detector and its twin: made byte by byte as pinned, exact until it is quantized, and close after."""

from __future__ import annotations

import numpy as np
import pytest

from edge.inference.conversion.graph import write_graph
from edge.inference.conversion.make import make_twin
from edge.inference.conversion.quantized import simplified
from edge.inference.conversion.recipe import read_recipe
from edge.inference.gate import FLOAT_ONLY
from edge.inference.golden import golden_frame
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest
from edge.inference.runtime import runtime_name
from edge.vision.detector import SHORT_RANGE, Detection, Detector, joined
from tests.support.tiny_net import answers, opened

pytestmark = pytest.mark.models

FLOAT, TWIN = "face_short_range", "face_short_range_int8"


@pytest.fixture(scope="module")
def manifest(fetched_models: None) -> Manifest:
    return Manifest.load()


def face(frame: str) -> np.ndarray:
    """A drawn face of 128 pixels in the middle of a larger grey picture."""
    drawn = golden_frame(frame, (1, 128, 128, 1), 1, 0.0, 255.0)[0, :, :, 0].astype(np.uint8)
    picture = np.full((240, 320), 90, np.uint8)
    picture[60:188, 100:228] = drawn
    return picture


def test_the_recipe_makes_the_pinned_file(manifest: Manifest) -> None:
    assert make_twin(manifest, manifest[TWIN]) == manifest.resolve(TWIN).read_bytes()


def test_nothing_is_lost_before_quantizing(manifest: Manifest) -> None:
    original = manifest.resolve(FLOAT).read_bytes()
    recipe = read_recipe(manifest.path.parent / "face_detection_short_range_int8.recipe.json")
    picture = golden_frame("face", (1, 128, 128, 3), 1, -1.0, 1.0)
    boxes, logits = answers(original, picture, plain=True)
    parts = joined(answers(write_graph(simplified(original, recipe.outputs), ""), picture, plain=True))
    np.testing.assert_array_equal(parts[0], boxes[0])
    np.testing.assert_array_equal(parts[1], logits[0, :, 0])


def test_no_relu_stands_alone_and_xnnpack_takes_all_in_one_piece(manifest: Manifest) -> None:
    interpreter = opened(manifest.resolve(TWIN).read_bytes())
    operations = len(interpreter._get_ops_details())
    interpreter.allocate_tensors()
    assert len(interpreter._get_ops_details()) == operations + (0 if runtime_name() in FLOAT_ONLY else 1)


@pytest.mark.parametrize("frame", ["face", "face_mouth_open"])
def test_both_find_the_same_drawn_face(manifest: Manifest, frame: str) -> None:
    picture = face(frame)
    found: list[Detection] = []
    for name in (FLOAT, TWIN):
        net = Net.open(manifest.resolve(name), "cpu", model=manifest[name])
        found += Detector(net, SHORT_RANGE).find(picture, (0, 0, 320, 240))
    assert len(found) == 2
    real, twin = found
    assert np.abs(np.subtract(real.box, twin.box)).max() < 0.05 * real.width
    assert np.abs(np.subtract(real.left_eye + real.right_eye, twin.left_eye + twin.right_eye)).max() < 0.05 * real.width
    assert abs(real.score - twin.score) < 0.1


def test_neither_finds_a_face_in_noise_or_nothing(manifest: Manifest) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320)).astype(np.uint8)
    net = Net.open(manifest.resolve(TWIN), "cpu", model=manifest[TWIN])
    detector = Detector(net, SHORT_RANGE)
    for picture in (noise, np.zeros((240, 320), np.uint8), np.full((240, 320), 255, np.uint8)):
        assert detector.find(picture, (0, 0, 320, 240)) == []
