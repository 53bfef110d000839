"""Train the expression network: ``python tools/train/expression.py --data DIR --detector FILE --minutes 75``.

One run within a budget of wall-clock time: the learning rate follows a cosine over that budget, an exponential
moving average of the weights is what gets validated and kept, and a checkpoint after every round lets a stopped run
go on. The best average is chosen by the validation half of FER+ alone, plain and night-like; the held-out people of
the other sets are looked at by ``measure.py`` only, after training.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from augment import Augmenter, plain
from curve import draw_curve
from data import FaceSet, load_sets
from net import ExpressionNet, parameter_count
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

SOURCE_SHARES = {"ferplus": 0.82, "wild": 0.07, "ckplus": 0.06, "nir": 0.05}
"""Share of each set in what the network sees [D]; infrared is small: 8 people would soon be learnt by heart."""

RARE_CLASS_POWER = 0.25
"""Pictures of a class are drawn in proportion to 1 / count**power: rare classes more often, mildly [D]."""

LABEL_SMOOTHING = 0.1
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 2e-2
AVERAGE_DECAY = 0.998
WARM_UP_STEPS = 60
DRAWS_A_ROUND = 26_624


@dataclass(frozen=True)
class Pool:
    """Everything that may be drawn in training, with the chance of each picture."""

    canvases: Tensor
    targets: Tensor
    chances: Tensor


def pool_of(sets: dict[str, FaceSet]) -> Pool:
    """Join the training parts of all sets, with smoothed targets and the drawing chances."""
    canvases, targets, chances = [], [], []
    for name, share in SOURCE_SHARES.items():
        part = sets[name].part(held_out=False)
        label = part.shares.argmax(1)
        count = np.bincount(label, minlength=part.shares.shape[1])
        chance = 1.0 / count[label] ** RARE_CLASS_POWER
        smoothing = 0.0 if name == "ferplus" else LABEL_SMOOTHING
        canvases.append(part.canvases)
        targets.append(part.shares * (1 - smoothing) + smoothing / part.shares.shape[1])
        chances.append(share * chance / chance.sum())
    return Pool(
        torch.from_numpy(np.concatenate(canvases)),
        torch.from_numpy(np.concatenate(targets).astype(np.float32)),
        torch.from_numpy(np.concatenate(chances)),
    )


def choosing_half(valid: FaceSet) -> np.ndarray:
    """Mark the half of the FER+ validation split (by CRC-32 of the name) that chooses; the other only reports."""
    return np.array([zlib.crc32(name.encode()) % 2 == 0 for name in valid.subjects])


@torch.no_grad()
def logits_of(net: ExpressionNet, inputs: Tensor, batch: int = 256) -> Tensor:
    """Compute logits (N, 8) in evaluation mode."""
    net.eval()
    return torch.cat([net(x) for x in inputs.split(batch)])


def accuracy(logits: Tensor, truth: Tensor) -> float:
    """Share of pictures whose largest logit is the true class."""
    return float((logits.argmax(1) == truth).float().mean())


@torch.no_grad()
def move_average(average: ExpressionNet, net: ExpressionNet, step: int) -> None:
    """Do one step of the moving average, quicker at the start so that the first weights are soon forgotten."""
    decay = min(AVERAGE_DECAY, step / (step + 10))
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


class Run:
    """One training run with its checkpoint."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self.options = options
        self.net = ExpressionNet().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        self.augment = Augmenter(options.seed)
        self.step = 0
        self.spent_s = 0.0
        self.best = -1.0
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
        self.step, self.spent_s, self.best = state["step"], state["spent_s"], state["best"]
        self.history = state["history"]
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
            "best": self.best,
            "history": self.history,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)
        (self.options.out / "history.json").write_text(json.dumps(self.history, indent=1))

    def learning_rate(self) -> float:
        """Give the rate for this moment: a short warm-up, then a cosine over the time budget."""
        done = min(1.0, self.spent_s / (self.options.minutes * 60))
        return LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * done)) * min(1.0, (self.step + 1) / WARM_UP_STEPS)

    def round(self, pool: Pool) -> float:
        """Draw one round of pictures; returns the mean loss. Ends early when the budget is spent."""
        self.net.train()
        size = self.options.batch
        drawn = torch.multinomial(pool.chances, DRAWS_A_ROUND, replacement=True, generator=self.augment.random)
        losses = []
        for index in tqdm(drawn.split(size), disable=not sys.stderr.isatty(), leave=False):
            started = time.monotonic()
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate()
            inputs = self.augment(pool.canvases[index]).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(self.net(inputs), pool.targets[index])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.step += 1
            move_average(self.average, self.net, self.step)
            losses.append(loss.item())
            self.spent_s += time.monotonic() - started
            if self.over():
                break
        return float(np.mean(losses))

    def over(self) -> bool:
        """Tell whether the time budget is spent."""
        return self.spent_s >= self.options.minutes * 60


def train(options: argparse.Namespace) -> None:
    """Train until the budget is spent, keeping the best average in ``best.pt``."""
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    sets = load_sets(options.data, options.detector)
    pool = pool_of(sets)
    valid = sets["ferplus"].part(held_out=True)
    chosen = choosing_half(valid)
    canvases = torch.from_numpy(valid.canvases[chosen])
    truth = torch.from_numpy(valid.shares[chosen].argmax(1))
    day, night = plain(canvases), Augmenter(options.seed + 1).night(canvases)
    run = Run(options)
    resumed = run.resume()
    print(
        f"{'resumed' if resumed else 'new'} run: {parameter_count(run.net):,} parameters, "
        f"{len(pool.targets):,} training pictures, {len(truth):,} choose",
        flush=True,
    )
    while not run.over():
        loss = run.round(pool)
        by_day, by_night = (accuracy(logits_of(run.average, x), truth) for x in (day, night))
        score = (by_day + by_night) / 2
        run.history.append({"minutes": run.spent_s / 60, "loss": loss, "day": by_day, "night": by_night})
        if score > run.best:
            run.best = score
            torch.save(run.average.state_dict(), options.out / "best.pt")
        run.save()
        print(
            f"round {len(run.history)} {run.spent_s / 60:.1f} min loss {loss:.3f} day {by_day:.4f} night {by_night:.4f}"
            f"{' *' if score == run.best else ''}",
            flush=True,
        )
    draw_curve(run.history, options.out / "learning_curve.png")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds fer2013plus/, ckplus48/, ...")
    parser.add_argument("--detector", type=Path, required=True, help="face_detection_short_range.tflite")
    parser.add_argument("--out", type=Path, default=Path("build/train/expression"))
    parser.add_argument("--minutes", type=float, default=75.0, help="wall-clock budget of training itself")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=20)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
