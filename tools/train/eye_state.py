"""Train the eye-state network: ``python tools/train/eye_state.py --eyes build/train/eye_state/harvest --hold-out 0``.

A run is a fixed number of steps, so that the same seed gives the same course on any machine; a checkpoint after every
round lets a stopped run go on. What is kept is the moving average of the weights after the last step: nothing is chosen
by looking at held-out people. ``--hold-out K`` keeps fold K of the people out and reports on it; without it the network
learns from everybody, which is what is shipped, while the five held-out runs say what the recipe is worth.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from eye_augment import Batch, EyeAugmenter, plain
from eye_data import FOLDS, EyeSet, load_eyes
from eye_net import HEAD_CHANNELS, OPENNESS_MIDDLE, OPENNESS_SCALE, WIDTHS, EyeNet
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

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
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 2e-2
AVERAGE_DECAY = 0.998
WARM_UP_STEPS = 100
BATCH = 128
ROUND_STEPS = 250


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


@torch.no_grad()
def answers_of(net: EyeNet, inputs: Tensor) -> Tensor:
    """Compute (N, 2) in evaluation mode."""
    net.eval()
    return torch.cat([net(x.contiguous(memory_format=torch.channels_last)) for x in inputs.split(512)])


def balanced(found: np.ndarray, state: np.ndarray) -> float:
    """Mean recall of open and closed; NaN where one is missing."""
    return float((found[state == 1].mean() + (1 - found[state == 0].mean())) / 2)


@torch.no_grad()
def move_average(average: EyeNet, net: EyeNet, step: int) -> None:
    """Do one step of the moving average, quicker at the start so that the first weights are soon forgotten."""
    decay = min(AVERAGE_DECAY, step / (step + 10))
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


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


class Run:
    """One training run with its checkpoint."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self.options = options
        widths, head = (TEACHER_WIDTHS, TEACHER_HEAD) if options.large else (WIDTHS, HEAD_CHANNELS)
        self.net = EyeNet(widths, head).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        self.augment = EyeAugmenter(options.seed)
        self.teachers = [load_teacher(path) for path in options.teachers]
        self.step = 0
        self.spent_s = 0.0
        self.history: list[dict[str, float]] = []
        self.checkpoint = options.out / "checkpoint.pt"

    def resume(self) -> bool:
        """Take up a stopped run from its checkpoint; False where there is none."""
        if not self.checkpoint.exists():
            return False
        state = torch.load(self.checkpoint, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.augment.random.set_state(state["random"])
        self.step, self.spent_s, self.history = state["step"], state["spent_s"], state["history"]
        return True

    def save(self) -> None:
        """Write the checkpoint, whole or not at all, and the history beside it."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": self.augment.random.get_state(),
            "step": self.step,
            "spent_s": self.spent_s,
            "history": self.history,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)
        (self.options.out / "history.json").write_text(json.dumps(self.history, indent=1))

    def learning_rate(self) -> float:
        """Give the rate of this step: a short warm-up, then a cosine."""
        done = self.step / self.options.steps
        return LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * done)) * min(1.0, (self.step + 1) / WARM_UP_STEPS)

    def round(self, eyes: EyeSet, chances: Tensor) -> float:
        """Do one round of steps; returns the mean loss."""
        self.net.train()
        steps = min(ROUND_STEPS, self.options.steps - self.step)
        drawn = torch.multinomial(chances, steps * BATCH, replacement=True, generator=self.augment.random)
        losses = []
        started = time.monotonic()
        for index in tqdm(drawn.split(BATCH), disable=not sys.stderr.isatty(), leave=False):
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate()
            rows = index.numpy()
            inputs = self.augment(batch_of(eyes, rows)).contiguous(memory_format=torch.channels_last)
            taught = self.taught(inputs)
            with torch.autocast("cpu", torch.bfloat16):
                found = self.net(inputs)
            loss = loss_of(found.float(), eyes, rows, taught)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.step += 1
            move_average(self.average, self.net, self.step)
            losses.append(loss.item())
        self.spent_s += time.monotonic() - started
        return float(np.mean(losses))

    @torch.no_grad()
    def taught(self, inputs: Tensor) -> Tensor | None:
        """Mean answer of the teachers to these very crops; None without teachers."""
        if not self.teachers:
            return None
        with torch.autocast("cpu", torch.bfloat16):
            return torch.stack([teacher(inputs).float() for teacher in self.teachers]).mean(0)


def load_teacher(path: Path) -> EyeNet:
    """Load a large network's weights."""
    net = EyeNet(TEACHER_WIDTHS, TEACHER_HEAD).to(memory_format=torch.channels_last)
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.eval()


def train(options: argparse.Namespace) -> None:
    """Train to the last step; the average's weights are in ``last.pt``, its answers on the fold in ``held_out.npz``."""
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    everybody = load_eyes(options.eyes)
    held_out = everybody.fold == (-1 if options.hold_out is None else options.hold_out)
    eyes, others = everybody.take(~held_out), everybody.take(held_out)
    chances = torch.from_numpy(drawing_chances(eyes))
    run = Run(options)
    resumed = run.resume()
    print(f"{'resumed' if resumed else 'new'} run: {len(eyes):,} eyes, {len(others):,} held out", flush=True)
    shown = {}
    if len(others):
        batch = batch_of(others, np.arange(len(others)))
        shown = {"plain": plain(batch), "night": EyeAugmenter(1000).night(batch)}
    while run.step < options.steps:
        loss = run.round(eyes, chances)
        entry = {"minutes": run.spent_s / 60, "step": run.step, "loss": loss}
        if run.step % options.look_every == 0 or run.step >= options.steps:
            for light, inputs in shown.items():
                found = answers_of(run.average, inputs)[:, 0].numpy() > 0
                for source in ("rgb", "yawdd", "nir", "webcam"):
                    of = (others.source == source) & (others.state_weight > 0)
                    if len(np.unique(others.state[of])) == 2:
                        entry[f"{light} {source}"] = balanced(found[of], others.state[of])
        run.history.append(entry)
        run.save()
        print(", ".join(f"{key} {value:.4g}" for key, value in entry.items()), flush=True)
    torch.save(run.average.state_dict(), options.out / "last.pt")
    if len(others):
        answers = {light: answers_of(run.average, inputs).numpy() for light, inputs in shown.items()}
        np.savez(options.out / "held_out.npz", source=others.source, name=others.name, group=others.group, **answers)
    draw_eye_curve(run.history, options.out / "learning_curve.png")


def draw_eye_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw the loss and the held-out figures over training time."""
    import matplotlib as mpl  # noqa: PLC0415  only here, and slow to import
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.use("Agg")
    figure, left = plt.subplots(figsize=(8, 4.5))
    left.plot([e["step"] for e in history], [e["loss"] for e in history], color="tab:grey", label="training loss")
    left.set_xlabel("step")
    left.set_ylabel("training loss")
    right = left.twinx()
    for key in sorted({key for entry in history for key in entry} - {"minutes", "step", "loss"}):
        points = [(e["step"], e[key]) for e in history if key in e]
        right.plot(*zip(*points, strict=True), label=f"held out, {key}", linestyle="--" if "night" in key else "-")
    right.set_ylabel("balanced accuracy")
    if right.lines:
        right.legend(loc="lower right", fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path("build/train/eye_state/harvest"))
    parser.add_argument("--out", type=Path, default=Path("build/train/eye_state/run"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--hold-out", type=int, choices=range(FOLDS), help="fold of people to leave out")
    parser.add_argument("--large", action="store_true", help="train a large network, to teach the small one")
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], help="last.pt of large runs")
    parser.add_argument("--look-every", type=int, default=1000, help="steps between looks at the held-out people")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
