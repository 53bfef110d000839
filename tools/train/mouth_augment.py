"""Augmentation of mouths: another framing, and visible light made to look like a night cabin under infrared.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Input are 64x64
canvases in 0..255, output are 48x48 crops after the daemon's contrast normalisation.
"""

from __future__ import annotations

import math

import torch
from mouth_net import INPUT_PX
from torch import Tensor
from torch.nn import functional as F

CANVAS_PX = 64
LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY = 1.0, 99.0, 16.0
"""Contrast normalisation of `edge/vision/mouth.py`."""


class MouthAugmenter:
    """Turns canvases into training crops; every strength below is our choice [D]."""

    turn_rad = 0.22
    zoom = 0.16
    shift = 0.07
    aspect = 0.08
    night_share = 0.5
    small_share = 0.4
    erase_share = 0.25

    def __init__(self, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, canvases: Tensor) -> Tensor:
        """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8; the first half by night."""
        crops = self._reframe(canvases.float().unsqueeze(1))
        night = round(len(crops) * self.night_share)
        crops = torch.cat([self._night(crops[:night]), self._gamma(crops[night:], -0.3, 0.3)])
        return self._cover(stretch_batch(self._small(crops)))

    def night(self, canvases: Tensor) -> Tensor:
        """Give the middle crops, each made night-like: the hard half of validation."""
        return stretch_batch(self._night(middle(canvases.float().unsqueeze(1))))

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand((count, 1, 1, 1), generator=self.random) * (high - low) + low

    def _flat(self, count: int, low: float, high: float) -> Tensor:
        return self._uniform(count, low, high).view(count)

    def _reframe(self, x: Tensor) -> Tensor:
        n = len(x)
        turn = self._flat(n, -self.turn_rad, self.turn_rad)
        zoom = torch.exp(self._flat(n, -self.zoom, self.zoom)) * INPUT_PX / CANVAS_PX
        stretch = torch.exp(self._flat(n, -self.aspect, self.aspect))
        mirror = torch.where(self._flat(n, 0, 1) < 0.5, -1.0, 1.0)
        across, down = (self._flat(n, -self.shift, self.shift) * 2 for _ in range(2))
        first = torch.stack([zoom * stretch * turn.cos() * mirror, -zoom * turn.sin(), across], 1)
        second = torch.stack([zoom * turn.sin() * mirror, zoom / stretch * turn.cos(), down], 1)
        grid = F.affine_grid(torch.stack([first, second], 1), [n, 1, INPUT_PX, INPUT_PX], align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _gamma(self, x: Tensor, low: float, high: float) -> Tensor:
        exponent = torch.exp(self._uniform(len(x), low, high))
        return 255.0 * (x / 255.0).clamp_min(1e-4) ** exponent

    def _night(self, x: Tensor) -> Tensor:
        """Lips flattened into the skin, lamp falloff, little contrast, sensor noise, 8-bit steps."""
        n = len(x)
        # Infrared light goes under the skin: lips lose their dark red and fine detail weakens; the mouth stays dark.
        smooth = gaussian(x, 2.5)
        x = (smooth + (x - smooth) * self._uniform(n, 0.5, 1.4)).clamp(0, 255)
        x = self._gamma(x, -1.0, 0.4) * self._falloff(n)
        contrast = torch.exp(self._uniform(n, math.log(0.2), 0.0))
        black = self._uniform(n, 0, 60)
        noise = torch.randn(x.shape, generator=self.random) * self._uniform(n, 0.0, 1.0) ** 2 * 5.0
        clipped = torch.minimum(x, self._uniform(n, 190, 320))
        return (clipped * contrast + black + noise).clamp(0, 255).round()

    def _falloff(self, n: int) -> Tensor:
        """Make light that lessens away from one spot, as that of a lamp beside the wheel."""
        axis = torch.linspace(-1, 1, INPUT_PX)
        spot_x, spot_y = self._uniform(n, -1.4, 1.4), self._uniform(n, -1.4, 1.4)
        reach = self._uniform(n, 1.1, 3.5)
        distance = (axis.view(1, 1, 1, -1) - spot_x) ** 2 + (axis.view(1, 1, -1, 1) - spot_y) ** 2
        return torch.exp(-distance / (2 * reach**2))

    def _small(self, x: Tensor) -> Tensor:
        """Blur some as a far face, a soft lens or a moving head would."""
        n = len(x)
        far = F.interpolate(F.avg_pool2d(x, 3), size=x.shape[-2:], mode="bilinear", align_corners=False)
        soft = gaussian(x, 1.0)
        moved = F.avg_pool2d(F.pad(x, (2, 2, 0, 0), mode="replicate"), (1, 5), stride=1)
        which = self._uniform(n, 0, 1)
        other = torch.where(which < 0.25, far, torch.where(which < 0.7, soft, moved))
        amount = torch.where(self._uniform(n, 0, 1) < self.small_share, self._uniform(n, 0, 1), 0.0)
        return x + (other - x) * amount

    def _cover(self, x: Tensor) -> Tensor:
        """Cover one rectangle with one grey: a finger, a microphone, hair, the rim of the wheel."""
        n = len(x)
        axis = torch.arange(INPUT_PX, dtype=torch.float32)
        left, top = self._uniform(n, -6, 44), self._uniform(n, -6, 44)
        width, height = self._uniform(n, 5, 16), self._uniform(n, 5, 16)
        columns = (axis.view(1, 1, 1, -1) >= left) & (axis.view(1, 1, 1, -1) < left + width)
        rows = (axis.view(1, 1, -1, 1) >= top) & (axis.view(1, 1, -1, 1) < top + height)
        chosen = self._uniform(n, 0, 1) < self.erase_share
        return torch.where(columns & rows & chosen, self._uniform(n, -1, 1), x)


def middle(canvases: Tensor) -> Tensor:
    """Cut the daemon's crop out of canvases (N, 1, 64, 64)."""
    margin = (CANVAS_PX - INPUT_PX) // 2
    return canvases[:, :, margin:-margin, margin:-margin]


def plain(canvases: Tensor) -> Tensor:
    """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8, nothing changed at random."""
    return stretch_batch(middle(canvases.float().unsqueeze(1)))


def stretch_batch(x: Tensor) -> Tensor:
    """Stretch each picture between its percentiles, rounded to 8 bits, mapped to [-1, 127/128]."""
    ends = torch.quantile(x.flatten(1), torch.tensor([LOW_PERCENT / 100, HIGH_PERCENT / 100]), dim=1)
    low = ends[0].view(-1, 1, 1, 1)
    span = (ends[1].view(-1, 1, 1, 1) - low).clamp_min(MIN_SPAN_GREY)
    return (((x - low) * (255.0 / span)).round().clamp(0, 255) - 128.0) / 128.0


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian blur, the edge repeated."""
    radius = max(1, round(2 * sigma))
    axis = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-(axis**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    x = F.conv2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    return F.conv2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), kernel.view(1, 1, -1, 1))
