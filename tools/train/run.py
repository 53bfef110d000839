"""One training run, the same for every network of ours: budget, moving average, checkpoint, history.

A run draws pictures by their chances in rounds, follows a cosine of the learning rate over its budget after a short
warm-up, and keeps a moving average of the weights, which is what gets judged and kept. A checkpoint after every round
lets a stopped run go on. What a network is shown and how it is judged stays with the network.
"""

from __future__ import annotations

import copy
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm import tqdm

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from torch import Tensor, nn


@dataclass(frozen=True)
class Settings:
    """How a network is trained; one of `minutes` and `steps` is the budget."""

    learning_rate: float
    batch: int
    round_steps: int
    """Steps between two checkpoints."""
    average_decay: float
    weight_decay: float
    warm_up_steps: int
    minutes: float = 0.0
    """Processor minutes a thread: another machine gives other weights of the same kind."""
    steps: int = 0
    """With a number of steps the same seed gives the same course on any machine."""
    threads: int = 1


def add_run_options(parser: argparse.ArgumentParser, *, out: Path, steps: int, seed: int, folds: int) -> None:
    """Add what every run of a small network takes: folder, budget, seed, fold to leave out, size and teachers."""
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--hold-out", type=int, choices=range(folds), help="fold of people to leave out")
    parser.add_argument("--large", action="store_true", help="train a large network, to teach the small one")
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], help="last.pt of large runs")
    parser.add_argument("--look-every", type=int, default=1000, help="steps between looks at the held-out people")


class Run:
    """One training run with its checkpoint in the folder `out`."""

    def __init__(self, net: nn.Module, random: torch.Generator, out: Path, settings: Settings) -> None:
        """Take an untrained or a started network; `random` drives the drawing and the augmentation alike."""
        self.net = net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.settings = settings
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=1.0, weight_decay=settings.weight_decay)
        self.out = out
        self.step = 0
        self.spent_s = 0.0
        self.best = -1.0
        self.history: list[dict[str, float]] = []
        self._random = random
        self._checkpoint = out / "checkpoint.pt"

    def resume(self) -> bool:
        """Take up a stopped run from its checkpoint; False where there is none."""
        self.out.mkdir(parents=True, exist_ok=True)
        if not self._checkpoint.exists():
            return False
        state = torch.load(self._checkpoint, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._random.set_state(state["random"])
        self.step, self.spent_s, self.best = state["step"], state["spent_s"], state["best"]
        self.history = state["history"]
        return True

    def over(self) -> bool:
        """Tell whether the budget is spent."""
        return self.done_ratio() >= 1.0

    def done_ratio(self) -> float:
        """Give the share of the budget that is spent, 0 to 1."""
        if self.settings.steps:
            return min(1.0, self.step / self.settings.steps)
        return min(1.0, self.spent_s / (self.settings.minutes * 60))

    def round(self, chances: Tensor, loss_of: Callable[[Tensor], Tensor]) -> float:
        """Draw one round of pictures and learn from them; returns the mean loss. Ends early with the budget.

        `chances` (N,) need not add up to one; `loss_of` gets the numbers of one batch's pictures.
        """
        self.net.train()
        count = self.settings.round_steps * self.settings.batch
        drawn = torch.multinomial(chances, count, replacement=True, generator=self._random)
        losses = []
        for index in tqdm(drawn.split(self.settings.batch), disable=not sys.stderr.isatty(), leave=False):
            started = time.process_time()
            for group in self.optimiser.param_groups:
                group["lr"] = self._learning_rate()
            loss = loss_of(index)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.step += 1
            move_average(self.average, self.net, self.step, self.settings.average_decay)
            losses.append(loss.item())
            self.spent_s += (time.process_time() - started) / self.settings.threads
            if self.over():
                break
        return float(np.mean(losses))

    def close_round(self, **figures: float) -> None:
        """Note the figures of a round, print them, and write the checkpoint, whole or not at all."""
        entry = {"minutes": self.spent_s / 60, "step": self.step, **figures}
        self.history.append(entry)
        state: dict[str, Any] = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": self._random.get_state(),
            "step": self.step,
            "spent_s": self.spent_s,
            "best": self.best,
            "history": self.history,
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._checkpoint)
        (self.out / "history.json").write_text(json.dumps(self.history, indent=1))
        print(", ".join(f"{key} {value:.4g}" for key, value in entry.items()), flush=True)

    def keep(self, name: str) -> None:
        """Write the moving average's weights into the run's folder."""
        torch.save(self.average.state_dict(), self.out / name)

    def _learning_rate(self) -> float:
        """Give the rate of this moment: a short warm-up, then a cosine over the budget."""
        cosine = 0.5 * (1 + math.cos(math.pi * self.done_ratio()))
        return self.settings.learning_rate * cosine * min(1.0, (self.step + 1) / self.settings.warm_up_steps)


@torch.no_grad()
def move_average(average: nn.Module, net: nn.Module, step: int, decay: float) -> None:
    """Do one step of the moving average, quicker at the start so that the first weights are soon forgotten."""
    decay = min(decay, step / (step + 10))
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


@torch.no_grad()
def answers_of(net: nn.Module, inputs: Tensor, batch: int = 256) -> Tensor:
    """Compute a network's answers (N, K) to crops (N, 1, H, W) in evaluation mode."""
    net.eval()
    return torch.cat([net(x.contiguous(memory_format=torch.channels_last)) for x in inputs.split(batch)])


@torch.no_grad()
def taught_by(teachers: list[nn.Module], inputs: Tensor) -> Tensor | None:
    """Mean answer of the teachers to one batch of crops; None without teachers."""
    if not teachers:
        return None
    with torch.autocast("cpu", torch.bfloat16):
        return torch.stack([teacher(inputs).float() for teacher in teachers]).mean(0)
