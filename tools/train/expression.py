"""Train an expression network: ``python tools/train/expression.py --net student --data DIR --minutes 45``.

One run within a budget of processor time: the learning rate follows a cosine over that budget, an exponential
moving average of the weights is what gets validated and kept, and a checkpoint after every round lets a stopped run
go on. The best average is chosen by the validation half of FER+ alone, plain and night-like; the held-out people of
the other sets are looked at by ``measure.py`` only, after training. Infrared faces take no part here.

``--net teacher`` and ``--net pretrained`` make the two teachers, ``teach.py`` lets them answer for every training
picture, and ``--targets`` gives their answers to the student. ``--start`` with ``--strength 0.5 --rate 0.25`` goes on
from a finished run with half of the augmentation: what was learnt in bad light settles in better light.
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
from data import FaceSet, load_visible
from net import CLASSES, SHAPES, ExpressionNet, parameter_count
from shipped import restore
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

SOURCE_SHARES = {"ferplus": 0.84, "wild": 0.08, "ckplus": 0.08}
"""Share of each set in what the network sees [D]."""

RARE_CLASS_POWER = 0.25
"""Pictures of a class are drawn in proportion to 1 / count**power: rare classes more often, mildly [D]."""

TEACHER_SHARE = 0.6
"""How much of a target the teachers' answer makes up, where there is one; the label makes up the rest [D]."""

FER2013_WEIGHT = 0.4
"""Weight of the loss on the FER2013 labels beside that on the votes [D]."""

LABEL_SMOOTHING = 0.1
LEARNING_RATES = {"student": 2e-3, "teacher": 2e-3, "pretrained": 6e-4}
WEIGHT_DECAY = 3e-2
AVERAGE_DECAY = 0.998
WARM_UP_STEPS = 100
RESTORING_PICTURES = 2048
DRAWS_A_ROUND = 26_624


@dataclass(frozen=True)
class Pool:
    """Everything that may be drawn in training, with the chance of each picture."""

    canvases: Tensor
    votes: Tensor
    """Label shares (N, 8)."""
    fer2013: Tensor
    """Shares of the FER2013 label (N, 7); all zero where there is none."""
    chances: Tensor

    def taught(self, answers: Path) -> Pool:
        """Mix the teachers' answers into the labels."""
        told = np.load(answers)
        votes, fer2013 = (torch.from_numpy(told[name]) for name in ("votes", "fer2013"))
        if len(votes) != len(self.votes):
            raise SystemExit(f"{answers} answers for {len(votes)} pictures, not {len(self.votes)}: run teach.py again.")
        known = self.fer2013.sum(1, keepdim=True)
        return Pool(
            self.canvases,
            self.votes.lerp(votes, TEACHER_SHARE),
            self.fer2013.lerp(fer2013 * known, TEACHER_SHARE),
            self.chances,
        )


def pool_of(sets: dict[str, FaceSet]) -> Pool:
    """Join the training parts of all sets, with smoothed targets and the drawing chances."""
    parts = [sets[name].part(held_out=False) for name in SOURCE_SHARES]
    votes, fer2013, chances = [], [], []
    for (name, share), part in zip(SOURCE_SHARES.items(), parts, strict=True):
        label = part.shares.argmax(1)
        count = np.bincount(label, minlength=part.shares.shape[1])
        chance = 1.0 / count[label] ** RARE_CLASS_POWER
        smoothing = 0.0 if name == "ferplus" else LABEL_SMOOTHING
        votes.append(part.shares * (1 - smoothing) + smoothing / part.shares.shape[1])
        # Without a label (-1) the last row is taken, that of contempt, which leaves nothing but zeros.
        fer2013.append(np.eye(CLASSES)[part.fer_label, : CLASSES - 1])
        chances.append(share * chance / chance.sum())
    return Pool(
        torch.from_numpy(np.concatenate([part.canvases for part in parts])),
        torch.from_numpy(np.concatenate(votes).astype(np.float32)),
        torch.from_numpy(np.concatenate(fer2013).astype(np.float32)),
        torch.from_numpy(np.concatenate(chances)),
    )


def open_net(name: str) -> nn.Module:
    """Make the network of this name, untrained or pretrained."""
    if name == "pretrained":
        from pretrained import PretrainedNet  # noqa: PLC0415 - only teachers need the package

        return PretrainedNet()
    return ExpressionNet(SHAPES[name])


def some_pictures(pool: Pool, seed: int) -> Tensor:
    """Draw the pictures (N, 1, 48, 48) that the normalisation of a shipped file is found on."""
    augment = Augmenter(seed)
    drawn = torch.multinomial(pool.chances, RESTORING_PICTURES, generator=augment.random)
    return augment(pool.canvases[drawn])


def load_weights(name: str, start: Path, pictures: Tensor) -> dict[str, Tensor]:
    """Read weights to go on from: the best of a run's folder, or a shipped int8 file, normalised on `pictures`."""
    if start.is_dir():
        return torch.load(start / "best.pt", weights_only=True)
    net = open_net(name)
    restore(net, start, pictures)
    return net.state_dict()


def autocast(name: str) -> torch.autocast:
    """Compute plain convolutions with 16 bits, four times as fast on matrix units; depthwise ones gain nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=name != "pretrained")


def loss_of(outputs: Tensor, votes: Tensor, fer2013: Tensor) -> Tensor:
    """Cross entropy against the votes, and against the FER2013 label where there is one."""
    by_label = -(fer2013 * outputs[:, CLASSES:].log_softmax(1)).sum(1).mean()
    return F.cross_entropy(outputs[:, :CLASSES], votes) + FER2013_WEIGHT * by_label


def choosing_half(valid: FaceSet) -> np.ndarray:
    """Mark the half of the FER+ validation split (by CRC-32 of the name) that chooses; the other only reports."""
    return np.array([zlib.crc32(name.encode()) % 2 == 0 for name in valid.subjects])


@torch.no_grad()
def logits_of(net: nn.Module, inputs: Tensor, batch: int = 256) -> Tensor:
    """Compute logits (N, 15) in evaluation mode."""
    net.eval()
    return torch.cat([net(x.contiguous(memory_format=torch.channels_last)) for x in inputs.split(batch)])


def accuracy(logits: Tensor, truth: Tensor) -> float:
    """Share of pictures whose largest logit is the true class."""
    return float((logits[:, :CLASSES].argmax(1) == truth).float().mean())


@torch.no_grad()
def move_average(average: nn.Module, net: nn.Module, step: int) -> None:
    """Do one step of the moving average, quicker at the start so that the first weights are soon forgotten."""
    decay = min(AVERAGE_DECAY, step / (step + 10))
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


class Run:
    """One training run with its checkpoint."""

    def __init__(self, options: argparse.Namespace, pictures: Tensor) -> None:
        torch.manual_seed(options.seed)
        self.options = options
        self.net = open_net(options.net).to(memory_format=torch.channels_last)
        if options.start:
            self.net.load_state_dict(load_weights(options.net, options.start, pictures))
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=1.0, weight_decay=WEIGHT_DECAY)
        self.augment = Augmenter(options.seed, options.strength)
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
        """Give the rate for this moment: a short warm-up, then a cosine over the budget."""
        done = min(1.0, self.spent_s / (self.options.minutes * 60))
        return (
            LEARNING_RATES[self.options.net]
            * 0.5
            * (1 + math.cos(math.pi * done))
            * min(1.0, (self.step + 1) / WARM_UP_STEPS)
        )

    def round(self, pool: Pool) -> float:
        """Draw one round of pictures; returns the mean loss. Ends early when the budget is spent."""
        self.net.train()
        size = self.options.batch
        drawn = torch.multinomial(pool.chances, DRAWS_A_ROUND, replacement=True, generator=self.augment.random)
        losses = []
        for index in tqdm(drawn.split(size), disable=not sys.stderr.isatty(), leave=False):
            started = time.process_time()
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate()
            inputs = self.augment(pool.canvases[index]).contiguous(memory_format=torch.channels_last)
            with autocast(self.options.net):
                outputs = self.net(inputs)
            loss = loss_of(outputs.float(), pool.votes[index], pool.fer2013[index])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.step += 1
            move_average(self.average, self.net, self.step)
            losses.append(loss.item())
            self.spent_s += (time.process_time() - started) / self.options.threads
            if self.over():
                break
        return float(np.mean(losses))

    def over(self) -> bool:
        """Tell whether the time budget is spent."""
        return self.spent_s >= self.options.minutes * 60


def train(options: argparse.Namespace) -> None:
    """Train until the budget is spent, keeping the best average in ``best.pt``."""
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    sets = load_visible(options.data)
    pool = pool_of(sets)
    if options.targets:
        pool = pool.taught(options.targets)
    valid = sets["ferplus"].part(held_out=True)
    chosen = choosing_half(valid)
    canvases = torch.from_numpy(valid.canvases[chosen])
    truth = torch.from_numpy(valid.shares[chosen].argmax(1))
    day, night = plain(canvases), Augmenter(options.seed + 1).night(canvases)
    run = Run(options, some_pictures(pool, options.seed))
    resumed = run.resume()
    print(
        f"{'resumed' if resumed else 'new'} run: {parameter_count(run.net):,} parameters, "
        f"{len(pool.votes):,} training pictures, {len(truth):,} choose",
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
    parser.add_argument("--net", choices=("student", "teacher", "pretrained"), default="student")
    parser.add_argument("--targets", type=Path, help="the teachers' answers, from teach.py")
    parser.add_argument("--out", type=Path, help="folder of this run (default: build/train/NET)")
    parser.add_argument("--start", type=Path, help="run folder or shipped .tflite to go on from")
    parser.add_argument("--strength", type=float, default=1.0, help="of the augmentation")
    parser.add_argument("--rate", type=float, default=1.0, help="factor of the learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=75.0, help="processor time of training itself, a thread")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    options.out = options.out or Path("build/train") / options.net
    train(options)


if __name__ == "__main__":
    main()
