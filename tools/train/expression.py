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
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from augment import Augmenter, plain
from curve import draw_curve
from data import FaceSet, load_visible
from net import CLASSES, SHAPES, ExpressionNet, parameter_count
from run import Run, Settings, answers_of
from shipped import restore
from torch import Tensor, nn
from torch.nn import functional as F

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


def accuracy(logits: Tensor, truth: Tensor) -> float:
    """Share of pictures whose largest logit is the true class."""
    return float((logits[:, :CLASSES].argmax(1) == truth).float().mean())


def settings_of(options: argparse.Namespace) -> Settings:
    """Collect how this network is trained."""
    return Settings(
        learning_rate=LEARNING_RATES[options.net] * options.rate,
        batch=options.batch,
        round_steps=DRAWS_A_ROUND // options.batch,
        average_decay=AVERAGE_DECAY,
        weight_decay=WEIGHT_DECAY,
        warm_up_steps=WARM_UP_STEPS,
        minutes=options.minutes,
        threads=options.threads,
    )


def train(options: argparse.Namespace) -> None:
    """Train until the budget is spent, keeping the best average in ``best.pt``."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    sets = load_visible(options.data)
    pool = pool_of(sets)
    if options.targets:
        pool = pool.taught(options.targets)
    valid = sets["ferplus"].part(held_out=True)
    chosen = choosing_half(valid)
    canvases = torch.from_numpy(valid.canvases[chosen])
    truth = torch.from_numpy(valid.shares[chosen].argmax(1))
    day, night = plain(canvases), Augmenter(options.seed + 1).night(canvases)
    net = open_net(options.net)
    if options.start:
        net.load_state_dict(load_weights(options.net, options.start, some_pictures(pool, options.seed)))
    augment = Augmenter(options.seed, options.strength)

    def loss_of_batch(index: Tensor) -> Tensor:
        inputs = augment(pool.canvases[index]).contiguous(memory_format=torch.channels_last)
        with autocast(options.net):
            outputs = run.net(inputs)
        return loss_of(outputs.float(), pool.votes[index], pool.fer2013[index])

    run = Run(net, augment.random, options.out, settings_of(options))
    resumed = run.resume()
    print(
        f"{'resumed' if resumed else 'new'} run: {parameter_count(run.net):,} parameters, "
        f"{len(pool.votes):,} training pictures, {len(truth):,} choose",
        flush=True,
    )
    while not run.over():
        loss = run.round(pool.chances, loss_of_batch)
        by_day, by_night = (accuracy(answers_of(run.average, x), truth) for x in (day, night))
        score = (by_day + by_night) / 2
        if score > run.best:
            run.best = score
            run.keep("best.pt")
        run.close_round(loss=loss, day=by_day, night=by_night, best=run.best)
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
