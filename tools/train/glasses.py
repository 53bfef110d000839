"""The weights that tell glasses, and what they are worth: ``python tools/train/glasses.py --data DIR``.

Reads each noted picture as the daemon reads a frame (``glasses_notes.csv``: what a person saw in it, sunglasses being
glasses; pictures in which that could not be seen are not in it), learns a ridge on the edges around the eyes, and
scores everybody by weights learnt without him. Needs numpy, OpenCV and tqdm, and two minutes of a core; the strips are
kept in the build folder, since they show eyes.

    python tools/train/glasses.py --data DATA             measure
    python tools/train/glasses.py --data DATA --write     ... and write the daemon's weights, learnt from everybody
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np
from figures import area_under_curve, share
from shapes import Reader, pictures
from tqdm import tqdm

from edge.vision import glasses
from edge.vision.headpose import HeadPoseReader

sys.path.insert(0, str(Path(__file__).parents[1]))
from daily_driving.intervals import binomial_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edge.vision.landmarks import Mesh

    Bools = NDArray[np.bool_]
    Doubles = NDArray[np.float64]
    Gray = NDArray[np.uint8]
    Words = NDArray[np.str_]

NOTES: Final = Path(__file__).with_name("glasses_notes.csv")
WEIGHTS: Final = Path(glasses.__file__).with_name("glasses.npy")
FOLDERS: Final = {"nir": "nir_expressions", "yawdd": "yawdd_frames", "wild": "wild_expressions_grey"}
FRAMED: Final = frozenset({"wild"})
"""Sets of ready face crops; the others hold whole frames."""
FOLDS: Final = 6
"""Of the press pictures, by person; drivers come in six groups of neighbours in time, infrared persons one by one."""
RIDGE: Final = 3.0
SMALL_PX: Final = (32, 21)
"""A strip seen by a camera for which the face is 47 px wide."""
FOV_DEG: Final = 60.0


class Looks(NamedTuple):
    """One strip a picture; arrays of the same length."""

    strips: NDArray[np.uint8]
    """(N, 64, 96)"""
    worn: Bools
    sources: Words
    persons: Words
    """Who is never on both sides: persons, or groups of drivers who cannot be told apart."""
    films: Words
    """One person in one look at a time."""
    yaws_deg: Doubles


def main() -> None:
    """Read the command line, learn, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/train"))
    parser.add_argument("--write", action="store_true", help="write the daemon's weights")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "glasses.npz"
    if not kept.exists():
        np.savez_compressed(kept, **harvest(options.data)._asdict())
    with np.load(kept) as stored:
        looks = Looks(**stored)
    views = [all_edges(strips) for strips in (looks.strips, looks.strips[:, :, ::-1])]
    everybody = moments(views, ~looks.worn), moments(views, looks.worn)
    report(looks, *held_out(looks, views, everybody))
    if options.write:
        np.save(WEIGHTS, learnt(*everybody).astype(np.float16))
        print(f"written: {WEIGHTS}")


def harvest(data: Path) -> Looks:
    """Cut a strip from every noted picture in which the daemon finds the face."""
    noted: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    with NOTES.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            noted[row["set"]][row["name"]] = row
    columns: dict[str, list[object]] = defaultdict(list)
    for source, rows in noted.items():
        for row, mesh, size in read(data / FOLDERS[source], rows, framed=source in FRAMED):
            columns["strips"].append(glasses.glasses_strip(mesh))
            columns["worn"].append(row["glasses"] == "1")
            columns["sources"].append(source)
            columns["persons"].append(f"{source} {row['person']}")
            columns["films"].append(f"{source} {row['film']}")
            columns["yaws_deg"].append(HeadPoseReader(FOV_DEG).read(mesh, *size).view.yaw_deg)
    return Looks(**{name: np.array(values) for name, values in columns.items()})


def read(
    folder: Path, rows: dict[str, dict[str, str]], *, framed: bool
) -> Iterator[tuple[dict[str, str], Mesh, tuple[int, int]]]:
    """Yield the noted pictures' meshes and frame sizes."""
    reader = Reader()
    with (folder / "index.csv").open(newline="") as lines:
        names = [row["file"] for row in csv.DictReader(lines)]
    shown = tqdm(zip(names, pictures(folder), strict=True), folder.name, len(names), disable=not sys.stderr.isatty())
    for name, gray in shown:
        if name not in rows:
            continue
        mesh = reader.crop(gray) if framed else reader.frame(gray)
        if mesh is not None:
            yield rows[name], mesh, (gray.shape[1], gray.shape[0])


def all_edges(strips: NDArray[np.uint8]) -> Doubles:
    """Return what the daemon weighs of each strip, (N, 2772)."""
    return np.array([glasses.strip_edges(np.ascontiguousarray(strip)) for strip in strips], np.float64)


class Moments(NamedTuple):
    """What a ridge needs of the pictures of one state: how many, sum, sum of outer products."""

    count: int
    total: Doubles
    products: Doubles

    def without(self, other: Moments) -> Moments:
        """Take some of the pictures out."""
        return Moments(self.count - other.count, self.total - other.total, self.products - other.products)


def moments(views: list[Doubles], chosen: Bools) -> Moments:
    """Sum up some pictures, seen plain and mirrored."""
    x = np.vstack([view[chosen] for view in views])
    return Moments(len(x), x.sum(0), x.T @ x)


def learnt(bare: Moments, worn: Moments) -> Doubles:
    """Fit a ridge to -1 and +1, either state weighing the same: weights, then the bias."""
    pictures_seen = bare.count + worn.count
    states = [(0.5 * pictures_seen / one.count, target, one) for target, one in ((-1.0, bare), (1.0, worn))]
    middle = sum(weight * one.total for weight, _, one in states) / pictures_seen
    spread = sum(weight * one.products for weight, _, one in states) - pictures_seen * np.outer(middle, middle)
    towards = sum(weight * target * (one.total - one.count * middle) for weight, target, one in states)
    slope = np.linalg.solve(spread + RIDGE * np.eye(len(middle)), towards)
    return np.append(slope, -middle @ slope)


def held_out(looks: Looks, views: list[Doubles], everybody: tuple[Moments, Moments]) -> tuple[Doubles, Doubles]:
    """Score each picture, whole and seen small, by weights learnt without its person."""
    whole, small = views[0], all_edges(np.array([_seen_small(strip) for strip in looks.strips]))
    sides = np.array(
        [
            f"wild {sum(person.encode()) % FOLDS}" if source == "wild" else person
            for source, person in zip(looks.sources, looks.persons, strict=True)
        ]
    )
    scores, scores_small = np.zeros(len(sides)), np.zeros(len(sides))
    for side in tqdm(np.unique(sides), "held out", disable=not sys.stderr.isatty()):
        out = sides == side
        of_side = moments(views, out & ~looks.worn), moments(views, out & looks.worn)
        weights = learnt(*(all_of.without(some) for all_of, some in zip(everybody, of_side, strict=True)))
        scores[out] = whole[out] @ weights[:-1] + weights[-1]
        scores_small[out] = small[out] @ weights[:-1] + weights[-1]
    return scores, scores_small


def _seen_small(strip: Gray) -> Gray:
    shrunk = cv2.resize(strip, SMALL_PX, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, glasses.STRIP_PX, interpolation=cv2.INTER_LINEAR), np.uint8)


def report(looks: Looks, scores: Doubles, scores_small: Doubles) -> None:
    """Print the tables of the card."""
    print(
        "\n| set | pictures | with glasses | AUC | right, one look | wrong / unsure | the same, small |\n"
        + "|---" * 7
        + "|"
    )
    for source in FOLDERS:
        chosen = looks.sources == source
        worn, score = looks.worn[chosen], scores[chosen]
        right = share((score > 0) == worn, looks.persons[chosen])
        area = area_under_curve(score, worn, looks.persons[chosen])
        print(
            f"| {source} | {chosen.sum():,} | {worn.sum()} | {area} | {right} | {_wrong(score, worn)} "
            f"| {_wrong(scores_small[chosen], worn)} |"
        )
    print("\n| mean of a film or person | films | right | wrong | unsure | right of those told |\n" + "|---" * 6 + "|")
    for source in FOLDERS:
        films = np.unique(looks.films[looks.sources == source])
        means = np.array([scores[looks.films == film].mean() for film in films])
        worn = np.array([looks.worn[looks.films == film].mean() for film in films])
        one = (worn == 0) | (worn == 1)
        _films_line(source, means[one], worn[one] == 1)
    print("\n| drivers turned by | pictures | right, one look |\n|---|---|---|")
    drivers = looks.sources == "yawdd"
    for low, high in ((0, 15), (15, 30), (30, 40), (40, 50), (50, 90)):
        chosen = drivers & (np.abs(looks.yaws_deg) >= low) & (np.abs(looks.yaws_deg) < high)
        right = (scores[chosen] > 0) == looks.worn[chosen]
        print(f"| {low} to {high}° | {chosen.sum()} | {right.mean():.3f} |")


def _wrong(scores: Doubles, worn: Bools) -> str:
    unsure = np.abs(scores) <= glasses.SURE
    wrong = ~unsure & ((scores > 0) != worn)
    return f"{wrong.mean():.3f} / {unsure.mean():.3f}"


def _films_line(source: str, means: Doubles, worn: Bools) -> None:
    unsure = np.abs(means) <= glasses.SURE
    right = ~unsure & ((means > 0) == worn)
    told = int((~unsure).sum())
    low, high = binomial_share(int(right.sum()), told)
    print(
        f"| {source} | {len(means)} | {right.sum()} | {told - right.sum()} | {unsure.sum()} "
        f"| {right.sum() / told:.3f} ({low:.3f} to {high:.3f}) |"
    )


if __name__ == "__main__":
    main()
