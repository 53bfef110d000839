"""Train the eye-state network: ``python tools/train/eye_state.py --eyes build/train/eye_state/harvest --hold-out 0``.

A run is a fixed number of steps, so that the same seed gives the same course on any machine; a checkpoint after every
round lets a stopped run go on. What is kept is the moving average of the weights after the last step: nothing is chosen
by looking at held-out people. ``--hold-out K`` keeps fold K of the people out and reports on it; without it the network
learns from everybody, which is what is shipped, while the five held-out runs say what the recipe is worth.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from curve import draw_curve
from eye_augment import Batch, EyeAugmenter, plain
from eye_data import FOLDS, EyeSet, load_eyes
from eye_net import OPENNESS_MIDDLE, OPENNESS_SCALE, EyeNet
from run import Run, Settings, add_run_options, answers_of, taught_by
from torch import Tensor, nn
from torch.nn import functional as F

SOURCE_SHARES = {
    "rgb": 0.24,
    "webcam": 0.08,
    "yawdd": 0.16,
    "nir": 0.10,
    "clips": 0.12,
    "wild": 0.12,
    "fer": 0.15,
    "ckplus": 0.03,
}
"""Share of each source in what the network sees [D]; where both states are known, half of it closed."""

CLOSED_SHARE = 0.5
SCARCE_DRAWS = 0.0004
"""No single eye is drawn more often than this: thirteen persons' few closed eyes would be learnt by heart [D]."""

TEACHER_WIDTHS, TEACHER_HEAD = (24, 48, 96), 160
LABEL_SMOOTHING = 0.03
OPENNESS_SHARE = 1.0
DISTILLED_SHARE = 0.7
SETTINGS = Settings(
    learning_rate=3e-3, batch=128, round_steps=250, average_decay=0.998, weight_decay=2e-2, warm_up_steps=100
)


def batch_of(eyes: EyeSet, index: np.ndarray) -> Batch:
    """Gather canvases and what goes with them."""
    return Batch(
        torch.from_numpy(eyes.canvases[index]),
        torch.from_numpy(eyes.sides[index]),
        torch.from_numpy(eyes.irises[index]),
        torch.from_numpy(eyes.tight[index]),
    )


def drawing_chances(eyes: EyeSet) -> np.ndarray:
    """Chance of each eye: shares of the sources, each half closed where it can be, one vote a person inside."""
    chances = np.zeros(len(eyes))
    for source, share in SOURCE_SHARES.items():
        of_source = eyes.source == source
        known = of_source & (eyes.state_weight > 0)
        parts = (
            (known & (eyes.state == 0), CLOSED_SHARE),
            (known & (eyes.state == 1), 0.9 - CLOSED_SHARE),
            (of_source & (eyes.state_weight == 0), 0.1),
        )
        whole = sum(weight for part, weight in parts if part.any())
        for part, weight in parts:
            if not part.any():
                continue
            _, member, count = np.unique(eyes.group[part], return_inverse=True, return_counts=True)
            vote = 1.0 / np.sqrt(count[member])
            chances[part] += share * weight / whole * vote / vote.sum()
    chances /= chances.sum()
    return np.minimum(chances, SCARCE_DRAWS) / np.minimum(chances, SCARCE_DRAWS).sum()


def balanced(found: np.ndarray, state: np.ndarray) -> float:
    """Mean recall of open and closed; NaN where one is missing."""
    return float((found[state == 1].mean() + (1 - found[state == 0].mean())) / 2)


def loss_of(found: Tensor, eyes: EyeSet, index: np.ndarray, taught: Tensor | None) -> Tensor:
    """Cross-entropy of the state where it is known, smooth distance of the openness, distance to the teachers."""
    state = torch.from_numpy(eyes.state[index])
    weight = torch.from_numpy(eyes.state_weight[index])
    target = state * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    openness = (torch.from_numpy(eyes.openness[index]) - OPENNESS_MIDDLE) * OPENNESS_SCALE
    open_weight = torch.from_numpy(eyes.openness_weight[index])
    by_state = F.binary_cross_entropy_with_logits(found[:, 0], target, reduction="none") * weight
    by_openness = F.smooth_l1_loss(found[:, 1], openness, reduction="none") * open_weight
    hard = by_state.mean() + OPENNESS_SHARE * 0.25 * by_openness.mean()
    if taught is None:
        return hard
    soft = F.binary_cross_entropy_with_logits(found[:, 0], taught[:, 0].sigmoid())
    soft = soft + OPENNESS_SHARE * 0.25 * F.smooth_l1_loss(found[:, 1], taught[:, 1])
    return DISTILLED_SHARE * soft + (1 - DISTILLED_SHARE) * hard


def load_teacher(path: Path) -> EyeNet:
    """Load a large network's weights."""
    net = EyeNet(TEACHER_WIDTHS, TEACHER_HEAD).to(memory_format=torch.channels_last)
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.eval()


def look(net: nn.Module, others: EyeSet, shown: dict[str, Tensor]) -> dict[str, float]:
    """Balanced accuracy on held-out people, by light and source, where both states are known."""
    figures = {}
    for light, inputs in shown.items():
        found = answers_of(net, inputs)[:, 0].numpy() > 0
        for source in ("rgb", "yawdd", "nir", "webcam"):
            of = (others.source == source) & (others.state_weight > 0)
            if len(np.unique(others.state[of])) == 2:
                figures[f"{light} {source}"] = balanced(found[of], others.state[of])
    return figures


def train(options: argparse.Namespace) -> None:
    """Train to the last step; the average's weights are in ``last.pt``, its answers on the fold in ``held_out.npz``."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    everybody = load_eyes(options.eyes)
    held_out = everybody.fold == (-1 if options.hold_out is None else options.hold_out)
    eyes, others = everybody.take(~held_out), everybody.take(held_out)
    chances = torch.from_numpy(drawing_chances(eyes))
    shown = {}
    if len(others):
        batch = batch_of(others, np.arange(len(others)))
        shown = {"plain": plain(batch), "night": EyeAugmenter(1000).night(batch)}
    augment = EyeAugmenter(options.seed)
    teachers = [load_teacher(path) for path in options.teachers]

    def loss_of_batch(index: Tensor) -> Tensor:
        rows = index.numpy()
        inputs = augment(batch_of(eyes, rows)).contiguous(memory_format=torch.channels_last)
        taught = taught_by(teachers, inputs)
        with torch.autocast("cpu", torch.bfloat16):
            found = run.net(inputs)
        return loss_of(found.float(), eyes, rows, taught)

    net = EyeNet(TEACHER_WIDTHS, TEACHER_HEAD) if options.large else EyeNet()
    run = Run(net, augment.random, options.out, replace(SETTINGS, steps=options.steps))
    resumed = run.resume()
    print(f"{'resumed' if resumed else 'new'} run: {len(eyes):,} eyes, {len(others):,} held out", flush=True)
    while not run.over():
        loss = run.round(chances, loss_of_batch)
        seen = run.over() or run.step % options.look_every == 0
        run.close_round(loss=loss, **(look(run.average, others, shown) if seen else {}))
    run.keep("last.pt")
    if len(others):
        answers = {light: answers_of(run.average, inputs).numpy() for light, inputs in shown.items()}
        np.savez(options.out / "held_out.npz", source=others.source, name=others.name, group=others.group, **answers)
    draw_curve(run.history, options.out / "learning_curve.png")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path("build/train/eye_state/harvest"))
    add_run_options(parser, out=Path("build/train/eye_state/run"), steps=6000, seed=3, folds=FOLDS)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
