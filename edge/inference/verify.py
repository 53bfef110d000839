"""Golden answers: a network must still say what it said when it was measured, on this machine and this runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, Model, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edge.inference.delegates import Requested

WEYL_STEP = 2654435761
"""Knuth's multiplicative constant, floor(2^32 / golden ratio): spreads i * step evenly [S: TAOCP 6.4]."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking one network gave."""

    name: str
    ok: bool
    detail: str


def golden_input(shape: tuple[int, ...], seed: int, low: float, high: float) -> NDArray[np.float32]:
    """Make the input of a golden answer: value i is low + (high - low) * ((i * step + seed) mod 2^32) / 2^32.

    Whole numbers only, so it is the same on every machine and numpy.
    """
    count = np.arange(int(np.prod(shape)), dtype=np.uint64)
    spread = ((count * np.uint64(WEYL_STEP) + np.uint64(seed)) % np.uint64(2**32)).astype(np.float64) / 2**32
    return (low + (high - low) * spread).astype(np.float32).reshape(shape)


def golden_values(output: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Pick `count` evenly spaced values of a flattened output, first and last included."""
    places = np.rint(np.linspace(0, output.size - 1, count)).astype(int)
    picked: NDArray[np.float32] = output.ravel()[places]
    return picked


def largest_difference(net: Net, model: Model) -> float:
    """Run the golden input and return the largest difference to the golden answer."""
    golden = model.golden
    inputs = [golden_input(tensor.shape, golden.seed, golden.low, golden.high) for tensor in model.inputs]
    outputs = net.run(inputs)
    return max(
        float(np.abs(golden_values(output, len(expected.values)) - expected.values).max())
        for output, expected in zip(outputs, golden.outputs, strict=True)
    )


def verify(manifest: Manifest, delegate: Requested = "cpu") -> Iterator[Verdict]:
    """Check hash, shapes and golden answer of every network in the manifest, one verdict each."""
    for model in manifest.models.values():
        try:
            path = manifest.resolve(model.name)
            net = Net.open(path, delegate, model=model)
            difference = largest_difference(net, model)
        except ModelError as error:
            yield Verdict(model.name, ok=False, detail=str(error))
            continue
        ok = difference <= model.golden.tolerance
        said = f"golden answer differs by {difference:.2g} of {model.golden.tolerance:g} allowed, {net.choice.name}"
        yield Verdict(model.name, ok=ok, detail=f"{path}: {said}")
