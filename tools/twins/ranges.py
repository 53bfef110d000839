"""From what a float network does on crops to gains, first ranges, and the recipe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.inference.conversion.balance import balanced_pairs
from edge.inference.conversion.graph import Graph, write_graph
from edge.inference.conversion.quantized import KEEPING
from twins.network import Runner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from twins.tasks import Task

    Gray = NDArray[np.uint8]
    Floats = NDArray[np.float32]

CHANNEL_PERCENTILE: Final = 99.9
RANGE_PERCENTILE: Final = 0.01
"""So much of a tensor's values, in percent, is cut off at either end [D: the best of 0 to 0.1]."""
LARGEST_EXPONENT: Final = 8


def free_tensors(graph: Graph) -> list[str]:
    """Return the names of the tensors inside that have a range of their own, in the order in which they are made."""
    return [
        graph.tensors[operator.outputs[0]].name
        for operator in graph.operators
        if operator.code not in KEEPING and operator.outputs[0] not in graph.outputs
    ]


def record(graph: Graph, task: Task, crops: Iterable[Gray], names: Sequence[str]) -> dict[str, Floats]:
    """Collect the values of tensors where the face is, over all crops that show one, in one row of channels each.

    Beside it, above all in the corners of a letterbox, they are up to a hundred times as large, and nothing looks at
    what they lead to: with ranges for these too, boxes are three times as far off [D: measured].
    """
    runner = Runner(write_graph(graph, "float"), task.low, task.high, keep_all=True)
    found: dict[str, list[Floats]] = {name: [] for name in names}
    for crop in crops:
        place = task.face(runner.run(crop))
        if place is None:
            continue
        for name, values in runner.tensors(names).items():
            found[name].append(_part(values[0], tuple(side / runner.size for side in place)))
    return {name: np.concatenate(rows) for name, rows in found.items()}


def _part(values: Floats, place: tuple[float, ...]) -> Floats:
    """Cut (left, top, right, bottom), shares of the side, out of values (height, width, channels)."""
    height, width, channels = values.shape
    left, top = max(0, int(place[0] * width)), max(0, int(place[1] * height))
    right, bottom = max(left + 1, math.ceil(place[2] * width)), max(top + 1, math.ceil(place[3] * height))
    return values[top:bottom, left:right].reshape(-1, channels)


def gain_exponents(graph: Graph, recorded: Mapping[str, Floats]) -> dict[str, tuple[int, ...]]:
    """Return for each depthwise convolution the exponents that share the spread between it and its follower."""
    exponents = {}
    for name, (_, follower) in balanced_pairs(graph).items():
        channels = np.abs(recorded[name])
        reach = np.percentile(channels, CHANNEL_PERCENTILE, axis=0) + 1e-6
        weights = graph.tensors[follower.inputs[1]].data
        if weights is None:
            raise ValueError(f"the weights after {name} are no constant")
        logs = 0.5 * np.log2(reach / (np.abs(weights).max(axis=(0, 1, 2)) + 1e-9))
        powers = np.clip(np.rint(logs - logs.mean()), -LARGEST_EXPONENT, LARGEST_EXPONENT).astype(int)
        exponents[name] = tuple(powers.tolist())
    return exponents


def first_ranges(recorded: Mapping[str, Floats]) -> dict[str, tuple[float, float]]:
    """Return lowest and highest value of each tensor, the rarest left out."""
    ends = (RANGE_PERCENTILE, 100.0 - RANGE_PERCENTILE)
    return {name: tuple(float(end) for end in np.percentile(values.ravel(), ends)) for name, values in recorded.items()}


def scale_and_zero(low: float, high: float) -> tuple[float, int]:
    """Return the int8 scale and zero point of a range, which is widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32(max(high - low, 1e-6) / 255.0)
    return float(f"{scale:.9g}"), int(np.clip(np.rint(-128.0 - low / float(scale)), -128, 127))


def input_quantization(task: Task) -> tuple[float, int]:
    """Return the scale and zero point with which a grey value less 128 is the input."""
    scale = np.float32((task.high - task.low) / 255.0)
    return float(f"{scale:.9g}"), int(np.rint(-128.0 - task.low / float(scale) + 1e-3))
