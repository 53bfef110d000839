"""Fit shape and fusion, and measure them on real infrared faces: ``python tools/train/infrared.py --data DIR``.

Needs a trained network (``expression.py``) and the shapes (``shapes.py``) in the build folder. Prints what each part
brings, every infrared figure from leaving out one person at a time, and writes ``fusion_float.tflite``: inputs ``seen``
(1, 15), the expression network's logits, and ``shape`` (1, 213); output ``logits`` (1, 8).
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from augment import stretch_batch
from data import LABELS, SAME_LABEL, is_held_out, vote_shares
from export import load_net
from figures import Estimate, accuracy, area_under_curve, best_temperature, bootstrap, probabilities
from fusion import HOSTILE, PUBLISHED, Fusion, People, ShapeNet, fit, left_out, mirrored, prior, train_shape_net
from net import CLASSES, FER2013_CLASSES
from tflite_graph import FloatGraph

from edge.config.rules import Anger
from edge.indicators.anger import NeutralExpression
from edge.vision.expression import network_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HOSTILE_FROM = Anger().hostility
"""The daemon's threshold on p(anger) + p(disgust) for one frame."""


def index_of(folder: Path) -> list[dict[str, str]]:
    """Read the lines of an ``index.csv``."""
    with (folder / "index.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def label_index(rows: list[dict[str, str]]) -> NDArray[np.int64]:
    """Give the place of each line's label."""
    return np.array([LABELS.index(SAME_LABEL.get(row["label"], row["label"])) for row in rows])


class Sources:
    """Shapes and labels of the visible-light sets, split as the expression network's training splits them."""

    def __init__(self, data: Path, build: Path) -> None:
        archive = np.load(data / "fer2013plus" / "fer2013plus.npz")
        shares, usable = vote_shares(archive)
        known = np.load(build / "shapes_ferplus.npz")
        training = np.array([str(split).startswith("train") for split in archive["split"]])
        usable &= known["found"]
        shapes, votes = [known["shapes"][usable & training]], [shares[usable & training]]
        self.valid_shapes = known["shapes"][usable & ~training]
        self.valid_label = shares[usable & ~training].argmax(1)
        for name, folder in (("wild", "wild_expressions_grey"), ("ckplus", "ckplus48")):
            rows, known = index_of(data / folder), np.load(build / f"shapes_{name}.npz")
            keep = known["found"] & np.array([not is_held_out(row["subject"]) for row in rows])
            shapes.append(known["shapes"][keep])
            votes.append(np.eye(CLASSES, dtype=np.float32)[label_index(rows)[keep]])
        both = np.concatenate(shapes)
        self.shapes = np.concatenate([both, mirrored(both)])
        self.votes = np.tile(np.concatenate(votes), (2, 1))


@torch.no_grad()
def shape_logits(net: ShapeNet, shapes: Floats) -> Floats:
    """Logits (N, 8) of the shape network."""
    return net(torch.from_numpy(shapes)).numpy()


@torch.no_grad()
def people_of(data: Path, build: Path, run: Path, shape_net: ShapeNet) -> People:
    """Read the infrared pictures with both networks; pictures without a face are left out of the fit."""
    rows = index_of(data / "nir_expressions")
    known = np.load(build / "shapes_nir.npz")
    found = known["found"]
    rows = [row for row, seen in zip(rows, found, strict=True) if seen]
    crops = stretch_batch(torch.from_numpy(known["crops"][found]).float().unsqueeze(1))
    daemon = np.stack([network_input(crop)[0, :, :, 0] for crop in known["crops"][found]])
    if np.abs(crops[:, 0].numpy() * 128 - daemon).max() > 1:
        raise SystemExit("Training and daemon normalise contrast differently: augment.stretch_batch is wrong.")
    seen = load_net(run / "best.pt")(crops).numpy()
    return People(
        features=np.hstack([seen, shape_logits(shape_net, known["shapes"][found])]).astype(np.float64),
        label=label_index(rows),
        person=np.array([row["subject"] for row in rows]),
        agree=np.array([row["agree"] == "1" for row in rows]),
        affect=np.array([[float(row["valence"]), float(row["arousal"])] for row in rows]),
    )


class Report:
    """Figures on infrared persons as Markdown rows, and as one dictionary."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.figures: dict[str, object] = {}
        self.judged = people.agree & (people.label < PUBLISHED)
        self.known = np.array([people.own_neutral(p) is not None for p in people.person])

    def note(self, name: str, value: Estimate | float | str) -> None:
        """Print one figure and keep it."""
        count = value.count if isinstance(value, Estimate) else ""
        print(f"| {name} | {count} | {value} |", flush=True)
        self.figures[name] = vars(value) if isinstance(value, Estimate) else value

    def classes(self, name: str, logits: NDArray[np.float64], chosen: NDArray[np.bool_], first: int) -> None:
        """Accuracy and recall a class over the published classes from ``first`` on."""
        found = first + logits[chosen, first:PUBLISHED].argmax(1)
        truth, who = self.people.label[chosen], self.people.person[chosen]
        self.note(f"{name}: accuracy", accuracy(found, truth, who))
        recalls = [f"{LABELS[k]} {(found[truth == k] == k).sum()} of {(truth == k).sum()}" for k in np.unique(truth)]
        self.note(f"{name}: recall", ", ".join(recalls))

    def hostility(self, name: str, logits: NDArray[np.float64], chosen: NDArray[np.bool_]) -> None:
        """Anger and disgust against all else."""
        score = probabilities(logits[chosen, :PUBLISHED], 1.0)[:, list(HOSTILE)].sum(1)
        hostile, who = np.isin(self.people.label[chosen], HOSTILE), self.people.person[chosen]
        self.note(f"{name}: AUC of anger + disgust", area_under_curve(score, hostile, who))

        def recall(index: NDArray[np.int64]) -> float:
            own, others = score[index][hostile[index]], score[index][~hostile[index]]
            return float((own > np.quantile(others, 0.95)).mean()) if len(own) and len(others) else float("nan")

        self.note(f"{name}: recall of anger + disgust at 5 % false", bootstrap(recall, who))

    def both(self, name: str, raw: NDArray[np.float64], referenced: NDArray[np.float64]) -> None:
        """Everything of one way to read faces."""
        shown = self.judged & self.known & (self.people.label > 0)
        self.classes(f"{name}, as they are, 7 classes", raw, self.judged, 0)
        self.classes(f"{name}, referenced, 6 emotions", referenced, shown, 1)
        self.classes(f"{name}, referenced, 7 classes", referenced, self.judged & self.known, 0)
        self.hostility(f"{name}, referenced", referenced, self.judged & self.known)


def referenced(people: People, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take each person's own neutral logits off; NaN where there is none."""
    out = np.full_like(logits, np.nan)
    for person in np.unique(people.person):
        mine = people.person == person
        calm = mine & (people.label == 0)
        sure = calm & people.agree
        if calm.any():
            out[mine] = logits[mine] - logits[sure if sure.any() else calm].mean(0)
    return out


def ablation(report: Report, people: People) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Report what network, shape, plain sum and fit bring; returns the fit's logits, as they are and referenced."""
    parts = {
        "network alone": people.features[:, :CLASSES],
        "shape alone": people.features[:, CLASSES + FER2013_CLASSES :],
        "plain sum": people.features @ prior(),
    }
    for name, logits in parts.items():
        report.both(name, logits, referenced(people, logits))
    raw, own = left_out(people)
    report.both("fitted, one person left out", raw, own)
    return raw, own


def as_the_daemon(people: People, raw: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Log probabilities referenced by the daemon's own baseline, which learns each person's calm pictures; else NaN."""
    stated = probabilities(raw[:, :PUBLISHED], temperature)
    out = np.full_like(stated, np.nan)
    for person in np.unique(people.person):
        mine = people.person == person
        calm = mine & (people.label == 0)
        sure = calm & people.agree
        if not calm.any():
            continue
        faces = stated[sure if sure.any() else calm]
        neutral = NeutralExpression(len(faces))
        for face in faces:
            neutral.advance(tuple(face.tolist()), 1)
        moved = stated[mine] * np.array(neutral.factors)
        out[mine] = np.log(moved / moved.sum(1, keepdims=True))
    return out


def affect_left_out(people: People) -> NDArray[np.float64]:
    """Predict valence and arousal (N, 2) by ridge regression, one person left out at a time."""
    found = np.zeros_like(people.affect)
    for person in np.unique(people.person):
        mine = people.person == person
        weights, bias = fit_affect(people, ~mine)
        found[mine] = people.features[mine] @ weights + bias
    return found


def fit_affect(people: People, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit valence and arousal as a linear map of the features, ridge of ten pictures' worth."""
    x, y = people.features[chosen], people.affect[chosen]
    mean, target = x.mean(0), y.mean(0)
    spread = x.std(0) + 1e-6
    scaled = (x - mean) / spread
    weights = np.linalg.solve(scaled.T @ scaled + 10.0 * np.eye(x.shape[1]), scaled.T @ (y - target))
    weights /= spread[:, None]
    return weights, target - mean @ weights


def concordance(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Concordance correlation coefficient [S: Lin 1989]."""
    covariance = np.mean((found - found.mean()) * (truth - truth.mean()))
    return float(2 * covariance / (found.var() + truth.var() + (found.mean() - truth.mean()) ** 2))


def to_tflite(shape_net: ShapeNet, fusion: Fusion) -> bytes:
    """Write shape network and fusion as one float .tflite; millimetres are scaled inside."""
    graph = FloatGraph("seen", (1, CLASSES + FER2013_CLASSES))
    shape = graph.another_input("shape", (1, len(shape_net.mean)))
    scale = 1.0 / shape_net.spread.numpy()
    weights = shape_net.hidden.weight.detach().numpy() * scale
    bias = shape_net.hidden.bias.detach().numpy() - weights @ shape_net.mean.numpy()
    hidden = graph.fully_connected(shape, "hidden", weights, bias, relu6=True)
    # The shape network's own logits and its part of the fusion are both linear: one layer.
    part = fusion.weights[CLASSES + FER2013_CLASSES :].T
    weights = (part @ shape_net.logits.weight.detach().numpy()).astype(np.float32)
    bias = (part @ shape_net.logits.bias.detach().numpy() + fusion.bias).astype(np.float32)
    by_shape = graph.fully_connected(hidden, "by_shape", weights, bias)
    seen = fusion.weights[: CLASSES + FER2013_CLASSES].T.astype(np.float32)
    by_network = graph.fully_connected(graph.input, "by_network", seen, np.zeros(CLASSES, np.float32))
    return graph.finish(graph.add(by_shape, by_network, "logits"), f"Fused logits: {', '.join(LABELS)}")


def main() -> None:
    """Read the command line, fit, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--build", type=Path, default=Path("build/train"))
    parser.add_argument("--run", type=Path, default=Path("build/train/student"))
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sources = Sources(options.data, options.build)
    shape_net = train_shape_net(sources.shapes, sources.votes, options.seed)
    people = people_of(options.data, options.build, options.run, shape_net)
    report = Report(people)
    print("| what | n | figure (95 % interval) |\n|---|---|---|")
    found = shape_logits(shape_net, sources.valid_shapes).argmax(1)
    everyone = np.arange(len(found))
    report.note("shape alone, FER+ valid split, 8 classes", accuracy(found, sources.valid_label, everyone))
    raw, own = ablation(report, people)
    judged = report.judged & report.known
    temperature = best_temperature(own[judged, :PUBLISHED], people.label[judged])
    daemon = as_the_daemon(people, raw, temperature)
    report.both("fitted, by the daemon's baseline", raw, daemon)
    over = np.exp(daemon[judged])[:, list(HOSTILE)].sum(1) >= HOSTILE_FROM
    hostile = np.isin(people.label[judged], HOSTILE)
    report.note(
        f"the same: anger + disgust of {HOSTILE_FROM} and more",
        f"{(over & hostile).sum()} of {hostile.sum()} hostile, {(over & ~hostile).sum()} of {(~hostile).sum()} others",
    )
    report.note("temperature of the fused softmax", round(temperature, 3))
    predicted = affect_left_out(people)
    for column, name in enumerate(("valence", "arousal")):
        agreement = bootstrap(
            lambda index, column=column: concordance(predicted[index, column], people.affect[index, column]),
            people.person,
        )
        report.note(f"{name}, one person left out: concordance", agreement)
    fusion = fit(people, people.agree)
    neutral = np.log(probabilities(fusion.neutral[:PUBLISHED], temperature))
    report.note("log probabilities of a neutral face", ", ".join(f"{v:.3f}" for v in neutral))
    (options.run / "fusion_float.tflite").write_bytes(to_tflite(shape_net, fusion))
    (options.run / "infrared.json").write_text(json.dumps(report.figures, indent=1))


if __name__ == "__main__":
    main()
