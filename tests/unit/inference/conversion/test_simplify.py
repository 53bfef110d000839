"""Folding, fusing, cutting and balancing change nothing of what a network answers."""

from __future__ import annotations

import numpy as np
import pytest

from edge.inference.conversion.balance import balance, balanced_pairs
from edge.inference.conversion.graph import RELU, Code, read_graph, write_graph
from edge.inference.conversion.simplify import cut, fold_half_constants, fuse_relus
from tests.support.tiny_net import TinyNet, answers, detector_like, mesh_like

PICTURE = np.random.default_rng(4).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)


def test_half_constants_become_single_ones() -> None:
    graph = read_graph(detector_like())
    assert fold_half_constants(graph) == 14
    assert Code.DEQUANTIZE not in {o.code for o in graph.operators}
    weights = next(t for t in graph.tensors if t.name == "stem/weights")
    assert weights.data is not None
    assert weights.data.dtype == np.float32
    assert len({np.float16(v) for v in weights.data.ravel()}) > 100


def test_lone_relus_are_fused_and_the_answer_stays_the_same_to_the_bit() -> None:
    model = detector_like()
    graph = read_graph(model)
    fold_half_constants(graph)
    assert fuse_relus(graph) == 3
    assert Code.RELU not in {o.code for o in graph.operators}
    assert [o.options["activation"] for o in graph.operators if o.code == Code.ADD] == [RELU, RELU]
    cut(graph, ("near", "far"))
    near, far = answers(write_graph(graph, ""), PICTURE, plain=True)
    (whole,) = answers(model, PICTURE, plain=True)
    np.testing.assert_array_equal(np.concatenate([near.ravel(), far.ravel()]), whole.ravel())


def test_a_relu_whose_input_is_also_read_elsewhere_stays() -> None:
    net = TinyNet((1, 8, 8, 3))
    raw = net.conv(net.input, "stem", 4)
    graph = read_graph(net.finish(net.add(net.relu(raw, "relu"), raw, "sum")))
    assert fuse_relus(graph) == 0
    net = TinyNet((1, 8, 8, 3))
    raw = net.conv(net.input, "stem", 4)
    graph = read_graph(net.finish(raw, net.relu(raw, "relu")))
    assert fuse_relus(graph) == 0


def test_a_relu_after_what_cannot_take_it_in_stays() -> None:
    net = TinyNet((1, 8, 8, 3))
    graph = read_graph(net.finish(net.relu(net.pad_channels(net.input, "padded", 1), "relu")))
    assert fuse_relus(graph) == 0
    net = TinyNet((1, 8, 8, 3))
    once = net.relu(net.conv(net.input, "stem", 4), "relu")
    graph = read_graph(net.finish(net.relu(once, "again")))
    assert fuse_relus(graph) == 1


def test_cutting_drops_what_nobody_needs_and_keeps_the_order_asked_for() -> None:
    graph = read_graph(detector_like())
    fold_half_constants(graph)
    cut(graph, ("far", "near"))
    assert [graph.tensors[place].name for place in graph.outputs] == ["far", "near"]
    assert not {Code.RESHAPE, Code.CONCATENATION} & {o.code for o in graph.operators}
    assert not [t.name for t in graph.tensors if t.name.endswith(("/flat", "scores", "/half"))]
    cut(graph, ("near",))
    assert "far/weights" not in [t.name for t in graph.tensors]


def test_a_cut_at_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="0 tensors are named 'nowhere', not one"):
        cut(read_graph(detector_like()), ("nowhere",))


def test_balancing_moves_gains_from_one_convolution_to_the_next_and_changes_no_answer() -> None:
    graph = read_graph(mesh_like())
    fold_half_constants(graph)
    before = answers(write_graph(graph, ""), PICTURE[:, :12, :12], plain=True)[0]
    weights = next(t for t in graph.tensors if t.name == "filter/weights")
    assert weights.data is not None
    original = weights.data.copy()
    powers = (3, -2, 0, 1, -4, 2, 0, 5)
    balance(graph, {"filter": powers})
    np.testing.assert_array_equal(weights.data * np.exp2(np.array(powers, np.float32)), original)
    np.testing.assert_array_equal(answers(write_graph(graph, ""), PICTURE[:, :12, :12], plain=True)[0], before)


def test_only_a_depthwise_convolution_with_one_linear_follower_can_be_balanced() -> None:
    net = TinyNet((1, 8, 8, 3))
    alone = net.depthwise(net.input, "alone")
    twice = net.depthwise(alone, "twice")
    shown = net.depthwise(net.conv(twice, "first", 4, size=1), "shown")
    graph = read_graph(
        net.finish(net.add(net.conv(twice, "second", 4, size=1), net.conv(shown, "last", 4), "sum"), shown)
    )
    assert balanced_pairs(graph) == {}
    for name in ("alone", "twice", "shown", "nowhere"):
        with pytest.raises(ValueError, match=f"{name!r} is no depthwise convolution that can be balanced"):
            balance(graph, {name: (0, 0, 0)})


def test_gains_must_fit_the_channels() -> None:
    graph = read_graph(mesh_like())
    fold_half_constants(graph)
    with pytest.raises(ValueError, match="3 gains do not fit 'filter'"):
        balance(graph, {"filter": (1, 2, 3)})
