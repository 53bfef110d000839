"""Figures for the model card: ``python tools/train/measure.py MODEL.tflite --data DIR --detector FILE``.

Works on a float or an int8 file alike, through the same runtime as the daemon. Prints Markdown, and writes the same
figures as JSON where asked. Persons and pictures measured here were never trained on.
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
from data import CANVAS_PX, CROP_PX, LABELS, NIR_HELD_OUT, FaceSet, load_nir, load_sets
from expression import choosing_half
from face_box import FaceBoxFinder
from figures import (
    Estimate,
    abstain_threshold,
    accuracy,
    area_under_curve,
    balanced_accuracy,
    best_temperature,
    calibration_error,
    probabilities,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from quantize import outputs_of

PUBLISHED = 7
"""Classes the daemon publishes: all but contempt, which is last."""

WANTED_ACCURACY = 0.9
"""Kept pictures of the choosing half, plain and night-like, shall be right this often [D]."""

ANGER, DISGUST = LABELS.index("anger"), LABELS.index("disgust")
HOSTILE_FROM = 0.35
"""The daemon's threshold on p(anger) + p(disgust) for one frame."""

OTHER_SCALES = (1.0, 1.3, 1.4)
"""Looser and tighter squares than the nominal one: what a box that is off costs."""


class Measurement:
    """All figures of one model file."""

    def __init__(self, model: bytes, sets: dict[str, FaceSet]) -> None:
        self.model = model
        self.sets = {name: faces.part(held_out=True) for name, faces in sets.items()}
        self.figures: dict[str, object] = {}
        self.neutral = np.zeros(PUBLISHED, np.float32)

    def logits(self, inputs: torch.Tensor) -> NDArray[np.float32]:
        """Logits (N, 8) of normalised crops (N, 1, 48, 48)."""
        return outputs_of(self.model, inputs.permute(0, 2, 3, 1).numpy())

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

    def ferplus(self) -> float:
        """FER+ validation, plain and night-like; returns the temperature found on the choosing half."""
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
            "FER2013 label, 7 classes, valid split",
            day[labelled, :PUBLISHED].argmax(1),
            faces.fer_label[labelled].astype(np.int64),
            pictures[labelled],
        )
        return self._calibrate(day[:, :PUBLISHED], night[:, :PUBLISHED], truth, chosen)

    def _calibrate(
        self,
        day: NDArray[np.float32],
        night: NDArray[np.float32],
        truth: NDArray[np.int64],
        chosen: NDArray[np.bool_],
    ) -> float:
        published = truth < PUBLISHED
        half, rest = chosen & published, ~chosen & published
        both, answers = np.concatenate([day[half], night[half]]), np.concatenate([truth[half], truth[half]])
        temperature = best_temperature(both, answers)
        self.neutral = both[answers == 0].mean(0)
        self.note("mean logits of neutral faces", ", ".join(f"{value:.2f}" for value in self.neutral))
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

    def infrared(self, faces: FaceSet, title: str, temperature: float) -> None:
        """Infrared persons: as they are, referenced, and referenced with the population's neutral put back."""
        truth, who = faces.shares.argmax(1), faces.subjects
        logits, referenced = self._with_reference(faces)
        keep, shown = truth < PUBLISHED, (truth < PUBLISHED) & (truth != 0)
        self.note_both(f"{title}, raw, 7 classes", logits[keep].argmax(1), truth[keep], who[keep])
        self.note_both(
            f"{title}, neutral-referenced, 6 emotions", referenced[shown].argmax(1), truth[shown], who[shown]
        )
        exchanged = referenced + self.neutral
        self.note_both(f"{title}, neutral exchanged, 7 classes", exchanged[keep].argmax(1), truth[keep], who[keep])
        hostile = np.isin(truth[keep], (ANGER, DISGUST))
        for name, values in (("raw", logits), ("referenced", referenced), ("neutral exchanged", exchanged)):
            score = probabilities(values[keep], temperature)[:, [ANGER, DISGUST]].sum(1)
            self.note(f"{title}, {name}: AUC of anger + disgust", area_under_curve(score, hostile, who[keep]))
            over = score >= HOSTILE_FROM
            self.note(
                f"{title}, {name}: anger + disgust of {HOSTILE_FROM} and more",
                f"{(over & hostile).sum()} of {hostile.sum()} hostile, {(over & ~hostile).sum()} of "
                f"{(~hostile).sum()} others",
            )

    def framing(self, faces: FaceSet, title: str) -> None:
        """Infrared accuracies alone, for squares of another size."""
        truth, who = faces.shares.argmax(1), faces.subjects
        logits, referenced = self._with_reference(faces)
        keep, shown = truth < PUBLISHED, (truth < PUBLISHED) & (truth != 0)
        self.note(f"{title}, raw: accuracy", accuracy(logits[keep].argmax(1), truth[keep], who[keep]))
        self.note(
            f"{title}, neutral-referenced: accuracy", accuracy(referenced[shown].argmax(1), truth[shown], who[shown])
        )

    def _with_reference(self, faces: FaceSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        logits = self.logits(plain(torch.from_numpy(faces.canvases)))[:, :PUBLISHED]
        referenced = logits.copy()
        neutral = faces.shares.argmax(1) == 0
        for person in np.unique(faces.subjects):
            own = faces.subjects == person
            referenced[own] -= logits[own & neutral].mean(0)
        return logits, referenced


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    measurement = Measurement(options.model.read_bytes(), load_sets(options.data, options.detector))
    print("| what | n | figure (95 % interval) |\n|---|---|---|")
    temperature = measurement.ferplus()
    measurement.others()
    people = f"NIR, {len(NIR_HELD_OUT)} held-out persons"
    finder = FaceBoxFinder(options.detector)
    measurement.infrared(measurement.sets["nir"], people, temperature)
    for scale in OTHER_SCALES:
        faces = load_nir(options.data / "nir_expressions", finder, scale * CANVAS_PX / CROP_PX).part(held_out=True)
        measurement.framing(faces, f"{people}, box x{scale}")
    if options.json is not None:
        options.json.write_text(json.dumps(measurement.figures, indent=1))


if __name__ == "__main__":
    main()
