"""Let teachers answer for every training picture: ``python tools/train/teach.py pretrained=RUN --data DIR``.

Each teacher reads each picture plainly, mirrored and twice at random as training shows it; the mean of all
probabilities is what the student is told beside the label. Teachers were trained on these very pictures, so their
answers are smoother labels, not a second opinion; none of them ever saw a held-out picture. Writes ``targets.npz``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from augment import Augmenter, plain
from data import load_visible
from expression import autocast, load_weights, open_net, pool_of, some_pictures
from net import CLASSES
from tqdm import tqdm

if TYPE_CHECKING:
    from torch import Tensor, nn

RANDOM_VIEWS = 2
"""Views as training shows them, beside the plain picture and its mirror image [D]."""


def load_teacher(name: str, run: Path, pictures: Tensor) -> nn.Module:
    """Open the best network of a run, or the one of a shipped file."""
    net = open_net(name).to(memory_format=torch.channels_last)
    net.load_state_dict(load_weights(name, run, pictures))
    return net.eval()


@torch.no_grad()
def answers(name: str, net: nn.Module, views: list[Tensor]) -> Tensor:
    """Mean probabilities (N, 15): softmax over the first 8 and over the last 7."""
    told = []
    for view in views:
        with autocast(name):
            outputs = net(view.contiguous(memory_format=torch.channels_last)).float()
        told.append(torch.cat([outputs[:, :CLASSES].softmax(1), outputs[:, CLASSES:].softmax(1)], 1))
    return torch.stack(told).mean(0)


def main() -> None:
    """Read the command line, ask every teacher and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teachers", nargs="+", help="kind=folder of the run, kind as --net of expression.py")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/train/targets.npz"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    pool = pool_of(load_visible(options.data))
    pictures = some_pictures(pool, options.seed)
    named = (teacher.partition("=") for teacher in options.teachers)
    teachers = [(name, load_teacher(name, Path(run), pictures)) for name, _, run in named]
    augment = Augmenter(options.seed)
    told = []
    for part in tqdm(pool.canvases.split(256), disable=not sys.stderr.isatty()):
        straight = plain(part)
        views = [straight, straight.flip(3), *(augment(part) for _ in range(RANDOM_VIEWS))]
        told.append(torch.stack([answers(name, net, views) for name, net in teachers]).mean(0))
    result = torch.cat(told).numpy()
    np.savez(options.out, votes=result[:, :CLASSES], fer2013=result[:, CLASSES:])
    print(f"{options.out}: {len(result):,} pictures answered by {len(teachers)} teachers")


if __name__ == "__main__":
    main()
