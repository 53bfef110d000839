"""What a manifest's entry cannot say, though each of its fields is well formed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from edge.inference.manifest import GoldenDecision, Model, Wheel


def contradiction(model: Model, wheels: dict[str, Wheel], names: Collection[str]) -> str | None:
    """Say what of an entry cannot be, None when all fits together."""
    wrong = _origin_contradiction(model, wheels, names)
    if wrong is not None:
        return wrong
    if any(not ratio > 0.0 for ratio in model.reference_ratio.values()):
        return "has a reference ratio that is not above zero"
    sizes = {tensor.name: math.prod(tensor.shape) for tensor in model.outputs}
    if [output.name for output in model.golden.outputs] != list(sizes):
        return "has golden numbers for other outputs than its own"
    if not all(_fits(decision, sizes.get(decision.output, 0)) for decision in model.golden.decisions):
        return "has a golden decision that does not fit its outputs"
    return None


def _origin_contradiction(model: Model, wheels: dict[str, Wheel], names: Collection[str]) -> str | None:
    if model.wheel_path is not None and model.wheel_path[0] not in wheels:
        return f"comes from the unknown wheel {model.wheel_path[0]}"
    if model.made_from is not None:
        source, recipe = model.made_from
        if source not in names:
            return f"is made from the unknown network {source}"
        if Path(recipe).name != recipe:
            return f"has a recipe that is no file beside the manifest ({recipe})"
    return None


def _fits(decision: GoldenDecision, size: int) -> bool:
    """Tell whether all places that a decision names lie among the values of its output."""
    if decision.rule == "top":
        competing = size if decision.among is None else decision.among
        return 2 <= competing <= size and 0 <= decision.expected < competing
    return all(0 <= place < size for place in (decision.at or 0, decision.minus or 0))
