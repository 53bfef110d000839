"""Augmentation of mouths: another framing, and visible light made to look like a night cabin under infrared.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Input are 64x64
canvases in 0..255, output are 48x48 crops after the daemon's contrast normalisation.
"""

from __future__ import annotations

import torch
from light import Light, gaussian, middle, smeared, stretched, turned
from mouth_net import INPUT_PX
from torch import Tensor
from torch.nn import functional as F

CANVAS_PX = 64
LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY = 1.0, 99.0, 16.0
"""Contrast normalisation of `edge/vision/mouth.py`."""


class MouthAugmenter(Light):
    """Turns canvases into training crops; every strength below is our choice [D]."""

    turn_rad = 0.22
    zoom = 0.16
    shift = 0.07
    aspect = 0.08
    night_share = 0.5
    small_share = 0.4
    erase_share = 0.25

    def __call__(self, canvases: Tensor) -> Tensor:
        """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8; the first half by night."""
        crops = self._reframe(canvases.float().unsqueeze(1))
        night = round(len(crops) * self.night_share)
        crops = torch.cat([self._night(crops[:night]), self.gamma(crops[night:], -0.3, 0.3)])
        return self.covered(stretch_batch(self._small(crops)), self.erase_share, 5, 16)

    def night(self, canvases: Tensor) -> Tensor:
        """Give the middle crops, each made night-like: the hard half of validation."""
        return stretch_batch(self._night(middle(canvases, INPUT_PX)))

    def _flat(self, count: int, low: float, high: float) -> Tensor:
        return self.uniform(count, low, high).view(count)

    def _reframe(self, x: Tensor) -> Tensor:
        n = len(x)
        turn = self._flat(n, -self.turn_rad, self.turn_rad)
        zoom = torch.exp(self._flat(n, -self.zoom, self.zoom)) * INPUT_PX / CANVAS_PX
        stretch = torch.exp(self._flat(n, -self.aspect, self.aspect))
        mirror = torch.where(self._flat(n, 0, 1) < 0.5, -1.0, 1.0)
        across, down = (self._flat(n, -self.shift, self.shift) * 2 for _ in range(2))
        matrices = turned(turn, zoom, stretch, mirror, (across, down))
        grid = F.affine_grid(matrices, [n, 1, INPUT_PX, INPUT_PX], align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _night(self, x: Tensor) -> Tensor:
        """Lips flattened into the skin, lamp falloff, little contrast, sensor noise, 8-bit steps."""
        x = self.gamma(self.skin(x, 2.5, 0.5, 1.4), -1.0, 0.4) * self.falloff(len(x), INPUT_PX, 1.4, 1.1)
        return self.sensor(x, least_contrast=0.2, black=60, noise=5.0, least_white=190)

    def _small(self, x: Tensor) -> Tensor:
        """Blur some as a far face, a soft lens or a moving head would."""
        n = len(x)
        far = F.interpolate(F.avg_pool2d(x, 3), size=x.shape[-2:], mode="bilinear", align_corners=False)
        soft = gaussian(x, 1.0)
        moved = smeared(x)
        which = self.uniform(n, 0, 1)
        other = torch.where(which < 0.25, far, torch.where(which < 0.7, soft, moved))
        amount = torch.where(self.uniform(n, 0, 1) < self.small_share, self.uniform(n, 0, 1), 0.0)
        return x + (other - x) * amount


def plain(canvases: Tensor) -> Tensor:
    """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8, nothing changed at random."""
    return stretch_batch(middle(canvases, INPUT_PX))


def stretch_batch(x: Tensor) -> Tensor:
    """Do the daemon's contrast normalisation for a batch."""
    return stretched(x, LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)
