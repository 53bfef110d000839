"""Cut eyes out of face pictures: ``python tools/train/eye_harvest.py --data DIR``.

Runs in the daemon's environment, with the daemon's own detector, mesh and iris net, so that an eye is found
as it finds it. Each eye is kept with generous surroundings, with the iris net's lid gap as a teacher's opinion, and
with what a person noted of the moment. The result holds faces: it stays in the build folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm import tqdm

from edge.config.schema import Inference
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest
from edge.vision.detector import FULL_RANGE, SHORT_RANGE, Detector
from edge.vision.eyes import IRIS_PX, LEFT_EYE, RIGHT_EYE, EyePoints
from edge.vision.headpose import angles
from edge.vision.landmarks import MIN_PRESENCE, Mesh, MeshNet
from edge.vision.preprocess import GrayInput, Roi, cut, stretch_contrast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

CANVAS_PX = 112
CANVAS_SCALE = 3.6
"""Side of the kept region over the distance of the eye corners: room for loose framing and shifts [D]."""

TEACHER_SIDES_PX = tuple(scale * CANVAS_PX / CANVAS_SCALE for scale in (2.0, 2.3, 2.7))
"""The iris net is asked in three framings; where they disagree its opinion is doubtful [D]."""

MIN_EYE_PX = 6.0
MAX_YAW_DEG = 50.0

FER_EVERY = 3
"""Every third face of FER2013: its eyes are eight pixels wide, and many [D]."""

CLIP_OPEN_EVERY = 3
"""Of films every third frame, and every frame near a noted closure [D]."""

NEAR_EVENT_S = 0.25


@dataclass(frozen=True)
class Face:
    """One picture with a face, where it comes from and what is known of its eyes."""

    gray: Gray
    source: str
    person: str
    name: str
    noted: str = ""
    """`closed` or `open` where a person noted it, else empty."""


class Teacher:
    """The daemon's detector, mesh and iris net."""

    def __init__(self) -> None:
        manifest = Manifest.load()

        def opened(name: str) -> Net:
            return Net.open(manifest.resolve(name), Inference().delegate, model=manifest[name])

        self._detectors = (
            Detector(opened("face_short_range"), SHORT_RANGE),
            Detector(opened("face_full_range"), FULL_RANGE),
        )
        self._mesh = MeshNet(opened("face_mesh"))
        self._iris = opened("iris")
        self._input = GrayInput(IRIS_PX, 0.0, 1.0)

    def mesh_of(self, gray: Gray) -> Mesh | None:
        """Read the largest face, in two passes as the daemon does; None where there is none."""
        height, width = gray.shape
        for detector in self._detectors:
            faces = detector.find(gray, (0, 0, width, height))
            if faces:
                mesh = self._mesh.read(gray, max(faces, key=lambda face: face.width).roi())
                if mesh.presence >= MIN_PRESENCE:
                    mesh = self._mesh.read(gray, mesh.next_roi())
                return mesh if mesh.presence >= MIN_PRESENCE else None
        return None

    def opinion(self, canvas: Gray, sides_px: Iterable[float], mirrors: Iterable[bool]) -> Opinion:
        """Look at the middle of a canvas in several framings, each as it is and contrast-stretched."""
        ratios, irises = [], []
        for side in sides_px:
            for mirror in mirrors:
                crop = cut(canvas, Roi(CANVAS_PX / 2, CANVAS_PX / 2, side), IRIS_PX, mirror=mirror)
                for shown in (crop, stretch_contrast(crop, 1.0, 99.0, 16.0)):
                    lids, iris = self._iris.run((self._input.fill(shown),))
                    ratios.append(gap_over_width(lids.reshape(71, 3)))
                    points = iris.reshape(5, 3)[:, :2]
                    radius = float(np.linalg.norm(points[1:] - points[0], axis=1).mean())
                    place = [IRIS_PX - points[0, 0] if mirror else points[0, 0], points[0, 1], radius]
                    scale = side / IRIS_PX
                    away = (CANVAS_PX - side) / 2
                    irises.append([place[0] * scale + away, place[1] * scale + away, radius * scale])
        return Opinion(np.array(ratios, np.float32), np.median(irises, axis=0).astype(np.float32))


@dataclass(frozen=True)
class Opinion:
    """What the iris net says of one canvas."""

    ratios: NDArray[np.float32]
    """Lid gap over eye width, one a framing."""
    iris: NDArray[np.float32]
    """Centre x, y and radius in canvas pixels; meaningless in a closed eye."""


def gap_over_width(points: NDArray[np.float32]) -> float:
    """Lid gap over eye width from the iris net's points, as `edge.vision.eyes.IrisNet` works it out."""
    gap = float(points[1:8, 1].mean() - points[9:16, 1].mean())
    width = float(np.linalg.norm(points[0, :2] - points[8, :2]))
    return gap / width if width > 1.0 else 0.0


def mesh_ratio(mesh: Mesh, eye: EyePoints) -> float:
    """Lid gap over width as the mesh has it."""
    upper, lower = mesh.points[list(eye.upper), :2], mesh.points[list(eye.lower), :2]
    width = np.linalg.norm(mesh.points[eye.outer, :2] - mesh.points[eye.inner, :2])
    return float(np.linalg.norm(upper - lower, axis=1).mean() / max(width, 1e-6))


def harvest(faces: Iterator[Face], teacher: Teacher) -> dict[str, NDArray[np.generic]]:
    """Cut both eyes of every face that is found."""
    rows: dict[str, list[object]] = defaultdict(list)
    for face in faces:
        mesh = teacher.mesh_of(face.gray)
        if mesh is None:
            continue
        view = angles(mesh.rigid.rotation, mesh.roi.angle_rad)
        if abs(view.yaw_deg) > MAX_YAW_DEG:
            continue
        for eye in (RIGHT_EYE, LEFT_EYE):
            outer, inner = mesh.in_picture(np.array([eye.outer, eye.inner])).tolist()
            width_px = float(np.hypot(outer[0] - inner[0], outer[1] - inner[1]))
            if width_px < MIN_EYE_PX:
                continue
            centre = ((outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2)
            angle = mesh.roi.angle_rad
            canvas = cut_wide(face.gray, Roi(*centre, CANVAS_SCALE * width_px, angle), mirror=eye.mirror)
            # A face turned to the picture's right hides the driver's left eye.
            away = view.yaw_deg if eye.mirror else -view.yaw_deg
            opinion = teacher.opinion(canvas, TEACHER_SIDES_PX, (False,))
            values: dict[str, object] = {
                "canvas": canvas,
                "ratios": opinion.ratios,
                "iris": opinion.iris,
                "mesh_ratio": mesh_ratio(mesh, eye),
                "width_px": width_px,
                "away_deg": away,
                "pitch_deg": view.pitch_deg,
                "source": face.source,
                "person": face.person,
                "name": face.name + ("/l" if eye.mirror else "/r"),
                "noted": face.noted,
            }
            for key, value in values.items():
                rows[key].append(value)
    return {key: np.array(values) for key, values in rows.items()}


def cut_wide(gray: Gray, roi: Roi, *, mirror: bool) -> Gray:
    """Cut a region whose outside repeats the picture's edge instead of being black."""
    margin = round(roi.side)
    padded = np.pad(gray, margin, mode="edge")
    return cut(padded, Roi(roi.x + margin, roi.y + margin, roi.side, roi.angle_rad), CANVAS_PX, mirror=mirror)


def zipped(folder: Path) -> Iterator[tuple[dict[str, str], Gray]]:
    """Yield each line of ``index.csv`` with its picture in grey."""
    with zipfile.ZipFile(folder / "images.zip") as archive, (folder / "index.csv").open(newline="") as lines:
        for row in tqdm(list(csv.DictReader(lines)), desc=folder.name, disable=not sys.stderr.isatty()):
            picture = cv2.imdecode(np.frombuffer(archive.read(row["file"]), np.uint8), cv2.IMREAD_GRAYSCALE)
            yield row, np.asarray(picture, np.uint8)


def padded(gray: Gray) -> Gray:
    """Give a close face crop the surroundings that the detector expects, the edge repeated."""
    return np.pad(gray, gray.shape[0] // 3, mode="edge")


def from_frames(folder: Path, source: str) -> Iterator[Face]:
    """Whole frames; YawDD's follow each other by person, about twelve each."""
    for row, gray in zipped(folder):
        person = row["subject"] if "subject" in row else f"y{int(row['order']) // 12:03d}"
        yield Face(gray, source, person, row["file"])


def from_crops(folder: Path, source: str) -> Iterator[Face]:
    """Faces that are crops already."""
    for row, gray in zipped(folder):
        large = cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        yield Face(padded(np.asarray(large, np.uint8)), source, row["subject"], row["file"])


def from_fer(folder: Path) -> Iterator[Face]:
    """FER2013: 48-px faces, four times enlarged."""
    archive = np.load(folder / "fer2013plus.npz")
    chosen = range(0, len(archive["images"]), FER_EVERY)
    images, names = archive["images"], archive["name"]
    for k in tqdm(chosen, desc="fer2013plus", disable=not sys.stderr.isatty()):
        large = cv2.resize(images[k], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        yield Face(padded(np.asarray(large, np.uint8)), "fer", str(names[k]), str(names[k]))


CLOSED_EVENTS = ("blink", "eyes_closed", "eyes_closed_crying")
OPEN_EVENTS = ("hand_at_mouth_eyes_open",)


def from_clips(folder: Path) -> Iterator[Face]:
    """Films: frames inside noted closures are closed; those far from any, in films with exact notes, are open."""
    for note in json.loads((folder / "notes.json").read_text(encoding="utf-8")):
        video = cv2.VideoCapture(str(folder / note["file"]))
        shut = [(e["start"], e["end"]) for e in note["events"] if e["type"] in CLOSED_EVENTS]
        counted = "blinks" in note["expected"]
        number = -1
        while True:
            found, frame = video.read()
            if not found:
                break
            number += 1
            t = number / note["fps"]
            near = any(start - NEAR_EVENT_S <= t <= end + NEAR_EVENT_S for start, end in shut)
            if not near and number % CLIP_OPEN_EVERY:
                continue
            middle = any(start <= t <= end for start, end in shut)
            noted = "closed" if middle else "open" if counted and not near else ""
            gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
            yield Face(gray, "clips", note["subject"], f"{note['file']}/{number:04d}", noted)
        video.release()


def crops(folder: Path, source: str, teacher: Teacher) -> dict[str, NDArray[np.generic]]:
    """Ready eye crops with a label: each padded to a square by its edge and resized to a canvas."""
    rows: dict[str, list[object]] = defaultdict(list)
    for row, gray in zipped(folder):
        canvas = squared(gray)
        opinion = teacher.opinion(canvas, (CANVAS_PX * 0.85, float(CANVAS_PX)), (False, True))
        values: dict[str, object] = {
            "canvas": canvas,
            "ratios": opinion.ratios,
            "iris": opinion.iris,
            "short_side": min(gray.shape) / max(gray.shape),
            "landscape": gray.shape[1] >= gray.shape[0],
            "source": source,
            "person": row.get("subject", ""),
            "name": row["file"],
            "noted": row["label"],
        }
        for key, value in values.items():
            rows[key].append(value)
    return {key: np.array(values) for key, values in rows.items()}


def squared(gray: Gray) -> Gray:
    """Pad a crop to a square by repeating its edge, then resize it to a canvas."""
    height, width = gray.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.pad(gray, ((top, side - height - top), (left, side - width - left)), mode="edge")
    how = cv2.INTER_AREA if side > CANVAS_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (CANVAS_PX, CANVAS_PX), interpolation=how), np.uint8)


def main() -> None:
    """Read the command line, harvest each source into its own file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/train/eye_state/harvest"))
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    data = options.data
    teacher = Teacher()
    sources = {
        "rgb": lambda: crops(data / "eye_state_rgb", "rgb", teacher),
        "webcam": lambda: crops(data / "webcam_eyes", "webcam", teacher),
        "nir": lambda: harvest(from_frames(data / "nir_expressions", "nir"), teacher),
        "yawdd": lambda: harvest(from_frames(data / "yawdd_frames", "yawdd"), teacher),
        "clips": lambda: harvest(from_clips(data / "clips"), teacher),
        "wild": lambda: harvest(from_crops(data / "wild_expressions_grey", "wild"), teacher),
        "ckplus": lambda: harvest(from_crops(data / "ckplus48", "ckplus"), teacher),
        "fer": lambda: harvest(from_fer(data / "fer2013plus"), teacher),
    }
    for source, cut_eyes in sources.items():
        path = options.out / f"{source}.npz"
        if (options.only and source not in options.only) or path.exists():
            continue
        eyes = cut_eyes()
        np.savez_compressed(path, **eyes)
        print(f"{source}: {len(eyes['canvas'])} eyes -> {path}", flush=True)


if __name__ == "__main__":
    main()
