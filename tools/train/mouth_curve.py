"""The learning curve of a run of the mouth network, as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path


def draw_mouth_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw the loss and the held-out figures over the steps."""
    mpl.use("Agg")
    figure, left = plt.subplots(figsize=(8, 4.5))
    left.plot([e["step"] for e in history], [e["loss"] for e in history], color="tab:grey", label="training loss")
    left.set_xlabel("step")
    left.set_ylabel("training loss")
    right = left.twinx()
    for key in sorted({key for entry in history for key in entry} - {"minutes", "step", "loss"}):
        points = [(e["step"], e[key]) for e in history if key in e]
        right.plot(*zip(*points, strict=True), label=f"held out, {key}", linestyle="--" if "night" in key else "-")
    right.set_ylabel("balanced accuracy")
    if right.lines:
        right.legend(loc="lower right", fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
