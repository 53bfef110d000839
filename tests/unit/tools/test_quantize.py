"""The private calibrator inside ai_edge_litert, held in place: a tiny network goes through the whole conversion."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.float_tools import quantize, tflite_graph

Pictures = NDArray[np.float32]


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


def with_ends(model: bytes, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> bytes:
    """Let named tensors be the inputs and outputs."""
    schema = tflite_graph.schema
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    graph = found.subgraphs[0]
    names = [t.name.decode() for t in graph.tensors]
    graph.inputs, graph.outputs = ([names.index(name) for name in ends] for ends in (inputs, outputs))
    found.signatureDefs = []
    builder = tflite_graph.flatbuffers.Builder(1 << 16)
    builder.Finish(found.Pack(builder), tflite_graph.FILE_IDENTIFIER)
    return bytes(builder.Output())


@pytest.fixture(scope="module")
def two_headed() -> bytes:
    """Two inputs, two outputs: the second head sees both inputs."""
    generator = np.random.default_rng(5)
    graph = tflite_graph.FloatGraph("crop", (1, 8, 8, 1))
    x = graph.conv(
        graph.input, "stem", random_weights(generator, 4, 3, 3, 1), np.zeros(4, np.float32), stride=2, relu6=True
    )
    x = graph.spatial_mean(x, "mean")
    state = graph._tensor("state", (1, 4))
    graph.fully_connected(x, "logits", random_weights(generator, 3, 4), np.zeros(3, np.float32))
    both = graph.add(x, state, "both")
    affect = graph.fully_connected(both, "affect", random_weights(generator, 1, 4), np.ones(1, np.float32))
    return with_ends(graph.finish(affect, "two heads"), ("crop", "state"), ("logits", "affect"))


@pytest.fixture(scope="module")
def states() -> Pictures:
    return np.random.default_rng(6).uniform(-2, 2, (40, 4)).astype(np.float32)


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


def test_several_inputs_and_outputs_keep_name_and_order(
    two_headed: bytes, pictures: Pictures, states: Pictures
) -> None:
    details = quantize.described(quantize.quantize(two_headed, (pictures, states)))
    assert [d["name"] for d in details.inputs] == ["crop", "state"]
    assert [d["name"] for d in details.outputs] == ["logits", "affect"]
    assert {d["dtype"] for d in (*details.inputs, *details.outputs)} == {np.int8}


def test_each_output_is_compared_in_its_own_units(two_headed: bytes, pictures: Pictures, states: Pictures) -> None:
    inputs = (pictures, states)
    twin = quantize.quantize(two_headed, inputs)
    found = quantize.compare_all(two_headed, twin, inputs)
    spread = {name: np.ptp(values) for name, values in quantize.all_outputs_of(two_headed, inputs).items()}
    assert list(found) == ["logits", "affect"]
    assert all(one.mean_difference < 0.03 * spread[name] for name, one in found.items())
    assert found["affect"].same_top is None
    assert quantize.compare(two_headed, twin, inputs, "logits") == found["logits"]
    with pytest.raises(ValueError, match="name one of logits, affect"):
        quantize.compare(two_headed, twin, inputs)
    with pytest.raises(ValueError, match="2 outputs"):
        quantize.outputs_of(twin, inputs)


def test_networks_with_other_outputs_are_no_twins(two_headed: bytes, pictures: Pictures, states: Pictures) -> None:
    turned = with_ends(two_headed, ("crop", "state"), ("affect", "logits"))
    with pytest.raises(ValueError, match="no twins"):
        quantize.compare_all(two_headed, turned, (pictures, states))


def test_arrays_that_do_not_belong_together_are_refused(
    two_headed: bytes, pictures: Pictures, states: Pictures
) -> None:
    with pytest.raises(ValueError, match="1 arrays of calibration pictures for 2 inputs"):
        quantize.quantize(two_headed, pictures)
    with pytest.raises(ValueError, match="differ in number: 40, 39"):
        quantize.quantize(two_headed, (pictures, states[1:]))


def test_arrays_are_read_by_the_names_of_the_inputs(
    two_headed: bytes, model: bytes, pictures: Pictures, states: Pictures, tmp_path: Path
) -> None:
    np.savez(tmp_path / "both.npz", state=states, crop=pictures)
    first, second = quantize.load_inputs(tmp_path / "both.npz", two_headed)
    np.testing.assert_array_equal(first, pictures)
    np.testing.assert_array_equal(second, states)
    np.savez(tmp_path / "one.npz", inputs=pictures)
    np.testing.assert_array_equal(quantize.load_inputs(tmp_path / "one.npz", model)[0], pictures)
    with pytest.raises(ValueError, match="has no array crop, state; it holds inputs"):
        quantize.load_inputs(tmp_path / "one.npz", two_headed)
