"""A recipe for a tiny network, measured on the spot."""

from __future__ import annotations

import hashlib

import numpy as np

from edge.inference.conversion.graph import Code, write_graph
from edge.inference.conversion.quantized import simplified
from edge.inference.conversion.recipe import Recipe
from tests.support.tiny_net import answers

RANDOM = np.random.default_rng(9)
PICTURES = RANDOM.uniform(-1, 1, (30, 1, 16, 16, 3)).astype(np.float32)
INPUT = (0.007843137718737125, 0)


def recipe_for(model: bytes, outputs: tuple[str, ...], size: int, gains: dict[str, tuple[int, ...]]) -> Recipe:
    """Measure the ranges of every tensor by making each an output in turn."""
    graph = simplified(model, outputs)
    ranges = {"input": INPUT}
    for operator in graph.operators:
        if operator.code in (Code.PAD, Code.MAX_POOL_2D):
            continue
        name = graph.tensors[operator.outputs[0]].name
        alone = write_graph(simplified(model, (name,)), "")
        values = np.concatenate([answers(alone, p[:, :size, :size], plain=True)[0].ravel() for p in PICTURES])
        power = 2.0 ** max((-p for p in gains.get(name, (0,))), default=0)
        low, high = min(0.0, float(values.min())) * power, max(0.0, float(values.max())) * power
        scale = float(np.float32((high - low) / 255))
        ranges[name] = (scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))
    return Recipe(
        version=1,
        source="tiny",
        source_sha256=hashlib.sha256(model).hexdigest(),
        inputs=("input",),
        outputs=outputs,
        gains=gains,
        ranges=ranges,
    )
