"""Fit shape and fusion, and measure them on real infrared faces: ``python tools/train/infrared.py --data DIR``.

Needs the int8 expression network, whose very answers are fused, and the shapes (``shapes.py``) in the build folder.
Prints what each part brings, every infrared figure from leaving out one person at a time, and writes the fusion: inputs
``seen`` (1, 15), the expression network's logits, and ``shape`` (1, 213); outputs ``infrared`` and ``visible`` (1, 8),
logits calibrated for either light, and ``valence`` (1, 1). The two sets of logits differ in how likely each expression
is beforehand: among acted faces in front of an infrared camera, and among faces on the web.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from augment import plain, stretch_batch
from data import LABELS, SAME_LABEL, is_held_out, load_visible, vote_shares
from expression import choosing_half
from figures import Estimate, abstain_threshold, accuracy, area_under_curve, best_temperature, bootstrap, probabilities
from fusion import (
    HOSTILE,
    PUBLISHED,
    Fusion,
    People,
    ShapeNet,
    Visible,
    fit,
    left_out,
    mirrored,
    prior,
    train_shape_net,
)
from net import CLASSES, FER2013_CLASSES
from tflite_graph import FloatGraph

from edge.config.rules import Anger
from edge.indicators.anger import VALENCE_MAX
from edge.indicators.neutral import NeutralExpression
from edge.vision.expression import network_input

sys.path.insert(0, str(Path(__file__).parents[1]))
from quantize import all_outputs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WANTED_ACCURACY = 0.9
"""Kept faces, each person left out in turn and referenced, shall be read right this often [D]."""

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
        shares, usable_votes = vote_shares(archive)
        known = np.load(build / "shapes_ferplus.npz")
        training = np.array([str(split).startswith("train") for split in archive["split"]])
        usable = usable_votes & known["found"]
        shapes, votes = [known["shapes"][usable & training]], [shares[usable & training]]
        valid = load_visible(data)["ferplus"].part(held_out=True)
        self.valid_shapes, self.valid_crops = (
            known["shapes"][~training & usable_votes],
            plain(torch.from_numpy(valid.canvases)),
        )
        self.valid_found = known["found"][~training & usable_votes]
        self.valid_label, self.valid_chooses = valid.shares.argmax(1), choosing_half(valid)
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


def features(network: bytes, crops: torch.Tensor, shape_net: ShapeNet, shapes: Floats) -> NDArray[np.float64]:
    """Features (N, 23) of normalised crops (N, 1, 48, 48), read both ways as the daemon does, and shapes (N, 213)."""
    views = (all_outputs_of(network, view.permute(0, 2, 3, 1).numpy()) for view in (crops, crops.flip(3)))
    seen = sum(np.hstack([view["logits"], view["fer2013"]]) for view in views) / 2
    return np.hstack([seen, shape_logits(shape_net, shapes)]).astype(np.float64)


def people_of(data: Path, build: Path, network: bytes, shape_net: ShapeNet) -> People:
    """Read the infrared pictures with both networks; pictures without a face are left out of the fit."""
    rows = index_of(data / "nir_expressions")
    known = np.load(build / "shapes_nir.npz")
    found = known["found"]
    rows = [row for row, seen in zip(rows, found, strict=True) if seen]
    crops = stretch_batch(torch.from_numpy(known["crops"][found]).float().unsqueeze(1))
    daemon = np.stack([network_input(crop)[0, :, :, 0] for crop in known["crops"][found]])
    if np.abs(crops[:, 0].numpy() * 128 - daemon).max() > 1:
        raise SystemExit("Training and daemon normalise contrast differently: augment.stretch_batch is wrong.")
    return People(
        features=features(network, crops, shape_net, known["shapes"][found]),
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


def ablation(report: Report, people: People, visible: Visible) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Report what network, shape, plain sum and fit bring; returns the fit's logits, as they are and referenced."""
    parts = {
        "network alone": people.features[:, :CLASSES],
        "shape alone": people.features[:, CLASSES + FER2013_CLASSES :],
        "plain sum": people.features @ prior(),
    }
    for name, logits in parts.items():
        report.both(name, logits, referenced(people, logits))
    raw, own = left_out(people, visible)
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
            neutral.advance(tuple(face.tolist()), 1, end_ns=0)
        moved = stated[mine] * np.array(neutral.factors)
        out[mine] = np.log(moved / moved.sum(1, keepdims=True))
    return out


def report_visible(report: Report, sources: Sources, seen: NDArray[np.float64], fusion: Fusion) -> float:
    """FER+, faces that the mesh found: what each part brings on the reporting half; the choosing half's temperature."""
    rest = sources.valid_found & ~sources.valid_chooses
    truth, pictures = sources.valid_label[rest], np.flatnonzero(rest)
    parts = {
        "network alone": seen[rest, :CLASSES],
        "shape alone": seen[rest, CLASSES + FER2013_CLASSES :],
        "plain sum": seen[rest] @ prior(),
        "fitted": seen[rest] @ fusion.weights + fusion.visible,
    }
    for name, logits in parts.items():
        report.note(f"FER+ reporting half, {name}, 8 classes", accuracy(logits.argmax(1), truth, pictures))
    half = sources.valid_found & sources.valid_chooses & (sources.valid_label < PUBLISHED)
    logits = (seen[half] @ fusion.weights + fusion.visible)[:, :PUBLISHED]
    temperature = best_temperature(logits, sources.valid_label[half])
    report.note("temperature of the fused softmax, visible light", round(temperature, 3))
    return temperature


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


@dataclass(frozen=True)
class Output:
    """One output of the file: features (23,) @ weights + bias."""

    name: str
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


def to_tflite(shape_net: ShapeNet, outputs: Sequence[Output]) -> bytes:
    """Write shape network and linear maps as one float .tflite; millimetres are scaled inside."""
    split = CLASSES + FER2013_CLASSES
    graph = FloatGraph("seen", (1, split))
    shape = graph.another_input("shape", (1, len(shape_net.mean)))
    weights = shape_net.hidden.weight.detach().numpy() / shape_net.spread.numpy()
    bias = shape_net.hidden.bias.detach().numpy() - weights @ shape_net.mean.numpy()
    hidden = graph.fully_connected(shape, "hidden", weights, bias, relu6=True)
    own_weights, own_bias = (part.detach().numpy() for part in (shape_net.logits.weight, shape_net.logits.bias))
    ends = []
    for output in outputs:
        seen, told = output.weights[:split].T, output.weights[split:].T
        # The shape network's last layer and its part of the map are both linear: one layer.
        by_shape = graph.fully_connected(
            hidden,
            f"{output.name}/by_shape",
            (told @ own_weights).astype(np.float32),
            (told @ own_bias).astype(np.float32),
        )
        by_network = graph.fully_connected(
            graph.input, f"{output.name}/by_network", seen.astype(np.float32), output.bias.astype(np.float32)
        )
        ends.append(graph.add(by_shape, by_network, output.name))
    return graph.finish(ends, f"Fused logits: {', '.join(LABELS)}; valence")


def main() -> None:
    """Read the command line, fit, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--build", type=Path, default=Path("build/train"))
    parser.add_argument("--network", type=Path, default=Path("models/expression_int8.tflite"))
    parser.add_argument("--out", type=Path, default=Path("models/expression_fusion.tflite"))
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sources = Sources(options.data, options.build)
    shape_net = train_shape_net(sources.shapes, sources.votes, options.seed)
    network = options.network.read_bytes()
    people = people_of(options.data, options.build, network, shape_net)
    report = Report(people)
    print("| what | n | figure (95 % interval) |\n|---|---|---|")
    known, chooses = sources.valid_found, sources.valid_chooses
    seen = features(network, sources.valid_crops, shape_net, sources.valid_shapes)
    visible = Visible(seen[known & chooses], sources.valid_label[known & chooses])
    raw, own = ablation(report, people, visible)
    fusion = fit(people, people.agree, visible)
    visible_temperature = report_visible(report, sources, seen, fusion)
    judged = report.judged & report.known
    temperature = best_temperature(own[judged, :PUBLISHED], people.label[judged])
    stated = probabilities(own[judged, :PUBLISHED], temperature)
    threshold = abstain_threshold(stated, people.label[judged], WANTED_ACCURACY)
    report.note("abstain below this largest probability", round(threshold, 2))
    daemon = as_the_daemon(people, raw, temperature)
    report.both("fitted, by the daemon's baseline", raw, daemon)
    predicted = affect_left_out(people)
    hostile = np.isin(people.label[judged], HOSTILE)
    over = np.exp(daemon[judged])[:, list(HOSTILE)].sum(1) >= HOSTILE_FROM
    supported = over & (predicted[judged, 0] <= VALENCE_MAX)
    for name, called in (("", over), (f", valence {VALENCE_MAX} or less", supported)):
        report.note(
            f"the same: anger + disgust of {HOSTILE_FROM} and more{name}",
            f"{(called & hostile).sum()} of {hostile.sum()} hostile, "
            f"{(called & ~hostile).sum()} of {(~hostile).sum()} others",
        )
    report.note("temperature of the fused softmax", round(temperature, 3))
    for column, name in enumerate(("valence", "arousal")):
        agreement = bootstrap(
            lambda index, column=column: concordance(predicted[index, column], people.affect[index, column]),
            people.person,
        )
        report.note(f"{name}, one person left out: concordance", agreement)
    neutral = np.log(probabilities(fusion.neutral[:PUBLISHED], temperature))
    report.note("log probabilities of a neutral face", ", ".join(f"{v:.3f}" for v in neutral))
    everybody = np.ones(len(people.label), bool)
    valence_weights, valence_bias = (part[..., :1] for part in fit_affect(people, everybody))
    outputs = (
        Output("infrared", fusion.weights / temperature, fusion.infrared / temperature),
        Output("visible", fusion.weights / visible_temperature, fusion.visible / visible_temperature),
        Output("valence", valence_weights, valence_bias),
    )
    options.out.write_bytes(to_tflite(shape_net, outputs))
    if options.json is not None:
        options.json.write_text(json.dumps(report.figures, indent=1))


if __name__ == "__main__":
    main()
