"""A float graph made ready for int8: constants unfolded from half precision, ReLUs fused, the end cut off.

A ReLU that stands alone breaks an int8 network into some twenty pieces, four times slower than float [S: measured];
a concatenation of unlike outputs would force one scale on both.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.inference.conversion.graph import RELU, Code, Graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.inference.conversion.graph import Operator

FUSING: Final = frozenset({Code.CONV_2D, Code.DEPTHWISE_CONV_2D, Code.ADD, Code.MAX_POOL_2D})
"""Operators that can take a ReLU in."""


def fold_half_constants(graph: Graph) -> int:
    """Turn each constant in half precision, and the operator that widens it, into one in single; return how many."""
    kept = []
    for operator in graph.operators:
        source = graph.tensors[operator.inputs[0]] if operator.inputs else None
        if operator.code != Code.DEQUANTIZE or source is None or source.data is None or source.dtype != "float16":
            kept.append(operator)
            continue
        graph.tensors[operator.outputs[0]].data = source.data.astype(np.float32)
    folded = len(graph.operators) - len(kept)
    graph.operators = kept
    return folded


def fuse_relus(graph: Graph) -> int:
    """Fuse each ReLU into the operator before it where nothing else sees what it sees; return how many."""
    seen = Counter(tensor for operator in graph.operators for tensor in operator.inputs)
    seen.update(graph.outputs)
    makers = {tensor: operator for operator in graph.operators for tensor in operator.outputs}
    kept = []
    for operator in graph.operators:
        maker = makers.get(operator.inputs[0]) if operator.code == Code.RELU else None
        if maker is None or maker.code not in FUSING or seen[operator.inputs[0]] > 1 or maker.options["activation"]:
            kept.append(operator)
            continue
        maker.options["activation"] = RELU
        maker.outputs = operator.outputs
        makers[operator.outputs[0]] = maker
    fused = len(graph.operators) - len(kept)
    graph.operators = kept
    return fused


def cut(graph: Graph, outputs: Sequence[str]) -> None:
    """Let the named tensors be the outputs, in this order, and drop what they do not need.

    Raises `ValueError` for a name that no tensor, or more than one, has.
    """
    names = [tensor.name for tensor in graph.tensors]
    for name in outputs:
        if names.count(name) != 1:
            raise ValueError(f"{names.count(name)} tensors are named {name!r}, not one")
    graph.outputs = [names.index(name) for name in outputs]
    needed = set(graph.outputs)
    kept: list[Operator] = []
    for operator in reversed(graph.operators):
        if needed.intersection(operator.outputs):
            needed.update(tensor for tensor in operator.inputs if tensor >= 0)
            kept.append(operator)
    graph.operators = kept[::-1]
    _drop_unused_tensors(graph)


def _drop_unused_tensors(graph: Graph) -> None:
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update(tensor for tensor in (*operator.inputs, *operator.outputs) if tensor >= 0)
    order = {old: new for new, old in enumerate(sorted(used))}
    graph.tensors = [graph.tensors[old] for old in order]
    graph.inputs = [order[tensor] for tensor in graph.inputs]
    graph.outputs = [order[tensor] for tensor in graph.outputs]
    for operator in graph.operators:
        operator.inputs = [order.get(tensor, -1) for tensor in operator.inputs]
        operator.outputs = [order[tensor] for tensor in operator.outputs]
