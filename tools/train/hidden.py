"""Train the hidden-eye network: ``python tools/train/hidden.py --eyes build/train/eye_state/harvest --hold-out 0``.

One grey eye in, the logit of "a lens hides it" out. Half of what the network sees is hidden, mostly by lenses that are
drawn (`hidden_augment.py`), some by real ones. A run is a fixed number of steps with a checkpoint after every round;
the moving average after the last step is kept, and nothing is chosen by looking at held-out people. Without
``--hold-out`` it learns from everybody, which is what is shipped; the six held-out runs say what the recipe is worth
(`hidden_measure.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from curve import draw_curve
from eye_augment import plain
from eye_net import EyeNet
from eye_state import batch_of
from hidden_augment import HiddenAugmenter
from hidden_data import FOLDS, HiddenSet, load_hidden
from run import Run, Settings, answers_of
from torch import Tensor
from torch.nn import functional as F

SOURCE_SHARES = {"rgb": 0.20, "webcam": 0.05, "yawdd": 0.30, "nir": 0.15, "clips": 0.10, "wild": 0.15, "ckplus": 0.05}
"""Share of each source in the eyes that are not hidden [D]; glasses weigh twice: they must not be taken for lenses."""
GLASSES_WEIGHT = 2.0
HIDDEN_SHARE = 0.125
"""Eyes behind real lenses, some 300 of forty people: more of them would be learnt by heart [D]."""
LENSED_SHARE = 0.43
"""Eyes before which a lens is drawn, so that half of all are hidden [D]."""

WIDTHS, HEAD_CHANNELS = (8, 16, 32), 48
"""A third of the eye-state network's: 40 kB as int8 [D]."""
LABEL_SMOOTHING = 0.02
SETTINGS = Settings(
    learning_rate=3e-3, batch=128, round_steps=250, average_decay=0.995, weight_decay=2e-2, warm_up_steps=100
)


def hidden_net() -> EyeNet:
    """Make the untrained network: (N, 1) from crops (N, 1, 48, 48)."""
    return EyeNet(WIDTHS, HEAD_CHANNELS, answers=1)


def drawing_chances(known: HiddenSet) -> np.ndarray:
    """Chance of each eye to be drawn."""
    chances = np.where(known.hidden, HIDDEN_SHARE / max(known.hidden.sum(), 1), 0.0)
    for source, share in SOURCE_SHARES.items():
        seen = (known.eyes.source == source) & ~known.hidden
        weight = np.where(known.glasses[seen], GLASSES_WEIGHT, 1.0)
        chances[seen] = (1 - HIDDEN_SHARE) * share * weight / max(weight.sum(), 1.0)
    return chances / chances.sum()


def train(options: argparse.Namespace) -> None:
    """Train to the last step; the average's weights are in ``last.pt``, its answers on the fold in ``held_out.npz``."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    everybody = load_hidden(options.eyes)
    held_out = everybody.eyes.fold == (-1 if options.hold_out is None else options.hold_out)
    known, others = everybody.take(~held_out), everybody.take(held_out)
    chances = torch.from_numpy(drawing_chances(known))
    augment = HiddenAugmenter(options.seed)

    def loss_of_batch(index: Tensor) -> Tensor:
        rows = index.numpy()
        hidden = torch.from_numpy(known.hidden[rows])
        lensed = ~hidden & (torch.rand(len(rows), generator=augment.random) < LENSED_SHARE)
        inputs = augment.with_lenses(batch_of(known.eyes, rows), lensed)
        target = (hidden | lensed).float() * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
        found = run.net(inputs.contiguous(memory_format=torch.channels_last))[:, 0]
        return F.binary_cross_entropy_with_logits(found, target)

    run = Run(hidden_net(), augment.random, options.out, replace(SETTINGS, steps=options.steps))
    resumed = run.resume()
    print(f"{'resumed' if resumed else 'new'} run: {len(known):,} eyes, {len(others):,} held out", flush=True)
    while not run.over():
        run.close_round(loss=run.round(chances, loss_of_batch))
    run.keep("last.pt")
    if len(others):
        eyes = others.eyes
        answers = answers_of(run.average, plain(batch_of(eyes, np.arange(len(others)))))[:, 0].numpy()
        np.savez(
            options.out / "held_out.npz",
            logits=answers,
            hidden=others.hidden,
            glasses=others.glasses,
            films=others.films,
            sources=eyes.source,
            groups=eyes.group,
            states=np.where(eyes.state_weight > 0, eyes.state, -1.0),
        )
    draw_curve(run.history, options.out / "learning_curve.png")


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path("build/train/eye_state/harvest"))
    parser.add_argument("--out", type=Path, default=Path("build/train/hidden/run"))
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--hold-out", type=int, choices=range(FOLDS), help="fold of people to leave out")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
