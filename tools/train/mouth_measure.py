"""The mouth network's figures: ``python tools/train/mouth_measure.py --data DIR --folds F0 ... F4 --final F``.

Each fold's run is turned into int8 as the shipped one is, calibrated on its own training people, and asked about the
people of its fold; together that is everybody who was ever trained on, each judged by a network that never saw him. The
final run is asked about those whom no run ever saw. A frame without a face is wrong. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from figures import area_under_curve, balanced_accuracy, calibration_error, share
from mouth import load_net, scored
from mouth_augment import MouthAugmenter, plain
from mouth_data import HELD_OUT, MouthSet, load_mouths, person_of, read_orders
from mouth_export import PICTURES, pictures_of, to_tflite
from mouth_net import LABELS
from run import answers_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from quantize import outputs_of, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIGHTS = ("plain", "night")

FILM_EVERY_S = 0.2
"""Time between two frames of a film, as `mouth_harvest.py` takes them."""


@dataclass(frozen=True)
class Judged:
    """Logits (N, 2) of one kind of network on some mouths, one array a light."""

    mouths: MouthSet
    real: dict[str, NDArray[np.float32]]
    integer: dict[str, NDArray[np.float32]]


def judge(mouths: MouthSet, learnt: MouthSet, run: Path, seed: int) -> Judged:
    """Ask a run's network, float and int8, about mouths."""
    model = to_tflite(load_net(run / "last.pt"))
    twin = quantize(model, arrays(pictures_of(learnt, PICTURES, seed)))
    canvases = torch.from_numpy(mouths.canvases)
    shown = {"plain": arrays(plain(canvases)), "night": arrays(MouthAugmenter(1000).night(canvases))}
    return Judged(
        mouths,
        {light: outputs_of(model, inputs) for light, inputs in shown.items()},
        {light: outputs_of(twin, inputs) for light, inputs in shown.items()},
    )


def arrays(pictures: torch.Tensor) -> NDArray[np.float32]:
    """Turn (N, 1, 48, 48) into the file's (N, 48, 48, 1)."""
    return pictures.permute(0, 2, 3, 1).contiguous().numpy()


def report(title: str, parts: list[Judged], missed: dict[str, list[int]]) -> None:
    """Print a table; `missed` are the persons of frames without a face, by label."""
    print(f"\n| {title} | count | float | int8 |\n|---|---|---|---|")
    for column, name in enumerate(LABELS):
        chosen = [scored(part.mouths)[name] for part in parts]
        truth = np.concatenate([getattr(p.mouths, name)[c] > 0 for p, c in zip(parts, chosen, strict=True)])
        groups = np.concatenate([p.mouths.group[c] for p, c in zip(parts, chosen, strict=True)])
        for light in LIGHTS:
            real, integer = (
                np.concatenate([kind(p)[light][c, column] for p, c in zip(parts, chosen, strict=True)])
                for kind in (lambda p: p.real, lambda p: p.integer)
            )
            wrong = missed if name == "yawn" else {}
            pair = [figures_of(add_missed(Asked(logits, truth, groups), wrong), name) for logits in (real, integer)]
            for line in pair[0]:
                (count, in_float), (_, in_int8) = pair[0][line], pair[1][line]
                print(f"| {name}, {light}: {line} | {count} | {in_float} | {in_int8} |")
            agree = ((real > 0) == (integer > 0)).mean()
            print(f"| {name}, {light}: int8 decides as float | {len(truth)} | | {agree:.4f} |", flush=True)


@dataclass(frozen=True)
class Asked:
    """One answer on some pictures: logits, truth and group; infinite where no face was found."""

    logits: NDArray[np.float32]
    truth: NDArray[np.bool_]
    groups: NDArray[np.str_]


def add_missed(asked: Asked, missed: dict[str, list[int]]) -> Asked:
    """Add the frames without a face, each as wrong as can be."""
    for label, persons in missed.items():
        yawns = np.full(len(persons), label == "yawn")
        asked = Asked(
            np.append(asked.logits, np.where(yawns, -np.inf, np.inf).astype(np.float32)),
            np.append(asked.truth, yawns),
            np.append(asked.groups, [f"yawdd {person}" for person in persons]),
        )
    return asked


def figures_of(asked: Asked, name: str) -> dict[str, tuple[str, str]]:
    """Count and figure by title."""
    truth, found = asked.truth, asked.logits > 0
    seen = np.isfinite(asked.logits)
    estimates = {
        "balanced accuracy": balanced_accuracy(found.astype(np.int64), truth.astype(np.int64), asked.groups),
        "accuracy": share(found == truth, asked.groups),
        f"recall of {name}": share(found[truth], asked.groups[truth]),
        f"recall of not {name}": share(~found[~truth], asked.groups[~truth]),
        "AUC, where a face was found": area_under_curve(asked.logits[seen], truth[seen], asked.groups[seen]),
    }
    stated = 1 / (1 + np.exp(-asked.logits[seen].astype(np.float64)))
    error = calibration_error(np.stack([1 - stated, stated], 1), truth[seen].astype(np.int64))
    figures = {title: (str(estimate.count), str(estimate)) for title, estimate in estimates.items()}
    return figures | {"expected calibration error": (str(int(seen.sum())), f"{error:.3f}")}


def report_films(mouths: MouthSet, runs: list[Path]) -> None:
    """Print how often a film's frames look like a yawn to the network that did not see the film."""
    print("\n| film in which nobody yawns | frames | taken for a yawn | longest, s |\n|---|---|---|---|")
    single = (mouths.source == "films") & (mouths.view == "single")
    for number, run in enumerate(runs):
        films = mouths.take(single & (mouths.fold == number))
        if not len(films):
            continue
        yawns = answers_of(load_net(run / "last.pt"), plain(torch.from_numpy(films.canvases))).numpy()[:, 1] > 0
        names = np.array([name.rsplit(" ", 1)[0] for name in films.file])
        for name in dict.fromkeys(names):
            mine = yawns[names == name]
            longest = max(len(run_of) for run_of in "".join("y" if yawn else " " for yawn in mine).split(" "))
            print(f"| {Path(name).stem} | {len(mine)} | {mine.mean():.2f} | {longest * FILM_EVERY_S:.1f} |")


def missed_persons(harvest: Path, data: Path) -> dict[str, list[int]]:
    """Persons of the mirror camera's frames in which no face was found, by label."""
    orders = read_orders(data / "yawdd_frames" / "index.csv")
    found: dict[str, list[int]] = {"yawn": [], "no_yawn": []}
    for name in np.load(harvest / "yawdd.npz")["missed"]:
        row = orders[str(name)]
        if row["camera"] == "mirror":
            found[row["label"]].append(person_of(row["label"], int(row["order"])))
    return found


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--harvest", type=Path, default=Path("build/train/mouth/harvest"))
    parser.add_argument("--folds", type=Path, nargs="*", default=[], help="folders of the runs with --hold-out 0, 1, …")
    parser.add_argument("--final", type=Path, help="folder of the run without --hold-out")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    mouths = load_mouths(options.harvest, options.data)
    asked = np.any(list(scored(mouths).values()), axis=0)
    missed = missed_persons(options.harvest, options.data)
    held_out = set(np.unique(mouths.group[mouths.fold == HELD_OUT]))

    def part_of(*, unseen: bool) -> dict[str, list[int]]:
        return {
            label: [person for person in persons if (f"yawdd {person}" in held_out) == unseen]
            for label, persons in missed.items()
        }

    if options.folds:
        parts = [
            judge(
                mouths.take(asked & (mouths.fold == number)),
                mouths.take(~np.isin(mouths.fold, (number, HELD_OUT))),
                run,
                options.seed,
            )
            for number, run in enumerate(options.folds)
        ]
        report("each judged by a network that never saw him", parts, part_of(unseen=False))
        report_films(mouths, options.folds)
    if options.final:
        learnt = mouths.take(mouths.fold != HELD_OUT)
        final = judge(mouths.take(asked & (mouths.fold == HELD_OUT)), learnt, options.final, options.seed)
        report("the shipped network on those whom no run saw", [final], part_of(unseen=True))


if __name__ == "__main__":
    main()
