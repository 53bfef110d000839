"""Finding the ranges: one tensor after another is made wider and narrower, and what helps is kept.

Sharing out 256 steps is a choice between rare large values and common small ones. What decides is not each tensor's own
error but what the network answers in the end. The search writes down each step, and goes on from there when it is
started again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Ranges = dict[str, tuple[float, float]]

FACTORS: Final = (0.6, 0.8, 0.9, 1.15, 1.4, 1.8)
"""Tried on each range [D]."""


def search(
    ranges: Ranges,
    names: Sequence[str],
    loss: Callable[[Ranges], float],
    notebook: Path,
    *,
    sweeps: int,
    watched: Callable[[Iterable[str]], Iterable[str]],
) -> tuple[Ranges, float]:
    """Return the best ranges found and their loss; `watched` wraps the names to show the progress.

    `notebook` is the file with the state; it is of use only to a run with the same crops and network.
    """
    best, done = loss(ranges), 0
    if notebook.exists():
        state = json.loads(notebook.read_text(encoding="utf-8"))
        ranges = {name: (low, high) for name, (low, high) in state["ranges"].items()}
        best, done = state["loss"], state["done"]
    todo = [name for _ in range(sweeps) for name in names]
    for number, name in enumerate(watched(todo)):
        if number < done:
            continue
        low, high = ranges[name]
        for factor in FACTORS:
            tried = ranges | {name: (factor * low, factor * high)}
            found = loss(tried)
            if found < best:
                ranges, best = tried, found
        state = {"done": number + 1, "loss": best, "ranges": ranges}
        partial = notebook.with_suffix(".part")
        partial.write_text(json.dumps(state), encoding="utf-8")
        partial.replace(notebook)
    return ranges, best
