"""Face shapes and daemon crops of every training picture: ``python tools/train/shapes.py --data DIR``.

Reads each picture as the daemon reads a frame (detector, mesh, rigid fit) and keeps two things: the shape, and for
whole infrared frames the 48x48 crop that the expression network would see. Ready face crops are put on a wider canvas
and read by the mesh alone. Writes ``shapes_SET.npz`` into the build folder: ``shapes`` (N, 3 n) in mm, ``found`` (N,),
and for infrared ``crops`` (N, 48, 48). The crops are faces: they stay in the build folder.
"""

from __future__ import annotations

import argparse
import csv
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from tqdm import tqdm

from edge.config.schema import Camera, Expression, Inference, Vision
from edge.vision.expression import expression_crop
from edge.vision.face_shape import SHAPE_POINTS, face_shape
from edge.vision.finder import FaceFinder
from edge.vision.landmarks import MIN_PRESENCE, Mesh
from edge.vision.nets import open_nets
from edge.vision.preprocess import Roi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

CROP_PX: Final = 48
BORDER_SHARE: Final = 1 / 3
"""Ready crops cut forehead and chin close; the mesh wants half a face around it [D]."""

FIRST_SCALE, FIRST_DROP = 1.3, 0.07
"""First region on a ready crop, as shares of its side: 1.5 boxes, a little lower than the crop's middle [D]."""

CROPPED_SETS: Final = {"wild": "wild_expressions_grey", "ckplus": "ckplus48"}


class Reader:
    """The daemon's detectors and mesh, applied to single pictures."""

    def __init__(self) -> None:
        self._finder = FaceFinder(Camera(), Vision(), open_nets(Inference(), Expression(enabled=False)))

    def frame(self, gray: Gray) -> Mesh | None:
        """Read the driver's face in a whole frame."""
        for face in self._finder.candidates(gray, far=True):
            mesh = self._finder.confirmed(gray, face)
            if mesh is not None:
                return mesh
        return None

    def crop(self, gray: Gray) -> Mesh | None:
        """Read the face in a ready square crop."""
        side = gray.shape[0]
        border = round(side * BORDER_SHARE)
        wide = cv2.copyMakeBorder(gray, border, border, border, border, cv2.BORDER_REPLICATE)
        centre = border + side / 2
        mesh = self._finder.mesh.read(wide, Roi(centre, centre + FIRST_DROP * side, FIRST_SCALE * side))
        mesh = self._finder.mesh.read(wide, mesh.next_roi())
        return mesh if mesh.presence >= MIN_PRESENCE else None


def pictures(folder: Path) -> Iterator[Gray]:
    """Yield the pictures of ``index.csv`` in grey, in its order."""
    with zipfile.ZipFile(folder / "images.zip") as archive, (folder / "index.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            picture = cv2.imdecode(np.frombuffer(archive.read(row["file"]), np.uint8), cv2.IMREAD_GRAYSCALE)
            if picture is None:
                raise SystemExit(f"{folder.name}: {row['file']} is not a picture OpenCV can read")
            yield np.asarray(picture, np.uint8)


def read_all(meshes: Iterable[Mesh | None], count: int, name: str, *, crops: bool) -> dict[str, NDArray[np.generic]]:
    """Collect shapes, and crops where asked; zeros where no face was found."""
    shapes = np.zeros((count, 3 * len(SHAPE_POINTS)), np.float32)
    found = np.zeros(count, bool)
    faces = np.zeros((count if crops else 0, CROP_PX, CROP_PX), np.uint8)
    for number, mesh in enumerate(tqdm(meshes, name, count, disable=not sys.stderr.isatty())):
        if mesh is None:
            continue
        found[number] = True
        shapes[number] = face_shape(mesh)
        if crops:
            faces[number] = expression_crop(mesh, CROP_PX)
    print(f"{name}: a face in {found.sum():,} of {count:,}", flush=True)
    return {"shapes": shapes, "found": found} | ({"crops": faces} if crops else {})


def main() -> None:
    """Read the command line and every set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/train"))
    parser.add_argument("--sets", nargs="*", default=["nir", "ckplus", "wild", "ferplus"])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    reader = Reader()
    for name in options.sets:
        if name == "ferplus":
            stack = np.load(options.data / "fer2013plus" / "fer2013plus.npz")["images"]
            known = read_all(map(reader.crop, stack), len(stack), name, crops=False)
        elif name == "nir":
            frames = list(pictures(options.data / "nir_expressions"))
            known = read_all(map(reader.frame, frames), len(frames), name, crops=True)
        else:
            stack = list(pictures(options.data / CROPPED_SETS[name]))
            known = read_all(map(reader.crop, stack), len(stack), name, crops=False)
        np.savez(options.out / f"shapes_{name}.npz", **known)


if __name__ == "__main__":
    main()
