"""Train the mouth network: ``python tools/train/mouth.py --data DIR --hold-out 0``.

A run is a fixed number of steps, so that the same seed gives the same course on any machine; a checkpoint after every
round lets a stopped run go on. What is kept is the moving average of the weights after the last step: nothing is chosen
by looking at held-out people. ``--hold-out K`` keeps fold K out besides those who are never trained on, and reports on
it; without it the network learns from all folds, which is what is shipped, while the held-out runs say what the recipe
is worth. ``--teachers`` lets larger networks' answers to the same crops teach it too.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from curve import draw_curve
from mouth_augment import MouthAugmenter, plain
from mouth_data import FOLDS, HELD_OUT, MouthSet, load_mouths
from mouth_net import LABELS, WIDTHS, MouthNetwork
from run import Run, Settings, add_run_options, answers_of, taught_by
from torch import Tensor, nn
from torch.nn import functional as F

SHARES = {
    "mouth_open": 0.33,
    "yawdd yawn": 0.20,
    "yawdd no_yawn": 0.12,
    "yawdd dash": 0.03,
    "speaking": 0.14,
    "films": 0.07,
    "wild": 0.04,
    "nir": 0.02,
    "fer": 0.05,
}
"""Share of each source in what the network sees [D]; the dash camera's frames are few, for all of them are yawns;
`speaking` are the other faces whose lips are apart, and most of the films too: no driver among the frames talks.
"""

YAWN_LOSS_SHARE = 0.6
"""Share of the yawn's loss in the whole: it is the harder question, and the one the daemon asks [D]."""

TEACHER_WIDTHS = (32, 64, 128, 192)
DISTILLED_SHARE = 0.6
LABEL_SMOOTHING = 0.03
SETTINGS = Settings(
    learning_rate=3e-3, batch=96, round_steps=200, average_decay=0.997, weight_decay=2e-2, warm_up_steps=80
)


def drawing_chances(mouths: MouthSet) -> np.ndarray:
    """Chance of each mouth: shares of the sources; inside one, persons count by the root of their pictures."""
    kinds = np.where(mouths.yawn > 0, "yawdd yawn", "yawdd no_yawn")
    kinds = np.where(mouths.camera == "dash", "yawdd dash", kinds)
    speaking = mouths.speaking & (mouths.source != "films")
    kinds = np.where(mouths.source == "yawdd", kinds, np.where(speaking, "speaking", mouths.source))
    chances = np.zeros(len(mouths))
    for kind, share in SHARES.items():
        part = kinds == kind
        if part.any():
            _, member, count = np.unique(mouths.group[part], return_inverse=True, return_counts=True)
            vote = 1.0 / np.sqrt(count[member])
            chances[part] = share * vote / vote.sum()
    return chances / chances.sum()


def balanced(positive: np.ndarray, truth: np.ndarray) -> float:
    """Mean recall of both classes."""
    return float((positive[truth].mean() + (1 - positive[~truth].mean())) / 2)


def scored(mouths: MouthSet) -> dict[str, np.ndarray]:
    """Which mouths of a set are scored: ready crops, and the mirror camera's frames read as single pictures."""
    return {
        "open": mouths.source == "mouth_open",
        "yawn": (mouths.source == "yawdd") & (mouths.camera == "mirror") & (mouths.view == "single"),
    }


def loss_of(found: Tensor, mouths: MouthSet, index: np.ndarray, taught: Tensor | None) -> Tensor:
    """Cross-entropy of both answers where they are known, and distance to the teachers on all."""
    whole = found.new_zeros(())
    for column, share in ((0, 1 - YAWN_LOSS_SHARE), (1, YAWN_LOSS_SHARE)):
        truth, weight = (mouths.open, mouths.open_weight) if column == 0 else (mouths.yawn, mouths.yawn_weight)
        target = torch.from_numpy(truth[index]) * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
        known = torch.from_numpy(weight[index])
        hard = F.binary_cross_entropy_with_logits(found[:, column], target, weight=known)
        if taught is None:
            whole = whole + share * hard
        else:
            soft = F.binary_cross_entropy_with_logits(found[:, column], taught[:, column].sigmoid())
            whole = whole + share * (DISTILLED_SHARE * soft + (1 - DISTILLED_SHARE) * hard)
    return whole


def load_net(path: Path, widths: tuple[int, int, int, int] = WIDTHS) -> MouthNetwork:
    """Load a network's weights."""
    net = MouthNetwork(widths).to(memory_format=torch.channels_last)
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.eval()


def look(net: nn.Module, others: MouthSet, shown: dict[str, Tensor]) -> dict[str, float]:
    """Balanced accuracy on held-out people, plain and night-like."""
    figures = {}
    for light, inputs in shown.items():
        logits = answers_of(net, inputs).numpy()
        for column, name in enumerate(LABELS):
            part = scored(others)[name]
            truth = (others.open if name == "open" else others.yawn)[part] > 0
            if len(np.unique(truth)) == 2:
                figures[f"{light} {name}"] = balanced(logits[part, column] > 0, truth)
    return figures


def train(options: argparse.Namespace) -> None:
    """Train to the last step; the average's weights are in ``last.pt``, its answers on the fold in ``held_out.npz``."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    everybody = load_mouths(options.harvest, options.data)
    fold = HELD_OUT if options.hold_out is None else options.hold_out
    mouths, others = everybody.take(~np.isin(everybody.fold, (fold, HELD_OUT))), everybody.take(everybody.fold == fold)
    # Besides what is scored, everybody else's mouths of the fold would only cost time to look at.
    others = others.take(np.any(list(scored(others).values()), axis=0))
    canvases, chances = torch.from_numpy(mouths.canvases), torch.from_numpy(drawing_chances(mouths))
    look_at = torch.from_numpy(others.canvases)
    shown = {"plain": plain(look_at), "night": MouthAugmenter(1000).night(look_at)}
    augment = MouthAugmenter(options.seed)
    teachers = [load_net(path, TEACHER_WIDTHS) for path in options.teachers]

    def loss_of_batch(index: Tensor) -> Tensor:
        inputs = augment(canvases[index]).contiguous(memory_format=torch.channels_last)
        taught = taught_by(teachers, inputs)
        with torch.autocast("cpu", torch.bfloat16):
            found = run.net(inputs)
        return loss_of(found.float(), mouths, index.numpy(), taught)

    net = MouthNetwork(TEACHER_WIDTHS if options.large else WIDTHS)
    run = Run(net, augment.random, options.out, replace(SETTINGS, steps=options.steps))
    resumed = run.resume()
    print(f"{'resumed' if resumed else 'new'} run: {len(mouths):,} mouths, {len(others):,} held out", flush=True)
    while not run.over():
        loss = run.round(chances, loss_of_batch)
        seen = run.over() or run.step % options.look_every == 0
        run.close_round(loss=loss, **(look(run.average, others, shown) if seen else {}))
    run.keep("last.pt")
    answers = {light: answers_of(run.average, inputs).numpy() for light, inputs in shown.items()}
    np.savez(options.out / "held_out.npz", name=others.file, group=others.group, source=others.source, **answers)
    draw_curve(run.history, options.out / "learning_curve.png")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds yawdd_frames/, ...")
    parser.add_argument("--harvest", type=Path, default=Path("build/train/mouth/harvest"))
    add_run_options(parser, out=Path("build/train/mouth/run"), steps=3000, seed=5, folds=FOLDS)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
