"""A float graph and its ranges become an int8 graph.

Weights get one symmetric scale a channel, biases 32 bits in the product of both scales, activations the scale and
zero point of the recipe [S: TFLite's 8-bit quantization specification]. All of it is plain arithmetic in double
precision, the same on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.inference.conversion.balance import balance
from edge.inference.conversion.graph import (
    INT8_VERSIONS,
    Code,
    Graph,
    Operator,
    Quantization,
    Tensor,
    read_graph,
    write_graph,
)
from edge.inference.conversion.simplify import cut, fold_half_constants, fuse_relus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.inference.conversion.recipe import Recipe

CHANNEL_AXIS: Final = {Code.CONV_2D: 0, Code.DEPTHWISE_CONV_2D: 3}
"""Axis of the weights that one scale each belongs to."""

KEEPING: Final = frozenset({Code.MAX_POOL_2D, Code.PAD})
"""Operators whose output must have the range of their input [S: the same]."""

CONVERTED: Final = KEEPING | {Code.ADD, Code.PRELU} | set(CHANNEL_AXIS)

LARGEST_BIAS: Final = 2.0**30
"""A bias stays below it: a channel of tiny weights takes a larger scale instead of overflowing [D]."""


def int8_twin(float_file: bytes, recipe: Recipe) -> bytes:
    """Make the int8 file. The same file and recipe give the same bytes everywhere.

    Raises `ValueError` (and `DamagedFileError`, which is one) where the file is damaged or the recipe does not fit it.
    """
    graph = simplified(float_file, recipe.outputs)
    names = tuple(graph.tensors[tensor].name for tensor in graph.inputs)
    if names != recipe.inputs:
        raise ValueError(f"the network's inputs are {', '.join(names)}, the recipe's {', '.join(recipe.inputs)}")
    balance(graph, recipe.gains)
    return write_graph(quantized(graph, recipe.ranges), f"int8 twin of {recipe.source}, {recipe.source_sha256}")


def simplified(float_file: bytes, outputs: Sequence[str]) -> Graph:
    """Read a float file and make it ready: constants unfolded, ReLUs fused, cut at `outputs`."""
    graph = read_graph(float_file)
    fold_half_constants(graph)
    fuse_relus(graph)
    cut(graph, outputs)
    return graph


def quantized(graph: Graph, ranges: Mapping[str, tuple[float, int]]) -> Graph:
    """Return a float graph in int8. Raises `ValueError` where a tensor has no range or an operator cannot be done."""
    tensors = [Tensor(t.name, t.shape, t.dtype, t.data) for t in graph.tensors]
    made = Graph(tensors, [], graph.inputs, graph.outputs)
    for place in graph.inputs:
        _set_range(tensors[place], ranges)
    for operator in graph.operators:
        if operator.code not in CONVERTED:
            raise ValueError(f"operator {operator.code} at {tensors[operator.outputs[0]].name} has no int8 form here")
        source, target = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
        if operator.code in KEEPING:
            target.dtype, target.quantization = "int8", source.quantization
        else:
            _set_range(target, ranges)
        if operator.code in CHANNEL_AXIS:
            _quantize_weights(tensors, operator)
        elif operator.code == Code.PRELU:
            _quantize_slopes(tensors[operator.inputs[1]])
        version = INT8_VERSIONS.get(Code(operator.code), 2)
        if operator.code == Code.PRELU:
            version = 1
        made.operators.append(
            Operator(operator.code, operator.inputs, operator.outputs, operator.options, version=version)
        )
    return made


def _set_range(tensor: Tensor, ranges: Mapping[str, tuple[float, int]]) -> None:
    try:
        scale, zero_point = ranges[tensor.name]
    except KeyError:
        raise ValueError(f"no range for tensor {tensor.name!r}") from None
    tensor.dtype = "int8"
    tensor.quantization = Quantization(np.array([scale], np.float32), np.array([zero_point], np.int64))


def _quantize_weights(tensors: Sequence[Tensor], operator: Operator) -> None:
    source, weights, bias = (tensors[place] for place in operator.inputs)
    if weights.data is None or bias.data is None or source.quantization is None or weights.dtype != "float32":
        raise ValueError(f"weights {weights.name!r} are no float constant, or used twice")
    axis = CHANNEL_AXIS[Code(operator.code)]
    real = weights.data.astype(np.float64)
    offsets = bias.data.astype(np.float64)
    source_scale = float(source.quantization.scales[0])
    others = tuple(k for k in range(real.ndim) if k != axis)
    scales = np.abs(real).max(axis=others) / 127.0
    scales = np.maximum(scales, np.abs(offsets) / (source_scale * LARGEST_BIAS))
    scales = np.where(scales > 0.0, scales, 1.0).astype(np.float32)
    wide = scales.astype(np.float64)
    shape = [1] * real.ndim
    shape[axis] = -1
    weights.data = np.clip(np.rint(real / wide.reshape(shape)), -127, 127).astype(np.int8)
    weights.dtype = "int8"
    weights.quantization = _symmetric(scales, axis)
    bias_scales = wide * source_scale
    bias.data = np.rint(offsets / bias_scales).astype(np.int32)
    bias.dtype = "int32"
    bias.quantization = _symmetric(bias_scales.astype(np.float32), 0)


def _quantize_slopes(slopes: Tensor) -> None:
    if slopes.data is None or slopes.dtype != "float32":
        raise ValueError(f"slopes {slopes.name!r} are no float constant, or used twice")
    real = slopes.data.astype(np.float64)
    scale = np.array([max(float(np.abs(real).max()) / 127.0, 1e-9)], np.float32)
    slopes.data = np.clip(np.rint(real / float(scale[0])), -127, 127).astype(np.int8)
    slopes.dtype = "int8"
    slopes.quantization = _symmetric(scale, 0)


def _symmetric(scales: NDArray[Any], axis: int) -> Quantization:
    return Quantization(scales.astype(np.float32), np.zeros(scales.size, np.int64), axis)
