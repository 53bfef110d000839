"""What augmentation of faces, eyes and mouths shares: chance, lamps, skin under infrared, sensors, covered parts.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Pictures are
(N, 1, S, S) in 0..255. Strengths are the caller's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


class Light:
    """Changes batches of crops at random."""

    def __init__(self, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        """Draw one number a picture, (N, 1, 1, 1)."""
        return torch.rand((count, 1, 1, 1), generator=self.random) * (high - low) + low

    def gamma(self, x: Tensor, low: float, high: float) -> Tensor:
        """Bend the greys: exponents from exp(low) to exp(high); below 1 mid greys get lighter."""
        exponent = torch.exp(self.uniform(len(x), low, high))
        return 255.0 * (x / 255.0).clamp_min(1e-4) ** exponent

    def skin(self, x: Tensor, sigma: float, least: float, most: float) -> Tensor:
        """Infrared light goes under the skin: brows, lips and wrinkles weaken, at times strengthen."""
        smooth = gaussian(x, sigma)
        return (smooth + (x - smooth) * self.uniform(len(x), least, most)).clamp(0, 255)

    def falloff(self, n: int, size: int, spot: float, least_reach: float) -> Tensor:
        """Make light that lessens away from one spot, as that of a lamp beside the wheel."""
        axis = torch.linspace(-1, 1, size)
        spot_x, spot_y = self.uniform(n, -spot, spot), self.uniform(n, -spot, spot)
        reach = self.uniform(n, least_reach, 3.5)
        distance = (axis.view(1, 1, 1, -1) - spot_x) ** 2 + (axis.view(1, 1, -1, 1) - spot_y) ** 2
        return torch.exp(-distance / (2 * reach**2))

    def sensor(self, x: Tensor, least_contrast: float, black: float, noise: float, least_white: float) -> Tensor:
        """Clip the lights, flatten the contrast, lift the blacks, add noise, round to 8 bits."""
        n = len(x)
        contrast = torch.exp(self.uniform(n, math.log(least_contrast), 0.0))
        lifted = self.uniform(n, 0, black)
        grain = torch.randn(x.shape, generator=self.random) * self.uniform(n, 0.0, 1.0) ** 2 * noise
        clipped = torch.minimum(x, self.uniform(n, least_white, 320))
        return (clipped * contrast + lifted + grain).clamp(0, 255).round()

    def covered(self, x: Tensor, share: float, least_px: float, most_px: float) -> Tensor:
        """Cover one rectangle of normalised crops with one grey: a hand, hair, the rim of the wheel."""
        n = len(x)
        column, row = axes(x.shape[-1])
        left, top = self.uniform(n, -5, 44), self.uniform(n, -5, 44)
        width, height = self.uniform(n, least_px, most_px), self.uniform(n, least_px, most_px)
        inside = (column >= left) & (column < left + width) & (row >= top) & (row < top + height)
        chosen = self.uniform(n, 0, 1) < share
        return torch.where(inside & chosen, self.uniform(n, -1, 1), x)


def axes(size: int) -> tuple[Tensor, Tensor]:
    """Column and row numbers of a square, shaped to broadcast over (N, 1, H, W)."""
    axis = torch.arange(size, dtype=torch.float32)
    return axis.view(1, 1, 1, -1), axis.view(1, 1, -1, 1)


def smeared(x: Tensor) -> Tensor:
    """Smear pictures sideways over five pixels, as motion does."""
    return F.avg_pool2d(F.pad(x, (2, 2, 0, 0), mode="replicate"), (1, 5), stride=1)


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian blur, the edge repeated."""
    radius = max(1, round(2.5 * sigma))
    axis = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-(axis**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    x = F.conv2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    return F.conv2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), kernel.view(1, 1, -1, 1))


def middle(canvases: Tensor, size: int) -> Tensor:
    """Cut the nominal crop of canvases (N, S, S) uint8: (N, 1, size, size)."""
    margin = (canvases.shape[-1] - size) // 2
    return canvases.float().unsqueeze(1)[:, :, margin:-margin, margin:-margin]


def stretched(x: Tensor, low_percent: float, high_percent: float, least_span: float) -> Tensor:
    """Do the daemon's contrast normalisation for a batch: percentile stretch, 8 bits, mapped to [-1, 127/128]."""
    ends = torch.quantile(x.flatten(1), torch.tensor([low_percent / 100, high_percent / 100]), dim=1)
    low = ends[0].view(-1, 1, 1, 1)
    span = (ends[1].view(-1, 1, 1, 1) - low).clamp_min(least_span)
    return (((x - low) * (255.0 / span)).round().clamp(0, 255) - 128.0) / 128.0


def turned(turn: Tensor, zoom: Tensor, stretch: Tensor, mirror: Tensor, shift: tuple[Tensor, Tensor]) -> Tensor:
    """Affine matrices (N, 2, 3) of output to canvas; every argument (N,), `shift` to the side and down."""
    first = torch.stack([zoom * stretch * turn.cos() * mirror, -zoom * turn.sin(), shift[0]], 1)
    second = torch.stack([zoom * turn.sin() * mirror, zoom / stretch * turn.cos(), shift[1]], 1)
    return torch.stack([first, second], 1)
