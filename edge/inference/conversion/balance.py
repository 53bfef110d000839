"""Channels of a depthwise convolution brought to like ranges, and their gains taken back by the convolution after it.

One scale serves all channels of an activation, and a depthwise convolution's differ by a factor of a hundred: the weak
ones would be left with a few steps. Between it and the 1x1 convolution that follows lies nothing but the sum over
channels, so each may be divided by any gain there and multiplied by it here [S: Nagel et al. 2019, arXiv:1906.04721,
cross-layer equalization]. Gains are powers of two, which change no float by a single bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.inference.conversion.graph import Code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge.inference.conversion.graph import Graph, Operator


def balanced_pairs(graph: Graph) -> dict[str, tuple[Operator, Operator]]:
    """Return each depthwise convolution that can be balanced, by its output's name, with the one that follows it."""
    users: dict[int, list[Operator]] = {}
    for operator in graph.operators:
        for tensor in operator.inputs:
            users.setdefault(tensor, []).append(operator)
    pairs = {}
    for operator in graph.operators:
        followers = users.get(operator.outputs[0], [])
        linear = operator.code == Code.DEPTHWISE_CONV_2D and not operator.options["activation"]
        seen = operator.outputs[0] in graph.outputs
        if linear and not seen and len(followers) == 1 and followers[0].code == Code.CONV_2D:
            pairs[graph.tensors[operator.outputs[0]].name] = (operator, followers[0])
    return pairs


def balance(graph: Graph, exponents: Mapping[str, Sequence[int]]) -> None:
    """Divide channel c of each named depthwise convolution by 2 to the power of its exponent c.

    Raises `ValueError` for a name that cannot be balanced or a wrong number of channels.
    """
    pairs = balanced_pairs(graph)
    for name, powers in exponents.items():
        if name not in pairs:
            raise ValueError(f"{name!r} is no depthwise convolution that can be balanced")
        first, second = pairs[name]
        weights, bias, after = (graph.tensors[place] for place in (*first.inputs[1:3], second.inputs[1]))
        if weights.data is None or bias.data is None or after.data is None or len(powers) != weights.shape[3]:
            raise ValueError(f"{len(powers)} gains do not fit {name!r}, or its weights are no constant")
        gains = np.ldexp(np.float32(1.0), np.array(powers, np.int32))
        weights.data, bias.data, after.data = weights.data / gains, bias.data / gains, after.data * gains
