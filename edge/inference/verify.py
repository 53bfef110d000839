"""Golden answers: a network must still say what it said when it was measured, on this machine and this runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.inference.golden import golden_input, golden_values
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, Model, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.inference.delegates import Requested


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking one network gave."""

    name: str
    ok: bool
    detail: str


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
