"""Float graph and recipe to int8: close answers, the same bytes each time, and refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.inference.conversion.graph import Code, Graph, Operator, Tensor, read_graph, write_graph
from edge.inference.conversion.quantized import int8_twin, quantized
from edge.inference.conversion.recipe import Recipe, read_recipe
from edge.inference.gate import FLOAT_ONLY
from edge.inference.manifest import ModelError
from edge.inference.runtime import runtime_name
from tests.support.recipes import INPUT, PICTURES, recipe_for
from tests.support.tiny_net import TinyNet, answers, detector_like, mesh_like, opened


@pytest.fixture(scope="module")
def detector_recipe() -> Recipe:
    return recipe_for(detector_like(), ("near", "far"), 16, {"filter1": (0, 1, 0, 0, -1, 0, 0, 0)})


@pytest.mark.parametrize("plain", [False, True], ids=["xnnpack", "built-in"])
def test_int8_follows_float(detector_recipe: Recipe, plain: bool) -> None:
    model = detector_like()
    twin = int8_twin(model, detector_recipe)
    for picture in PICTURES[:10]:
        (whole,) = answers(model, picture)
        found = np.concatenate([part.ravel() for part in answers(twin, picture, plain=plain)])
        assert np.abs(found - whole.ravel()).mean() < 0.03 * np.ptp(whole)


def test_int8_follows_float_through_parametric_relus() -> None:
    model = mesh_like()
    twin = int8_twin(model, recipe_for(model, ("points",), 12, {}))
    for picture in PICTURES[:10, :, :12, :12]:
        real, found = answers(model, picture)[0], answers(twin, picture)[0]
        assert np.abs(found - real).max() < 0.06 * np.ptp(real)


def test_inputs_and_outputs_are_int8_under_their_names(detector_recipe: Recipe) -> None:
    runtime = opened(int8_twin(detector_like(), detector_recipe))
    (entry,) = runtime.get_input_details()
    assert (entry["name"], entry["dtype"], entry["quantization"]) == ("input", np.int8, INPUT)
    assert [(o["name"], o["dtype"]) for o in runtime.get_output_details()] == [("near", np.int8), ("far", np.int8)]


def test_the_twin_is_one_xnnpack_partition(detector_recipe: Recipe) -> None:
    runtime = opened(int8_twin(detector_like(), detector_recipe))
    operations = len(runtime._get_ops_details())
    runtime.allocate_tensors()
    # The older runtime leaves int8 networks to the built-in kernels.
    delegates = 0 if runtime_name() in FLOAT_ONLY else 1
    assert len(runtime._get_ops_details()) == operations + delegates


def test_weights_have_one_symmetric_scale_a_channel(detector_recipe: Recipe) -> None:
    tensors = {t.name: t for t in read_graph(int8_twin(detector_like(), detector_recipe)).tensors}
    for name, channels, axis in (("stem/weights", 8, 0), ("filter1/weights", 8, 3), ("near/bias", 2, 0)):
        quantization = tensors[name].quantization
        assert quantization is not None
        assert (quantization.scales.size, quantization.dimension) == (channels, axis)
        assert not quantization.zero_points.any()
    stem = tensors["stem/weights"].data
    assert stem is not None
    assert np.abs(stem.astype(int)).reshape(8, -1).max(axis=1).tolist() == [127] * 8


def test_the_same_file_and_recipe_give_the_same_bytes(detector_recipe: Recipe) -> None:
    again = msgspec.json.decode(msgspec.json.encode(detector_recipe), type=Recipe)
    assert int8_twin(detector_like(), again) == int8_twin(detector_like(), detector_recipe)


def test_the_bytes_are_those_of_every_other_machine() -> None:
    """A change of this hash changes that of every twin in the manifest: it must be on purpose."""
    weights = (np.arange(36, dtype=np.float32).reshape(1, 3, 3, 4) - 17) / 16
    bias = np.array([1, -2, 0, 4], np.float32) / 8
    tensors = [
        Tensor("input", (1, 6, 6, 4), "float32"),
        Tensor("weights", weights.shape, "float32", weights),
        Tensor("bias", bias.shape, "float32", bias),
        Tensor("out", (1, 6, 6, 4), "float32"),
    ]
    options = {"padding": 0, "stride_w": 1, "stride_h": 1, "multiplier": 1, "activation": 1}
    operator = Operator(Code.DEPTHWISE_CONV_2D, [0, 1, 2], [3], options | {"dilation_w": 1, "dilation_h": 1})
    made = write_graph(quantized(Graph(tensors, [operator], [0], [3]), {"input": INPUT, "out": (0.03, -128)}), "tiny")
    assert hashlib.sha256(made).hexdigest() == "54ec4e247ef78deb5d88890159b84fad9fab56f5115898d596034ff46df452c9"


def test_tiny_weights_with_a_large_bias_do_not_overflow() -> None:
    weights = np.full((2, 1, 1, 3), 1e-12, np.float32)
    weights[1] = 0.5
    tensors = [
        Tensor("input", (1, 4, 4, 3), "float32"),
        Tensor("weights", weights.shape, "float32", weights),
        Tensor("bias", (2,), "float32", np.array([5.0, 0.0], np.float32)),
        Tensor("out", (1, 4, 4, 2), "float32"),
    ]
    options = {"padding": 0, "stride_w": 1, "stride_h": 1, "activation": 0, "dilation_w": 1, "dilation_h": 1}
    graph = Graph(tensors, [Operator(Code.CONV_2D, [0, 1, 2], [3], options)], [0], [3])
    made = write_graph(quantized(graph, {"input": INPUT, "out": (0.05, 0)}), "")
    found = answers(made, np.ones((1, 4, 4, 3), np.float32))[0]
    np.testing.assert_allclose(found[0, 0, 0], [5.0, 1.5], atol=0.05)


def test_a_dead_channel_stays_dead() -> None:
    weights = np.zeros((1, 1, 1, 3), np.float32)
    tensors = [
        Tensor("input", (1, 4, 4, 3), "float32"),
        Tensor("weights", weights.shape, "float32", weights),
        Tensor("bias", (1,), "float32", np.zeros(1, np.float32)),
        Tensor("out", (1, 4, 4, 1), "float32"),
    ]
    options = {"padding": 0, "stride_w": 1, "stride_h": 1, "activation": 0, "dilation_w": 1, "dilation_h": 1}
    graph = Graph(tensors, [Operator(Code.CONV_2D, [0, 1, 2], [3], options)], [0], [3])
    made = write_graph(quantized(graph, {"input": INPUT, "out": (0.05, 0)}), "")
    assert not answers(made, np.ones((1, 4, 4, 3), np.float32))[0].any()


def test_a_tensor_without_a_range_is_refused(detector_recipe: Recipe) -> None:
    ranges = {name: pair for name, pair in detector_recipe.ranges.items() if name != "project1"}
    with pytest.raises(ValueError, match="no range for tensor 'project1'"):
        int8_twin(detector_like(), msgspec.structs.replace(detector_recipe, ranges=ranges))


def test_an_operator_without_an_int8_form_is_refused() -> None:
    net = TinyNet((1, 4, 4, 2))
    model = net.finish(net.logistic(net.input, "shares"))
    with pytest.raises(ValueError, match="operator 14 at shares has no int8 form here"):
        quantized(read_graph(model), {"input": INPUT, "shares": (1.0, 0)})


def test_weights_that_two_operators_share_are_refused() -> None:
    net = TinyNet((1, 4, 4, 2))
    x = net.conv(net.input, "first", 2)
    graph = read_graph(net.finish(net.conv(x, "second", 2)))
    graph.operators[1].inputs[1] = graph.operators[0].inputs[1]
    with pytest.raises(ValueError, match="used twice"):
        quantized(graph, {"input": INPUT, "first": (0.1, 0), "second": (0.1, 0)})


def test_a_recipe_for_other_inputs_is_refused(detector_recipe: Recipe) -> None:
    with pytest.raises(ValueError, match="the network's inputs are input, the recipe's picture"):
        int8_twin(detector_like(), msgspec.structs.replace(detector_recipe, inputs=("picture",)))


@pytest.mark.parametrize(
    "spoil",
    [b"", b"{", b'{"version": 2}', b'{"version": 1, "weights": []}'],
    ids=["empty", "cut", "newer", "other fields"],
)
def test_a_damaged_recipe_is_refused_with_the_remedy(tmp_path: Path, spoil: bytes) -> None:
    (tmp_path / "a.recipe.json").write_bytes(spoil)
    with pytest.raises(ModelError, match=r"cannot be read: .*; restore the file"):
        read_recipe(tmp_path / "a.recipe.json")


@pytest.mark.parametrize("pair", [(0.0, 0), (-1.0, 0), (0.1, 128), (0.1, -129)])
def test_ranges_that_cannot_be_are_refused(detector_recipe: Recipe, tmp_path: Path, pair: tuple[float, int]) -> None:
    changed = msgspec.structs.replace(detector_recipe, ranges=detector_recipe.ranges | {"stem": pair})
    (tmp_path / "a.recipe.json").write_bytes(msgspec.json.encode(changed))
    with pytest.raises(ModelError, match="cannot be read"):
        read_recipe(tmp_path / "a.recipe.json")
