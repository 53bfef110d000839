"""The learning curve of a run, as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path


def draw_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw loss and both validation accuracies over training time."""
    mpl.use("Agg")
    figure, left = plt.subplots(figsize=(8, 4.5))
    minutes = [entry["minutes"] for entry in history]
    left.plot(minutes, [entry["loss"] for entry in history], color="tab:grey", label="training loss")
    left.set_xlabel("minutes on one core")
    left.set_ylabel("training loss")
    right = left.twinx()
    right.plot(minutes, [entry["day"] for entry in history], label="FER+ choosing half, plain")
    right.plot(minutes, [entry["night"] for entry in history], label="FER+ choosing half, night-like")
    right.set_ylabel("accuracy, 8 classes")
    right.legend(loc="center right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
