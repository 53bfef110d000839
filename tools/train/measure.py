"""Figures of the network alone for its card: ``python tools/train/measure.py MODEL.tflite --data DIR``.

Works on a float or an int8 file alike, through the same runtime as the daemon. Prints Markdown, and writes the same
figures as JSON where asked. Persons and pictures measured here were never trained on. Infrared faces, and what the
face's shape adds, are measured by ``infrared.py``; whole folders through the daemon's code by ``tools/evaluate.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from augment import Augmenter, plain
from data import LABELS, FaceSet, load_visible
from expression import choosing_half
from figures import (
    Estimate,
    abstain_threshold,
    accuracy,
    balanced_accuracy,
    best_temperature,
    calibration_error,
    probabilities,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from quantize import all_outputs_of

PUBLISHED = 7
"""Classes the daemon publishes: all but contempt, which is last."""

WANTED_ACCURACY = 0.9
"""Kept pictures of the choosing half, plain and night-like, shall be right this often [D]."""


class Measurement:
    """All figures of one model file."""

    def __init__(self, model: bytes, sets: dict[str, FaceSet]) -> None:
        self.model = model
        self.sets = {name: faces.part(held_out=True) for name, faces in sets.items()}
        self.figures: dict[str, object] = {}

    def logits(self, inputs: torch.Tensor, output: str = "logits") -> NDArray[np.float32]:
        """Logits (N, 8), or (N, 7) of ``fer2013``, of normalised crops (N, 1, 48, 48)."""
        return all_outputs_of(self.model, inputs.permute(0, 2, 3, 1).numpy())[output]

    def note(self, name: str, value: Estimate | float | str) -> None:
        """Print one figure and keep it."""
        if isinstance(value, Estimate):
            print(f"| {name} | {value.count} | {value} |", flush=True)
            self.figures[name] = vars(value)
        else:
            print(f"| {name} | | {value} |", flush=True)
            self.figures[name] = value

    def note_both(
        self, name: str, found: NDArray[np.int64], truth: NDArray[np.int64], groups: NDArray[np.generic]
    ) -> None:
        """Accuracy, balanced accuracy, and recall a class with counts."""
        self.note(f"{name}: accuracy", accuracy(found, truth, groups))
        self.note(f"{name}: balanced accuracy", balanced_accuracy(found, truth, groups))
        recalls = [
            f"{LABELS[k]} {(found[truth == k] == k).mean():.2f} of {(truth == k).sum()}" for k in np.unique(truth)
        ]
        self.note(f"{name}: recall", ", ".join(recalls))

    def ferplus(self) -> None:
        """FER+ validation, plain and night-like, with temperature and abstain threshold of the choosing half."""
        faces = self.sets["ferplus"]
        truth, chosen = faces.shares.argmax(1), choosing_half(faces)
        pictures = np.arange(len(truth))
        canvases = torch.from_numpy(faces.canvases)
        day, night = self.logits(plain(canvases)), self.logits(Augmenter(77).night(canvases))
        self.note_both("FER+ majority, 8 classes, whole valid split", day.argmax(1), truth, pictures)
        rest = ~chosen
        self.note_both("FER+ majority, 8 classes, reporting half", day[rest].argmax(1), truth[rest], pictures[rest])
        self.note_both("the same, night-like", night[rest].argmax(1), truth[rest], pictures[rest])
        labelled = faces.fer_label >= 0
        self.note_both(
            "FER2013 label, 7 classes, valid split, votes' logits",
            day[labelled, :PUBLISHED].argmax(1),
            faces.fer_label[labelled].astype(np.int64),
            pictures[labelled],
        )
        fer2013, fer_label = self.logits(plain(canvases), "fer2013"), faces.fer_label.astype(np.int64)
        self.note_both(
            "FER2013 label, 7 classes, valid split, its own logits",
            fer2013[labelled].argmax(1),
            fer_label[labelled],
            pictures[labelled],
        )
        temperature = self._calibrate(day[:, :PUBLISHED], night[:, :PUBLISHED], truth, chosen)
        rest = rest & labelled
        error = calibration_error(probabilities(fer2013[rest], temperature), fer_label[rest])
        self.note("reporting half, FER2013 label, its own logits: calibration error", round(error, 4))

    def _calibrate(
        self,
        day: NDArray[np.float32],
        night: NDArray[np.float32],
        truth: NDArray[np.int64],
        chosen: NDArray[np.bool_],
    ) -> float:
        """Find temperature and threshold of the votes on the choosing half; returns the temperature."""
        published = truth < PUBLISHED
        half, rest = chosen & published, ~chosen & published
        both, answers = np.concatenate([day[half], night[half]]), np.concatenate([truth[half], truth[half]])
        temperature = best_temperature(both, answers)
        threshold = abstain_threshold(probabilities(both, temperature), answers, WANTED_ACCURACY)
        self.note("temperature of the softmax over seven", round(temperature, 3))
        self.note("abstain below this largest probability", round(threshold, 2))
        for name, logits in (("plain", day[rest]), ("night-like", night[rest])):
            stated = probabilities(logits, temperature)
            kept = stated.max(1) >= threshold
            right = stated[kept].argmax(1) == truth[rest][kept]
            self.note(f"reporting half, {name}: calibration error", round(calibration_error(stated, truth[rest]), 4))
            self.note(f"reporting half, {name}: share kept", round(float(kept.mean()), 3))
            self.note(f"reporting half, {name}: accuracy of those kept", round(float(right.mean()), 3))
        return temperature

    def others(self) -> None:
        """Wild and CK+ held-out persons, argmax over the seven published classes."""
        for name, title in (("wild", "press photos, held-out names"), ("ckplus", "CK+, held-out subjects")):
            faces = self.sets[name]
            truth = faces.shares.argmax(1)
            keep = truth < PUBLISHED
            found = self.logits(plain(torch.from_numpy(faces.canvases[keep])))[:, :PUBLISHED].argmax(1)
            self.note_both(title, found, truth[keep], faces.subjects[keep])


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    measurement = Measurement(options.model.read_bytes(), load_visible(options.data))
    print("| what | n | figure (95 % interval) |\n|---|---|---|")
    measurement.ferplus()
    measurement.others()
    if options.json is not None:
        options.json.write_text(json.dumps(measurement.figures, indent=1))


if __name__ == "__main__":
    main()
