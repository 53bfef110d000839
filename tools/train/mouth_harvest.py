"""Cut mouths out of pictures: ``python tools/train/mouth_harvest.py --data DIR``.

Faces are found and framed with the daemon's own detector, mesh and crop, so that the network learns what it will be
shown. Each mouth is kept as a 64x64 canvas whose middle 48x48 is the daemon's crop. A set that was cut before is not
cut again. The results hold faces: they stay in the build folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from tqdm import tqdm

from edge.config.schema import Camera, Expression, Inference, Vision
from edge.vision.detector import ROOMY
from edge.vision.finder import FaceFinder
from edge.vision.landmarks import MIN_PRESENCE, Mesh
from edge.vision.mouth import LEFT_CORNER, RIGHT_CORNER, mouth_square, resized
from edge.vision.nets import open_nets
from edge.vision.preprocess import Roi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

CANVAS_PX: Final = 64
CROP_PX: Final = 48
UPPER_INNER_LIP, LOWER_INNER_LIP = 13, 14
"""Middle of the inner contour of the lips in the mesh [S: MediaPipe's face mesh]."""

FER_EVERY: Final = 3
"""Every third face of FER2013: its mouths are fifteen pixels wide, and many [D]."""

FILM_EVERY_S: Final = 0.2

FER_ROI_SCALE: Final = 1.25
"""Side of the mesh's region over the side of a FER2013 picture, which is cut closely [D]."""

VIEWS: Final = ("single", "close", "roomy")
"""How the mesh was framed: as the daemon reads a single picture; its first pass alone; and with room, as it follows a
face that is turned or yawns. The square lies a little differently in each."""


def canvas_of(mesh: Mesh) -> Gray:
    """Cut 4/3 of the daemon's square, the edge of the mesh's crop repeated outside it."""
    left, top, side = mouth_square(mesh)
    margin = max(1, round(side * (CANVAS_PX - CROP_PX) / CROP_PX / 2))
    rows = np.clip(np.arange(top - margin, top + side + margin), 0, mesh.crop.shape[0] - 1)
    columns = np.clip(np.arange(left - margin, left + side + margin), 0, mesh.crop.shape[1] - 1)
    return resized(np.ascontiguousarray(mesh.crop[rows[:, None], columns[None, :]]), CANVAS_PX)


def canvas_of_ready(crop: Gray) -> Gray:
    """Bring a ready mouth crop to 48x48, as `MouthNet.open_probability` does, the edge repeated around it."""
    margin = (CANVAS_PX - CROP_PX) // 2
    return np.pad(resized(crop, CROP_PX), margin, mode="edge")


def lip_gap(mesh: Mesh) -> float:
    """Distance of the inner lips over the width of the mouth, both in space."""
    right, left, upper, lower = mesh.points[[RIGHT_CORNER, LEFT_CORNER, UPPER_INNER_LIP, LOWER_INNER_LIP]].tolist()
    return math.dist(upper, lower) / max(math.dist(right, left), 1e-6)


class Harvester:
    """The daemon's finder, and what it found."""

    def __init__(self) -> None:
        nets = open_nets(Inference(), Expression(enabled=False))
        self._finder = FaceFinder(Camera(), Vision(), nets)

    def meshes(self, gray: Gray) -> dict[str, Mesh]:
        """Read the driver's face in all views in which the mesh sees one; empty when none is found."""
        for face in self._finder.candidates(gray, far=True):
            single = self._finder.confirmed(gray, face)
            if single is not None:
                close = self._finder.mesh.read(gray, face.roi())
                roomy = self._finder.mesh.read(gray, face.roi(ROOMY))
                seen = {"single": single, "close": close, "roomy": roomy}
                return {view: mesh for view, mesh in seen.items() if mesh.presence >= MIN_PRESENCE}
        return {}

    def tight(self, gray: Gray) -> dict[str, Mesh]:
        """Read a face that fills its picture."""
        height, width = gray.shape
        mesh = self._finder.mesh.read(gray, Roi(width / 2, height / 2, FER_ROI_SCALE * max(height, width)))
        if mesh.presence >= MIN_PRESENCE:
            mesh = self._finder.mesh.read(gray, mesh.next_roi())
        return {"single": mesh} if mesh.presence >= MIN_PRESENCE else {}


def read_index(folder: Path) -> Iterator[tuple[dict[str, str], Gray]]:
    """Read a folder's pictures in grey, with their lines of the index."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for row in tqdm(rows, folder.name, disable=not sys.stderr.isatty()):
            data = np.frombuffer(archive.read(row["file"]), np.uint8)
            yield row, np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def harvest_faces(folder: Path, harvester: Harvester) -> dict[str, NDArray[np.generic]]:
    """Cut mouths out of whole pictures; a picture without a face is noted by its name alone."""
    found: dict[str, list[object]] = defaultdict(list)
    for row, gray in read_index(folder):
        meshes = harvester.meshes(gray)
        for view, mesh in meshes.items():
            keep(found, mesh, (row["file"], row["label"], row.get("subject", "")), view)
        if not meshes:
            found["missed"].append(row["file"])
    return packed(found)


def harvest_fer(path: Path, harvester: Harvester) -> dict[str, NDArray[np.generic]]:
    """Cut mouths out of FER2013 faces, labelled with the FER+ majority."""
    archive = np.load(path)
    names = [str(name) for name in archive["vote_names"]]
    found: dict[str, list[object]] = defaultdict(list)
    numbers = range(0, len(archive["images"]), FER_EVERY)
    images, votes, pictures = archive["images"], archive["votes"], archive["name"]
    for number in tqdm(numbers, "fer2013plus", disable=not sys.stderr.isatty()):
        label = names[int(votes[number].argmax())]
        for view, mesh in harvester.tight(images[number]).items():
            keep(found, mesh, (str(pictures[number]), label, ""), view)
    return packed(found)


def harvest_films(folder: Path, harvester: Harvester) -> dict[str, NDArray[np.generic]]:
    """Cut mouths out of films in which, as a person noted, nobody yawns but some talk, laugh or scowl."""
    found: dict[str, list[object]] = defaultdict(list)
    notes = json.loads((folder / "notes.json").read_text(encoding="utf-8"))
    quiet = [note for note in notes if note["expected"].get("yawns") == 0]
    for note in tqdm(quiet, folder.name, disable=not sys.stderr.isatty()):
        film = cv2.VideoCapture(str(folder / note["file"]))
        step = max(1, round(FILM_EVERY_S * note["fps"]))
        for number in range(note["frames"]):
            there, frame = film.read()
            if not there or number % step:
                continue
            for view, mesh in harvester.meshes(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)).items():
                keep(found, mesh, (f"{note['file']} {number}", "no_yawn", note["subject"]), view)
        film.release()
    return packed(found)


def harvest_ready(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Take ready mouth crops."""
    found: dict[str, list[object]] = defaultdict(list)
    for row, gray in read_index(folder):
        found["canvases"].append(canvas_of_ready(gray))
        for field, value in (("name", row["file"]), ("label", row["label"]), ("subject", ""), ("view", "single")):
            found[field].append(value)
        found["lip_gap"].append(math.nan)
        found["crop_px"].append(min(gray.shape))
    return packed(found)


def keep(found: dict[str, list[object]], mesh: Mesh, noted: tuple[str, str, str], view: str) -> None:
    """Add one mouth, with the name, label and subject of its picture."""
    side_px = mouth_square(mesh)[2] * mesh.roi.side / mesh.crop.shape[0]
    fields = ("canvases", "name", "label", "subject", "view", "lip_gap", "crop_px")
    for field, value in zip(fields, (canvas_of(mesh), *noted, view, lip_gap(mesh), side_px), strict=True):
        found[field].append(value)


def packed(found: dict[str, list[object]]) -> dict[str, NDArray[np.generic]]:
    """Arrays of equal length, and the names of pictures without a face."""
    arrays = {field: np.array(values) for field, values in found.items()}
    arrays.setdefault("missed", np.array([], "U1"))
    for field in ("lip_gap", "crop_px"):
        arrays[field] = arrays[field].astype(np.float32)
    return arrays


def main() -> None:
    """Read the command line and cut what is not cut yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds mouth_open/, yawdd_frames/, ...")
    parser.add_argument("--out", type=Path, default=Path("build/train/mouth/harvest"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    harvester = Harvester()
    sets = {
        "mouth_open": lambda: harvest_ready(options.data / "mouth_open"),
        "yawdd": lambda: harvest_faces(options.data / "yawdd_frames", harvester),
        "wild": lambda: harvest_faces(options.data / "wild_expressions_grey", harvester),
        "nir": lambda: harvest_faces(options.data / "nir_expressions", harvester),
        "films": lambda: harvest_films(options.data / "clips", harvester),
        "fer": lambda: harvest_fer(options.data / "fer2013plus" / "fer2013plus.npz", harvester),
    }
    for name, cut_set in sets.items():
        path = options.out / f"{name}.npz"
        if path.exists():
            print(f"{name}: cut before, {path} is kept")
            continue
        arrays = cut_set()
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **arrays)
        partial.replace(path)
        print(
            f"{name}: {len(arrays['canvases']):,} mouths, {len(arrays['missed'])} pictures without a face", flush=True
        )


if __name__ == "__main__":
    main()
