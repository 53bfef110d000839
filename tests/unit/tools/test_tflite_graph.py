"""The hand-written .tflite files compute what was asked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

spec = importlib.util.spec_from_file_location("tflite_graph", Path(__file__).parents[3] / "tools/train/tflite_graph.py")
assert spec is not None
assert spec.loader is not None
tflite_graph = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tflite_graph)

RANDOM = np.random.default_rng(7)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def answers(model: bytes, *inputs: np.ndarray) -> dict[str, np.ndarray]:
    runtime = Interpreter(model_content=model, num_threads=1)
    runtime.allocate_tensors()
    for details, values in zip(runtime.get_input_details(), inputs, strict=True):
        runtime.set_tensor(details["index"], values)
    runtime.invoke()
    return {details["name"]: runtime.get_tensor(details["index"]) for details in runtime.get_output_details()}


def test_two_inputs_and_two_outputs_keep_their_names_and_order() -> None:
    graph = tflite_graph.FloatGraph("seen", (1, 3))
    shape = graph.another_input("shape", (1, 5))
    first, second, bias = numbers(4, 3), numbers(4, 5), numbers(4)
    by_seen = graph.fully_connected(graph.input, "by_seen", first, bias)
    by_shape = graph.fully_connected(shape, "by_shape", second, np.zeros(4, np.float32), relu6=True)
    model = graph.finish([graph.add(by_seen, by_shape, "total"), by_shape], "test")
    seen, told = numbers(1, 3), 4 * numbers(1, 5)
    found = answers(model, seen, told)
    clipped = np.clip(told @ second.T, 0, 6)
    assert list(found) == ["total", "by_shape"]
    np.testing.assert_allclose(found["by_shape"], clipped, atol=1e-4)
    np.testing.assert_allclose(found["total"], seen @ first.T + bias + clipped, atol=1e-4)


def test_a_sum_is_clipped_where_asked() -> None:
    graph = tflite_graph.FloatGraph("x", (1, 4))
    plain, clipped = (
        graph.add(graph.input, graph.input, "plain"),
        graph.add(graph.input, graph.input, "clip", relu6=True),
    )
    values = np.array([[-2.0, 1.0, 2.5, 5.0]], np.float32)
    found = answers(graph.finish([plain, clipped], "test"), values)
    assert found["plain"].tolist() == [[-4.0, 2.0, 5.0, 10.0]]
    assert found["clip"].tolist() == [[0.0, 2.0, 5.0, 6.0]]


def test_a_stride_of_two_pads_below_and_to_the_right() -> None:
    graph = tflite_graph.FloatGraph("x", (1, 4, 4, 1))
    ones, nothing = np.ones((1, 3, 3, 1), np.float32), np.zeros(1, np.float32)
    model = graph.finish(graph.conv(graph.input, "sum", ones, nothing, stride=2, relu6=False), "test")
    values = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    (found,) = answers(model, values).values()
    square = values[0, :, :, 0]
    expected = [[square[:3, :3].sum(), square[:3, 2:].sum()], [square[2:, :3].sum(), square[2:, 2:].sum()]]
    np.testing.assert_allclose(found[0, :, :, 0], expected)
