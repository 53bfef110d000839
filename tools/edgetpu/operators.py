"""The operators that the Edge TPU compiler knows, and the published limitation of each.

README.md in this folder says where each line comes from. A check returns a sentence where its operator would not be
mapped, None where nothing published stands against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.inference.conversion.graph import Graph, Operator

    Check = Callable[[Graph, Operator], str | None]

SOFTMAX_ELEMENTS: Final = 16_000
Z_MULTIPLE: Final = 4


def anything(_graph: Graph, _operator: Operator) -> str | None:
    """Nothing is published against it."""
    return None


def fused(field: int) -> Check:
    """Demand that no activation function is fused."""

    def check(_graph: Graph, operator: Operator) -> str | None:
        return "it has a fused activation function" if _option(operator, field) else None

    return check


def dilated(first: int) -> Check:
    """Demand the same dilation in x and y, and constant weights and bias."""

    def check(graph: Graph, operator: Operator) -> str | None:
        across, down = (_option(operator, field, "i", 1) for field in (first, first + 1))
        if across != down:
            return f"its dilation is {across} across and {down} down"
        return constant_parameters(graph, operator)

    return check


def constant_parameters(graph: Graph, operator: Operator) -> str | None:
    """Weights and bias are known when it is compiled."""
    if all(graph.constant(place) or place < 0 for place in operator.inputs[1:]):
        return None
    return "its weights or bias are not constant"


def concatenation(graph: Graph, operator: Operator) -> str | None:
    """No fused activation; a constant input is one of two and all zero."""
    if _option(operator, 1):
        return "it has a fused activation function"
    constants = [graph.tensors[place] for place in operator.inputs if graph.constant(place)]
    if constants and len(operator.inputs) > 2:
        return "it has a constant among more than two inputs"
    for tensor in constants:
        zero = 0 if tensor.quantization is None else int(tensor.quantization.zero_points[0])
        if tensor.data is not None and (tensor.data != zero).any():
            return "its constant input is not all zero"
    return None


def fully_connected(graph: Graph, operator: Operator) -> str | None:
    """Weights in the default format, one-dimensional output."""
    if _option(operator, 1):
        return "its weights are not in the default format"
    *outer, _ = graph.tensors[operator.outputs[0]].shape
    if any(side > 1 for side in outer):
        return "its output has more than one dimension"
    return constant_parameters(graph, operator)


def reduction(graph: Graph, operator: Operator) -> str | None:
    """Not over the batch."""
    axes = _axes(graph, operator)
    if axes is None:
        return "its axes are not constant"
    return "it reduces the batch dimension" if 0 in axes else None


def mean(graph: Graph, operator: Operator) -> str | None:
    """Not over the batch; over channels only when their number is a multiple of four."""
    shape = graph.tensors[operator.inputs[0]].shape
    axes = _axes(graph, operator) or []
    if len(shape) - 1 in axes and shape[-1] % Z_MULTIPLE:
        return f"it reduces {shape[-1]} channels, no multiple of {Z_MULTIPLE}"
    return reduction(graph, operator)


def pad(graph: Graph, operator: Operator) -> str | None:
    """Not the batch."""
    pads = graph.tensors[operator.inputs[1]].data
    if pads is None:
        return "its widths are not constant"
    return "it pads the batch dimension" if len(pads) > 3 and pads[0].any() else None


def prelu(graph: Graph, operator: Operator) -> str | None:
    """Slopes for each channel, not for each place."""
    slopes = graph.tensors[operator.inputs[1]]
    if slopes.data is None:
        return "its slopes are not constant"
    return "its slopes have more than one dimension" if any(side > 1 for side in slopes.shape[:-1]) else None


def three_dimensional(graph: Graph, operator: Operator) -> str | None:
    """Height, width and channels."""
    rank = len(graph.tensors[operator.inputs[0]].shape)
    return None if rank in (3, 4) else f"its input has {rank} dimensions"


def softmax(graph: Graph, operator: Operator) -> str | None:
    """One dimension, at most 16,000 elements."""
    shape = graph.tensors[operator.inputs[0]].shape
    if any(side > 1 for side in shape[:-1]):
        return "its input has more than one dimension"
    return f"its input has {shape[-1]} elements, {SOFTMAX_ELEMENTS} allowed" if shape[-1] > SOFTMAX_ELEMENTS else None


def split(graph: Graph, operator: Operator) -> str | None:
    """Not the batch."""
    axis = graph.tensors[operator.inputs[0]].data
    rank = len(graph.tensors[operator.inputs[1]].shape)
    if axis is None:
        return "its axis is not constant"
    return "it splits the batch dimension" if rank > 3 and int(axis.ravel()[0]) % rank == 0 else None


def pack(graph: Graph, operator: Operator) -> str | None:
    """Not along the batch."""
    rank = len(graph.tensors[operator.outputs[0]].shape)
    return "it packs along the batch dimension" if rank > 3 and _option(operator, 1, "i") % rank == 0 else None


def strided_slice(graph: Graph, operator: Operator) -> str | None:
    """All strides 1, no ellipsis and no new axis."""
    strides = graph.tensors[operator.inputs[3]].data
    if strides is None or (strides != 1).any():
        return "its strides are not all 1"
    return "it has an ellipsis or a new axis" if _option(operator, 2, "i") or _option(operator, 3, "i") else None


def _option(operator: Operator, field: int, kind: str = "b", default: int = 0) -> int:
    return default if operator.given is None else int(operator.given.scalar(field, kind, default))


def _axes(graph: Graph, operator: Operator) -> list[int] | None:
    tensor, rank = graph.tensors[operator.inputs[1]], len(graph.tensors[operator.inputs[0]].shape)
    return None if tensor.data is None else [int(axis) % rank for axis in tensor.data.ravel()]


SUPPORTED: Final[dict[int, tuple[str, Check]]] = {
    0: ("ADD", anything),
    1: ("AVERAGE_POOL_2D", fused(5)),
    2: ("CONCATENATION", concatenation),
    3: ("CONV_2D", dilated(4)),
    4: ("DEPTHWISE_CONV_2D", dilated(5)),
    9: ("FULLY_CONNECTED", fully_connected),
    11: ("L2_NORMALIZATION", anything),
    14: ("LOGISTIC", anything),
    17: ("MAX_POOL_2D", fused(5)),
    18: ("MUL", anything),
    19: ("RELU", anything),
    20: ("RELU_N1_TO_1", anything),
    21: ("RELU6", anything),
    22: ("RESHAPE", anything),
    23: ("RESIZE_BILINEAR", three_dimensional),
    25: ("SOFTMAX", softmax),
    26: ("SPACE_TO_DEPTH", anything),
    28: ("TANH", anything),
    34: ("PAD", pad),
    39: ("TRANSPOSE", anything),
    40: ("MEAN", mean),
    41: ("SUB", anything),
    43: ("SQUEEZE", anything),
    44: ("UNIDIRECTIONAL_SEQUENCE_LSTM", anything),
    45: ("STRIDED_SLICE", strided_slice),
    49: ("SPLIT", split),
    54: ("PRELU", prelu),
    55: ("MAXIMUM", anything),
    57: ("MINIMUM", anything),
    65: ("SLICE", anything),
    67: ("TRANSPOSE_CONV", anything),
    70: ("EXPAND_DIMS", anything),
    74: ("SUM", reduction),
    76: ("RSQRT", anything),
    82: ("REDUCE_MAX", reduction),
    83: ("PACK", pack),
    89: ("REDUCE_MIN", reduction),
    97: ("RESIZE_NEAREST_NEIGHBOR", three_dimensional),
    99: ("SQUARED_DIFFERENCE", anything),
    114: ("QUANTIZE", anything),
}
"""Operator number in the TFLite schema to its name and its check."""
