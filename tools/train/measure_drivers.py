"""What the network says of people who do not act for it: ``python tools/train/measure_drivers.py MODEL.tflite ...``.

Drivers in parked cars who look calm, talk or yawn (YawDD), and short films whose expression was noted by hand.
There is no label of expression for the drivers: what counts is how seldom they are called hostile. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from crop import cut, network_input, square_of
from data import CROP_PX, LABELS, read_index
from face_box import FaceBoxFinder
from figures import probabilities, share
from measure import ANGER, DISGUST, HOSTILE_FROM, PUBLISHED

sys.path.insert(0, str(Path(__file__).parents[1]))
from quantize import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NEIGHBOURS = 12
"""YawDD frames follow each other by person, about twelve each: the groups of the bootstrap."""

FRAME_STEP = 3
"""Every third frame of a film is read."""


class Reader:
    """Face crops to class probabilities, one model, one detector."""

    def __init__(self, model: bytes, detector: Path, temperature: float, abstain: float) -> None:
        self.model = model
        self.finder = FaceBoxFinder(detector)
        self.temperature = temperature
        self.abstain = abstain

    def read(self, frames: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float64], list[int]]:
        """Probabilities (N, 7) of the frames with a face, and which frames these are."""
        inputs, which = [], []
        for number, frame in enumerate(frames):
            box = self.finder.find(frame, threshold=0.5)
            if box is not None:
                inputs.append(network_input(cut(frame, square_of(box), CROP_PX)))
                which.append(number)
        if not inputs:
            return np.zeros((0, PUBLISHED)), which
        logits = outputs_of(self.model, np.concatenate(inputs))[:, :PUBLISHED]
        return probabilities(logits, self.temperature), which

    def shares(self, stated: NDArray[np.float64]) -> str:
        """Share of frames for each class named, and abstained."""
        sure = stated.max(1) >= self.abstain
        named = stated.argmax(1)
        parts = [
            f"{LABELS[k]} {(sure & (named == k)).mean():.2f}" for k in range(PUBLISHED) if (sure & (named == k)).any()
        ]
        return ", ".join([*parts, f"abstained {(~sure).mean():.2f}"])


def measure_parked_drivers(reader: Reader, folder: Path) -> None:
    """YawDD, yawning and not: classes named, and how often a frame is called hostile."""
    rows = [(row, frame) for row, frame in read_index(folder) if row["camera"] == "mirror"]
    print("| drivers in parked cars | frames with a face | named | called hostile (95 %) |\n|---|---|---|---|")
    for label, title in (("no_yawn", "calm or talking"), ("yawn", "yawning")):
        chosen = [(int(row["order"]), frame) for row, frame in rows if row["label"] == label]
        stated, which = reader.read([frame for _, frame in chosen])
        hostile = stated[:, [ANGER, DISGUST]].sum(1) >= HOSTILE_FROM
        groups = np.array([chosen[k][0] // NEIGHBOURS for k in which])
        called = share(hostile, groups)
        print(f"| {title} | {len(stated)} of {len(chosen)} | {reader.shares(stated)} | {called} |", flush=True)


def film_frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every third frame in grey."""
    film = cv2.VideoCapture(str(path))
    number = 0
    while True:
        there, frame = film.read()
        if not there:
            break
        if number % FRAME_STEP == 0:
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        number += 1
    film.release()


def measure_films(reader: Reader, folder: Path) -> None:
    """Films whose expression was noted by hand: classes named over their frames."""
    print("\n| film | expected | frames with a face | named |\n|---|---|---|---|")
    for note in json.loads((folder / "notes.json").read_text()):
        expected = note["expected"].get("expression")
        if expected is None:
            continue
        frames = list(film_frames(folder / note["file"]))
        stated, which = reader.read(frames)
        named = reader.shares(stated) if which else "no face"
        title = Path(note["file"]).stem
        print(f"| {title} | {expected} | {len(which)} of {len(frames)} | {named} |", flush=True)


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--temperature", type=float, required=True, help="as measure.py found it")
    parser.add_argument("--abstain", type=float, required=True, help="as measure.py found it")
    options = parser.parse_args()
    reader = Reader(options.model.read_bytes(), options.detector, options.temperature, options.abstain)
    measure_parked_drivers(reader, options.data / "yawdd_frames")
    measure_films(reader, options.data / "clips")


if __name__ == "__main__":
    main()
