"""Lenses drawn before eyes: dark, tinted, mirroring, glaring; nothing, or nearly nothing, of the eye shows through.

On top of the eye-state network's augmentation (`eye_augment.py`): other framings, visible light made to look like a
night cabin. A lens is drawn before the light is changed, so that it lies under the same lamp as the face. Drawn lenses
stand beside real ones in training; only real ones judge the network. Every strength is our choice [D].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch
from eye_augment import EyeAugmenter, stretch_batch
from light import axes
from torch.nn import functional as F

if TYPE_CHECKING:
    from eye_augment import Batch
    from torch import Tensor

SCENE_SIDES: Final = (2, 3, 5, 9, 16, 24)
"""Sides of the grids of chance greys that mirrored scenes are made of, coarse to fine."""


class HiddenAugmenter(EyeAugmenter):
    """Turns canvases into training crops, some of them with a lens before the eye."""

    night_share = 0.4

    def with_lenses(self, batch: Batch, lensed: Tensor) -> Tensor:
        """Make normalised crops (N, 1, 48, 48); `lensed` (N,) bool says before which eyes a lens is drawn."""
        crops, irises = self._reframe(batch)
        irises = torch.where(lensed.view(-1, 1), 0.0, irises)
        for share, change in ((self.glasses_share, self._glasses), (self.paint_share, self._painted)):
            some = ~lensed & self._some(len(crops), share)
            crops[some] = change(crops[some], irises[some])
        crops[lensed] = self._lens(crops[lensed])
        dark = self._some(len(crops), self.night_share)
        night = self._night(crops[dark], irises[dark])
        crops[~dark] = self.gamma(self._resolution(crops[~dark]), -0.35, 0.35)
        crops[dark] = night
        return self.covered(stretch_batch(crops), self.erase_share, 4, 14)

    def _lens(self, x: Tensor) -> Tensor:
        """Hide the eye: a lens between ellipse and rectangle that covers it, often with a rim."""
        n, size = len(x), x.shape[-1]
        column, row = axes(size)
        wide, high = self.uniform(n, 0.27, 0.62), self.uniform(n, 0.17, 0.5)
        at_x = 0.5 + self.uniform(n, -0.3, 0.3) * (wide - 0.2)
        at_y = 0.5 + self.uniform(n, -0.3, 0.9) * (high - 0.12)
        power = torch.exp(self.uniform(n, math.log(1.8), math.log(6.0)))
        down = (row / size - at_y) / high
        across = (column / size - at_x) / wide * (1 + self.uniform(n, -0.25, 0.25) * down)
        reach = (across.abs() ** power + down.abs() ** power) ** (1 / power)
        edge_px = (1 - reach) * high * size
        through = torch.where(self.uniform(n, 0, 1) < 0.6, 0.0, self.uniform(n, 0.0, 0.13))
        worn = x + (self._shown(n, size) + through * x - x) * (edge_px / 1.2 + 0.5).clamp(0, 1)
        rim = torch.exp(-((edge_px / self.uniform(n, 0.4, 1.8)) ** 2)) * self.uniform(n, 0.3, 1)
        tone = torch.where(self.uniform(n, 0, 1) < 0.75, self.uniform(n, 0, 60), self.uniform(n, 120, 255))
        rimmed = self.uniform(n, 0, 1) < 0.7
        return torch.where(rimmed, worn + (tone - worn) * rim, worn).clamp(0, 255)

    def _shown(self, n: int, size: int) -> Tensor:
        """Make what a lens shows instead of the eye: its own grey, a slope of it, a mirrored scene, spots of light."""
        base = torch.where(self.uniform(n, 0, 1) < 0.7, self.uniform(n, 0, 60), self.uniform(n, 60, 200))
        _, row = axes(size)
        slope = (row / size - self.uniform(n, 0, 1)).clamp(0, 1) * self.uniform(n, 0, 90)
        hard = torch.tanh(self._scene(n, size) * torch.exp(self.uniform(n, 0.0, 3.5)))
        shown = base + slope + hard * self.uniform(n, 0, 1) ** 2 * self.uniform(n, 20, 160)
        for _ in range(2):
            spot = self._blob(n, size, 1.0, 9.0) * self.uniform(n, 40, 230)
            shown = shown + torch.where(self.uniform(n, 0, 1) < 0.35, spot, 0.0)
        return shown

    def _scene(self, n: int, size: int) -> Tensor:
        """Mix greys of chance, coarse and fine, about 0; half of them drawn out sideways, as a landscape is."""
        scene = torch.zeros(n, 1, size, size)
        for side in SCENE_SIDES:
            grid = torch.rand((n, 1, side, side), generator=self.random) - 0.5
            smooth = F.interpolate(grid, size=(size, size), mode="bilinear", align_corners=False)
            scene = scene + smooth * self.uniform(n, 0, 1)
        middle = scene[..., size // 4 : -size // 4]
        flat = F.interpolate(middle, size=(size, size), mode="bilinear", align_corners=False)
        return torch.where(self.uniform(n, 0, 1) < 0.5, flat, scene)
