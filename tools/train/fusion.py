"""How shape and network are fused on real infrared faces: a small network on shapes, and a linear map over both.

The linear map takes the 15 logits of the expression network and the 8 of the shape network to 8. One set of weights
serves three views, each with a bias of its own: visible-light faces, infrared faces, and infrared faces with the
person's own neutral face taken off. The infrared persons were seen by neither network; the visible faces are the half
of FER+ validation that chooses. A hundred acted pictures alone would bend the map to one camera; three tenths of a vote
for each of the visible ones keep it straight. A Gaussian prior pulls it towards the plain weighted sum.

Leaving out one person at a time gives the figures; what ships is fitted on all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from data import LABELS
from net import CLASSES, FER2013_CLASSES
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HIDDEN: Final = 64
ROUNDS: Final = 24
JITTER_MM: Final = 0.5
"""Noise on each coordinate in training: about what the mesh trembles by from frame to frame [D]."""
DROPOUT: Final = 0.3
PRIOR_SHARES: Final = (0.4, 0.2, 0.4)
"""Weights of votes, FER2013 labels and shape in the plain sum: shape counts as much as one set of logits [D]."""
PRIOR_STRENGTH: Final = 1.0
VISIBLE_WEIGHT: Final = 0.3
"""Ridge towards the plain sum, and weight of one visible picture beside one infrared picture: the best of 1, 3 and 0 to
0.3 with one person left out [D: measured]."""
BIAS_RIDGE: Final = 0.05
PUBLISHED: Final = 7
"""Contempt, last, is fitted but not published."""
HOSTILE: Final = (LABELS.index("anger"), LABELS.index("disgust"))


class ShapeNet(nn.Module):
    """Logits (N, 8) from shapes (N, 213) in mm."""

    def __init__(self, mean: Floats, spread: Floats) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("spread", torch.from_numpy(spread))
        self.hidden = nn.Linear(len(mean), HIDDEN)
        self.dropout = nn.Dropout(DROPOUT)
        self.logits = nn.Linear(HIDDEN, CLASSES)

    def forward(self, shapes: torch.Tensor) -> torch.Tensor:
        """(N, 213) to (N, 8)."""
        hidden = F.relu6(self.hidden((shapes - self.mean) / self.spread))
        return self.logits(self.dropout(hidden))


@dataclass(frozen=True)
class Fusion:
    """Logits = features @ weights + a bias; features are 15 network logits and 8 shape logits."""

    weights: NDArray[np.float64]
    """(23, 8)."""
    infrared: NDArray[np.float64]
    """Bias for infrared faces as they are: every expression as likely as in the acted set, which is nearly even."""
    visible: NDArray[np.float64]
    """Bias for visible-light faces: as likely as among faces on the web."""
    neutral: NDArray[np.float64]
    """Bias for infrared faces whose own neutral was taken off."""


@dataclass(frozen=True)
class Visible:
    """Visible-light pictures that take part in the fit: features (N, 23), label index (N,)."""

    features: NDArray[np.float64]
    label: NDArray[np.int64]


@dataclass(frozen=True)
class People:
    """Infrared pictures: features, label index, person, whether annotator and instruction agree, affect."""

    features: NDArray[np.float64]
    label: NDArray[np.int64]
    person: NDArray[np.str_]
    agree: NDArray[np.bool_]
    affect: NDArray[np.float64]
    """(N, 2) valence and arousal as annotated, -1 to 1."""

    def own_neutral(self, person: str) -> NDArray[np.float64] | None:
        """Features of this person's calm face; None where there is none."""
        calm = (self.person == person) & (self.label == 0)
        sure = calm & self.agree
        chosen = sure if sure.any() else calm
        return self.features[chosen].mean(0) if chosen.any() else None


def mirrored(shapes: Floats) -> Floats:
    """Swap left and right of shapes (N, 213): each point takes its partner's place, found on the mean shape."""
    points = shapes.reshape(len(shapes), -1, 3)
    mean = points.mean(0)
    flip = np.array([-1.0, 1.0, 1.0], np.float32)
    partner = np.linalg.norm((mean * flip)[:, None] - mean[None], axis=2).argmin(1)
    return (points[:, partner] * flip).reshape(len(shapes), -1).astype(np.float32)


def train_shape_net(shapes: Floats, votes: Floats, seed: int) -> ShapeNet:
    """Train on shapes (N, 213) and label shares (N, 8)."""
    torch.manual_seed(seed)
    net = ShapeNet(shapes.mean(0), shapes.std(0) + 1e-3)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = ROUNDS * (len(shapes) // 256)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    inputs, targets = torch.from_numpy(shapes), torch.from_numpy(votes)
    net.train()
    for _ in range(ROUNDS):
        for index in torch.randperm(len(inputs)).split(256)[:-1]:
            noisy = inputs[index] + JITTER_MM * torch.randn(len(index), inputs.shape[1])
            loss = F.cross_entropy(net(noisy), targets[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def prior() -> NDArray[np.float64]:
    """Build the plain weighted sum as weights (23, 8)."""
    votes, fer2013, shape = PRIOR_SHARES
    return np.vstack([votes * np.eye(CLASSES), fer2013 * np.eye(FER2013_CLASSES, CLASSES), shape * np.eye(CLASSES)])


def fit(people: People, chosen: NDArray[np.bool_], visible: Visible) -> Fusion:
    """Fit the fusion on some of the infrared pictures and on visible ones."""
    neutrals = {p: own for p in np.unique(people.person[chosen]) if (own := people.own_neutral(p)) is not None}
    known = chosen & np.isin(people.person, list(neutrals))
    moved = people.features[known] - np.array([neutrals[person] for person in people.person[known]])
    # Two views of one picture are one picture's worth of evidence.
    views = (
        (0.5, people.features[chosen], people.label[chosen]),
        (VISIBLE_WEIGHT, visible.features, visible.label),
        (0.5, moved, people.label[known]),
    )
    tensors = [(weight, torch.from_numpy(x), torch.from_numpy(y)) for weight, x, y in views]
    start = torch.from_numpy(prior())
    weights = start.clone().requires_grad_()
    biases = torch.zeros((len(views), CLASSES), dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights, biases], max_iter=200, line_search_fn="strong_wolfe")

    def objective() -> torch.Tensor:
        solver.zero_grad()
        loss = PRIOR_STRENGTH * ((weights - start) ** 2).sum() + BIAS_RIDGE * (biases**2).sum()
        for bias, (weight, x, y) in zip(biases, tensors, strict=True):
            loss = loss + weight * F.cross_entropy(x @ weights + bias, y, reduction="sum")
        loss.backward()
        return loss

    solver.step(objective)
    return Fusion(weights.detach().numpy(), *biases.detach().numpy())


def left_out(people: People, visible: Visible) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits (N, 8) as they are and referenced, each person judged by a fit on the others; NaN without a neutral."""
    raw, referenced = np.zeros((len(people.label), CLASSES)), np.full((len(people.label), CLASSES), np.nan)
    for person in np.unique(people.person):
        mine = people.person == person
        fusion = fit(people, people.agree & ~mine, visible)
        raw[mine] = people.features[mine] @ fusion.weights + fusion.infrared
        own = people.own_neutral(person)
        if own is not None:
            referenced[mine] = (people.features[mine] - own) @ fusion.weights + fusion.neutral
    return raw, referenced
