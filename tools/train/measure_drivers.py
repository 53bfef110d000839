"""What the networks say of people who do not act for them: ``python tools/train/measure_drivers.py --data DIR``.

Drivers in parked cars who look calm, talk or yawn (YawDD), and short films whose expression was noted by hand. There is
no label of expression for the drivers: what counts is how seldom they are called hostile. Every picture goes the
daemon's way: detector, mesh, both networks of the manifest. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from data import LABELS, read_index
from figures import share
from fusion import HOSTILE, PUBLISHED
from infrared import HOSTILE_FROM
from shapes import Reader

from edge.config.schema import Expression, Inference
from edge.vision.expression import ExpressionReader, probabilities
from edge.vision.nets import open_nets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edge.config.schema import Light
    from edge.vision.landmarks import Mesh

NEIGHBOURS = 12
"""YawDD frames follow each other by person, about twelve each: the groups of the bootstrap."""

FRAME_STEP = 3
"""Every third frame of a film is read."""


class DriverReader:
    """Frames to class probabilities, as the daemon reads them."""

    def __init__(self, light: Light) -> None:
        nets = open_nets(Inference(), Expression())
        assert nets.expression is not None  # noqa: S101 - it is switched on above
        self._faces, self._expression = Reader(), ExpressionReader(nets.expression, light)
        self.abstain = nets.expression.fusion.model.abstain_below

    def read(self, frames: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float64], list[int]]:
        """Probabilities (N, 7) of the frames with a face, and which frames these are."""
        meshes = [(number, self._faces.frame(frame)) for number, frame in enumerate(frames)]
        found = [(number, self._stated(mesh)) for number, mesh in meshes if mesh is not None]
        return np.array([stated for _, stated in found]).reshape(-1, PUBLISHED), [number for number, _ in found]

    def _stated(self, mesh: Mesh) -> list[float]:
        return probabilities(self._expression.logits(mesh)[:PUBLISHED], 1.0)

    def shares(self, stated: NDArray[np.float64]) -> str:
        """Share of frames for each class named, and abstained."""
        sure = stated.max(1) >= self.abstain
        named = stated.argmax(1)
        parts = [
            f"{LABELS[k]} {(sure & (named == k)).mean():.2f}" for k in range(PUBLISHED) if (sure & (named == k)).any()
        ]
        return ", ".join([*parts, f"abstained {(~sure).mean():.2f}"])


def measure_parked_drivers(reader: DriverReader, folder: Path) -> None:
    """YawDD, yawning and not: classes named, and how often a frame is called hostile."""
    rows = [(row, frame) for row, frame in read_index(folder) if row["camera"] == "mirror"]
    print("| drivers in parked cars | frames with a face | named | called hostile (95 %) |\n|---|---|---|---|")
    for label, title in (("no_yawn", "calm or talking"), ("yawn", "yawning")):
        chosen = [(int(row["order"]), frame) for row, frame in rows if row["label"] == label]
        stated, which = reader.read([frame for _, frame in chosen])
        hostile = stated[:, list(HOSTILE)].sum(1) >= HOSTILE_FROM
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


def measure_films(reader: DriverReader, folder: Path) -> None:
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
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--light", choices=("visible", "infrared"), default="visible", help="which logits to read")
    options = parser.parse_args()
    reader = DriverReader(options.light)
    measure_parked_drivers(reader, options.data / "yawdd_frames")
    measure_films(reader, options.data / "clips")


if __name__ == "__main__":
    main()
