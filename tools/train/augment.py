"""Augmentation: another framing of the face, and visible light made to look like a night cabin under infrared.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Input are 64x64
canvases in 0..255, output are 48x48 crops after the daemon's contrast normalisation.
"""

from __future__ import annotations

import math

import torch
from light import Light, axes, gaussian, middle, smeared, stretched, turned
from torch import Tensor
from torch.nn import functional as F

from edge.vision.expression import HIGH_PERCENT, LOW_PERCENT, MIN_SPAN_GREY

CROP_PX = 48
CANVAS_PX = 64


class Augmenter(Light):
    """Turns canvases into training crops; every strength below is our choice [D]."""

    turn_rad = 0.26
    zoom = 0.2
    shift = 0.09
    night_share = 0.5
    erase_share = 0.3
    worn_share = 0.08
    """Share of faces that get sunglasses, and again as many that get a mask."""
    turn_depth = 0.35
    """How far a face is turned sideways or up and down by warping: 0.35 narrows one half by a third."""

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        super().__init__(seed)
        for name in ("turn_rad", "zoom", "shift", "night_share", "erase_share", "worn_share", "turn_depth"):
            setattr(self, name, strength * getattr(type(self), name))

    def __call__(self, canvases: Tensor) -> Tensor:
        """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8."""
        crops = self._reframe(canvases.float().unsqueeze(1))
        night = self._night(crops)
        chosen = self.uniform(len(crops), 0, 1) < self.night_share
        crops = torch.where(chosen, night, self.gamma(crops, -0.25, 0.25))
        return self.covered(stretch_batch(self._worn(crops)), self.erase_share, 6, 18)

    def night(self, canvases: Tensor) -> Tensor:
        """Give the middle crops, each made night-like: the hard half of validation."""
        return stretch_batch(self._night(middle(canvases, CROP_PX)))

    def _reframe(self, x: Tensor) -> Tensor:
        n = len(x)
        turn = self.uniform(n, -self.turn_rad, self.turn_rad).view(n)
        zoom = torch.exp(self.uniform(n, -self.zoom, self.zoom).view(n)) * CROP_PX / CANVAS_PX
        stretch = torch.exp(self.uniform(n, -0.06, 0.06).view(n))
        mirror = torch.where(self.uniform(n, 0, 1).view(n) < 0.5, -1.0, 1.0)
        across = self.uniform(n, -self.shift, self.shift).view(n) * 2
        down = self.uniform(n, -self.shift, self.shift).view(n) * 2
        matrices = turned(turn, zoom, stretch, mirror, (across, down))
        grid = F.affine_grid(matrices, [n, 1, CROP_PX, CROP_PX], align_corners=False)
        grid = grid + self._pose(grid, zoom.view(n, 1, 1))
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _pose(self, grid: Tensor, half: Tensor) -> Tensor:
        """Shift of the grid (N, H, W, 2) as if a round head turned: its middle moves, its edges stay."""
        n = len(grid)
        turns = self.uniform(n, -self.turn_depth, self.turn_depth), self.uniform(n, -self.turn_depth, self.turn_depth)
        shifts = [
            turn.view(n, 1, 1) * 0.5 * half * (1 - (grid[..., axis] / half).clamp(-1, 1) ** 2)
            for axis, turn in enumerate((turns[0], 0.6 * turns[1]))
        ]
        return torch.stack(shifts, -1)

    def _worn(self, x: Tensor) -> Tensor:
        """Sunglasses and masks: a dark band with a sheen over the eyes, a plain patch over mouth and chin."""
        n = len(x)
        column, row = axes(CROP_PX)
        which = self.uniform(n, 0, 1)
        middle, eyes = self.uniform(n, 22, 26), self.uniform(n, 16, 21)
        apart, wide, high = self.uniform(n, 9, 11), self.uniform(n, 6, 9), self.uniform(n, 4, 7)
        off = (column - middle).abs() - apart
        lens = (off / wide) ** 4 + ((row - eyes) / high) ** 4 < 1
        bridge = (off < 0) & ((row - eyes + high / 2).abs() < 1.0)
        dark = self.uniform(n, 0, 70) + self.uniform(n, 0, 60) * ((row - eyes) / high).clamp(-1, 1)
        x = torch.where((lens | bridge) & (which < self.worn_share), dark.clamp_min(0).expand_as(x), x)
        top = self.uniform(n, 26, 31) + (column - middle).abs() * self.uniform(n, 0.0, 0.25)
        cloth = self.uniform(n, 40, 240) + 12 * torch.sin(row * self.uniform(n, 0.3, 0.9))
        masked = (row > top) & ((column - middle).abs() < self.uniform(n, 15, 20)) & (which > 1 - self.worn_share)
        return torch.where(masked, cloth.clamp(0, 255).expand_as(x), x)

    def _night(self, x: Tensor) -> Tensor:
        """Skin smoothed and flattened, lamp falloff, glare, blur, little contrast, sensor noise, 8-bit steps."""
        x = self.skin(x, 3.0, 0.5, 1.4)
        # Skin shines under infrared: mid greys move up more often than down.
        x = self.gamma(x, -1.0, 0.4) * self.falloff(len(x), CROP_PX, 1.2, 1.1)
        x = self._blur(self._glare(x))
        return self.sensor(x, least_contrast=0.25, black=60, noise=4.0, least_white=190)

    def _glare(self, x: Tensor) -> Tensor:
        """Add up to two bright spots in the band of the eyes: pupils, spectacles."""
        column, row = axes(CROP_PX)
        for low, high in ((10.0, 22.0), (26.0, 38.0)):
            present = self.uniform(len(x), 0, 1) < 0.25
            at_x, at_y = self.uniform(len(x), low, high), self.uniform(len(x), 14, 26)
            size = torch.exp(self.uniform(len(x), math.log(0.6), math.log(4.0)))
            distance = (column - at_x) ** 2 + (row - at_y) ** 2
            light = torch.exp(-distance / (2 * size**2)) * self.uniform(len(x), 60, 255)
            x = torch.where(present, (x + light).clamp(max=255), x)
        return x

    def _blur(self, x: Tensor) -> Tensor:
        """Mix the sharp picture at random with a soft one or one smeared sideways by motion."""
        soft = gaussian(x, 1.0)
        moved = smeared(x)
        which = self.uniform(len(x), 0, 1)
        amount = self.uniform(len(x), 0, 1)
        other = torch.where(which < 0.15, moved, soft)
        return torch.where(which < 0.65, x + (other - x) * amount, x)


def plain(canvases: Tensor) -> Tensor:
    """Make normalised nominal crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8, nothing changed at random."""
    return stretch_batch(middle(canvases, CROP_PX))


def stretch_batch(x: Tensor) -> Tensor:
    """Do the daemon's ``network_input`` for a batch."""
    return stretched(x, LOW_PERCENT, HIGH_PERCENT, MIN_SPAN_GREY)
