"""The private calibrator inside ai_edge_litert, held in place: a tiny network goes through the whole conversion."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

TOOLS = Path(__file__).parents[3] / "tools"


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


quantize = load("quantize_under_test", TOOLS / "quantize.py")
tflite_graph = load("tflite_graph_under_test", TOOLS / "train" / "tflite_graph.py")


def random_weights(generator: np.random.Generator, *shape: int) -> Pictures:
    return generator.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> bytes:
    """Every operation the expression network uses, on an 8x8 picture."""
    generator = np.random.default_rng(3)
    graph = tflite_graph.FloatGraph("crop", (1, 8, 8, 1))
    zero = np.zeros(4, np.float32)
    x = graph.conv(graph.input, "stem", random_weights(generator, 4, 3, 3, 1), zero, stride=2, relu6=True)
    y = graph.depthwise(x, "filter", random_weights(generator, 1, 3, 3, 4), zero, stride=1, relu6=True)
    y = graph.conv(y, "project", random_weights(generator, 4, 1, 1, 4), zero, stride=1, relu6=False)
    x = graph.spatial_mean(graph.add(x, y, "sum"), "mean")
    x = graph.fully_connected(x, "logits", random_weights(generator, 3, 4), np.ones(3, np.float32))
    return graph.finish(x, "test")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    grey = np.random.default_rng(4).integers(0, 256, (40, 8, 8, 1))
    grey[0, 0, 0], grey[0, 0, 1] = 0, 255
    return ((grey - 128.0) / 128.0).astype(np.float32)


@pytest.fixture(scope="module")
def twin(model: bytes, pictures: Pictures) -> bytes:
    return quantize.quantize(model, pictures)


def test_float_file_computes_what_it_says() -> None:
    graph = tflite_graph.FloatGraph("crop", (1, 4, 4, 1))
    weights = np.array([[[[0.5]]], [[[2.0]]]], np.float32)
    x = graph.conv(graph.input, "stem", weights, np.array([1.0, 5.5], np.float32), stride=1, relu6=True)
    x = graph.spatial_mean(x, "mean")
    dense = np.array([[1.0, 1.0], [1.0, -1.0]], np.float32)
    x = graph.fully_connected(x, "logits", dense, np.array([0.0, 0.25], np.float32))
    picture = np.full((1, 4, 4, 1), 0.5, np.float32)
    # 0.5 * 0.5 + 1 = 1.25; 2 * 0.5 + 5.5 = 6.5, held at 6.
    np.testing.assert_allclose(quantize.outputs_of(graph.finish(x, ""), picture), [[7.25, -4.5]], rtol=1e-6)


def test_stride_two_pads_below_and_to_the_right_only() -> None:
    graph = tflite_graph.FloatGraph("crop", (1, 4, 4, 1))
    corner = np.zeros((1, 3, 3, 1), np.float32)
    corner[0, 0, 0, 0] = 1.0
    x = graph.conv(graph.input, "stem", corner, np.zeros(1, np.float32), stride=2, relu6=False)
    dense = np.ones((1, 1), np.float32)
    x = graph.fully_connected(graph.spatial_mean(x, "mean"), "logits", dense, np.zeros(1, np.float32))
    picture = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    # The kernel's first cell meets rows and columns 0 and 2: (0 + 2 + 8 + 10) / 4.
    np.testing.assert_allclose(quantize.outputs_of(graph.finish(x, ""), picture), [[5.0]])


def test_input_and_output_are_int8(twin: bytes) -> None:
    details = quantize.described(twin)
    assert details.inputs[0]["dtype"] is np.int8
    assert details.outputs[0]["dtype"] is np.int8


def test_input_of_the_full_range_is_grey_minus_128(twin: bytes) -> None:
    """The daemon relies on it: int8 input = 8-bit grey - 128, no arithmetic."""
    scale, zero_point = quantize.described(twin).inputs[0]["quantization"]
    assert (scale, zero_point) == (pytest.approx(1 / 128, rel=1e-6), 0)


def test_int8_follows_float(model: bytes, twin: bytes, pictures: Pictures) -> None:
    agreement = quantize.compare(model, twin, pictures)
    spread = np.ptp(quantize.outputs_of(model, pictures))
    assert agreement.count == len(pictures)
    assert agreement.mean_difference < 0.03 * spread


def test_comparison_sees_a_wrong_twin(twin: bytes, pictures: Pictures) -> None:
    graph = tflite_graph.FloatGraph("crop", (1, 8, 8, 1))
    zero = np.zeros((3, 1), np.float32)
    bias = np.array([9, 0, 0], np.float32)
    x = graph.fully_connected(graph.spatial_mean(graph.input, "mean"), "logits", zero, bias)
    agreement = quantize.compare(graph.finish(x, "always the first"), twin, pictures)
    assert agreement.largest_difference > 5
    assert agreement.same_top == np.mean(quantize.outputs_of(twin, pictures).argmax(1) == 0)


def test_weights_have_one_scale_a_channel_and_dense_layers_one_in_all(twin: bytes) -> None:
    schema = tflite_graph.schema
    tensors = schema.ModelT.InitFromObj(schema.Model.GetRootAs(twin, 0)).subgraphs[0].tensors
    scales = {t.name.decode(): len(t.quantization.scale) for t in tensors if t.name.endswith(b"/weights")}
    assert scales == {"stem/weights": 4, "filter/weights": 4, "project/weights": 4, "logits/weights": 1}


def test_int8_graph_is_one_partition(twin: bytes) -> None:
    assert quantize.is_one_partition(twin)


@pytest.mark.parametrize("spoil", [lambda p: p[:0], lambda p: p[:, :4], lambda p: p.astype(np.float64)])
def test_unfit_calibration_pictures_are_refused(
    model: bytes, pictures: Pictures, spoil: Callable[[Pictures], Pictures]
) -> None:
    with pytest.raises(ValueError, match="Calibration pictures are"):
        quantize.quantize(model, spoil(pictures))
