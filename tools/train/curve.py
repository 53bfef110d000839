"""The learning curve of a run, as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

COURSE = frozenset({"minutes", "step", "loss"})
"""What a round's figures tell besides accuracies."""


def draw_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw the training loss and every accuracy noted over the steps; what was found by night is dashed."""
    mpl.use("Agg")
    figure, left = plt.subplots(figsize=(8, 4.5))
    left.plot([e["step"] for e in history], [e["loss"] for e in history], color="tab:grey", label="training loss")
    left.set_xlabel("step")
    left.set_ylabel("training loss")
    right = left.twinx()
    for key in sorted({key for entry in history for key in entry} - COURSE):
        points = [(e["step"], e[key]) for e in history if key in e]
        right.plot(*zip(*points, strict=True), label=key, linestyle="--" if "night" in key else "-")
    right.set_ylabel("accuracy")
    if right.lines:
        right.legend(loc="lower right", fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
