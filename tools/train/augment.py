"""Augmentation: another framing of the face, and visible light made to look like a night cabin under infrared.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Input are 64x64
canvases in 0..255, output are 48x48 crops after the daemon's contrast normalisation.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from edge.vision.expression import HIGH_PERCENT, LOW_PERCENT, MIN_SPAN_GREY

CROP_PX = 48
CANVAS_PX = 64


class Augmenter:
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
        self.random = torch.Generator().manual_seed(seed)
        for name in ("turn_rad", "zoom", "shift", "night_share", "erase_share", "worn_share", "turn_depth"):
            setattr(self, name, strength * getattr(type(self), name))

    def __call__(self, canvases: Tensor) -> Tensor:
        """Make normalised crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8."""
        crops = self._reframe(canvases.float().unsqueeze(1))
        night = self._night(crops)
        chosen = self._uniform(len(crops), 0, 1) < self.night_share
        crops = torch.where(chosen, night, self._gamma(crops, 0.25))
        return self._erase(stretch_batch(self._worn(crops)))

    def night(self, canvases: Tensor) -> Tensor:
        """Give the middle crops, each made night-like: the hard half of validation."""
        return stretch_batch(self._night(middle(canvases.float().unsqueeze(1))))

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand((count, 1, 1, 1), generator=self.random) * (high - low) + low

    def _reframe(self, x: Tensor) -> Tensor:
        n = len(x)
        turn = self._uniform(n, -self.turn_rad, self.turn_rad).view(n)
        zoom = torch.exp(self._uniform(n, -self.zoom, self.zoom).view(n)) * CROP_PX / CANVAS_PX
        stretch = torch.exp(self._uniform(n, -0.06, 0.06).view(n))
        mirror = torch.where(self._uniform(n, 0, 1).view(n) < 0.5, -1.0, 1.0)
        across = self._uniform(n, -self.shift, self.shift).view(n) * 2
        down = self._uniform(n, -self.shift, self.shift).view(n) * 2
        first = torch.stack([zoom * stretch * turn.cos() * mirror, -zoom * turn.sin(), across], 1)
        second = torch.stack([zoom * turn.sin() * mirror, zoom / stretch * turn.cos(), down], 1)
        grid = F.affine_grid(torch.stack([first, second], 1), [n, 1, CROP_PX, CROP_PX], align_corners=False)
        grid = grid + self._pose(grid, zoom.view(n, 1, 1))
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _pose(self, grid: Tensor, half: Tensor) -> Tensor:
        """Shift of the grid (N, H, W, 2) as if a round head turned: its middle moves, its edges stay."""
        n = len(grid)
        turns = self._uniform(n, -self.turn_depth, self.turn_depth), self._uniform(n, -self.turn_depth, self.turn_depth)
        shifts = [
            turn.view(n, 1, 1) * 0.5 * half * (1 - (grid[..., axis] / half).clamp(-1, 1) ** 2)
            for axis, turn in enumerate((turns[0], 0.6 * turns[1]))
        ]
        return torch.stack(shifts, -1)

    def _worn(self, x: Tensor) -> Tensor:
        """Sunglasses and masks: a dark band with a sheen over the eyes, a plain patch over mouth and chin."""
        n = len(x)
        axis = torch.arange(CROP_PX, dtype=torch.float32)
        column, row = axis.view(1, 1, 1, -1), axis.view(1, 1, -1, 1)
        which = self._uniform(n, 0, 1)
        middle, eyes = self._uniform(n, 22, 26), self._uniform(n, 16, 21)
        apart, wide, high = self._uniform(n, 9, 11), self._uniform(n, 6, 9), self._uniform(n, 4, 7)
        off = (column - middle).abs() - apart
        lens = (off / wide) ** 4 + ((row - eyes) / high) ** 4 < 1
        bridge = (off < 0) & ((row - eyes + high / 2).abs() < 1.0)
        dark = self._uniform(n, 0, 70) + self._uniform(n, 0, 60) * ((row - eyes) / high).clamp(-1, 1)
        x = torch.where((lens | bridge) & (which < self.worn_share), dark.clamp_min(0).expand_as(x), x)
        top = self._uniform(n, 26, 31) + (column - middle).abs() * self._uniform(n, 0.0, 0.25)
        cloth = self._uniform(n, 40, 240) + 12 * torch.sin(row * self._uniform(n, 0.3, 0.9))
        masked = (row > top) & ((column - middle).abs() < self._uniform(n, 15, 20)) & (which > 1 - self.worn_share)
        return torch.where(masked, cloth.clamp(0, 255).expand_as(x), x)

    def _gamma(self, x: Tensor, strength: float) -> Tensor:
        exponent = torch.exp(self._uniform(len(x), -strength, strength))
        return 255.0 * (x / 255.0).clamp_min(1e-4) ** exponent

    def _night(self, x: Tensor) -> Tensor:
        """Skin smoothed and flattened, lamp falloff, glare, blur, little contrast, sensor noise, 8-bit steps."""
        x = self._skin(x)
        x = self._lift(x) * self._falloff(len(x))
        x = self._glare(x)
        x = self._blur(x)
        contrast = torch.exp(self._uniform(len(x), math.log(0.25), 0.0))
        black = self._uniform(len(x), 0, 60)
        noise = torch.randn(x.shape, generator=self.random) * self._uniform(len(x), 0.0, 1.0) ** 2 * 4.0
        clipped = torch.minimum(x, self._uniform(len(x), 190, 320))
        return (clipped * contrast + black + noise).clamp(0, 255).round()

    def _skin(self, x: Tensor) -> Tensor:
        """Infrared light goes under the skin: fine detail (brows, lips, wrinkles) weakens, at times strengthens."""
        smooth = gaussian(x, 3.0)
        return (smooth + (x - smooth) * self._uniform(len(x), 0.5, 1.4)).clamp(0, 255)

    def _lift(self, x: Tensor) -> Tensor:
        """Skin shines under infrared: mid greys move up more often than down."""
        exponent = torch.exp(self._uniform(len(x), -1.0, 0.4))
        return 255.0 * (x / 255.0).clamp_min(1e-4) ** exponent

    def _falloff(self, n: int) -> Tensor:
        """Make light that lessens away from one spot, as that of a lamp beside the wheel."""
        axis = torch.linspace(-1, 1, CROP_PX)
        spot_x, spot_y = self._uniform(n, -1.2, 1.2), self._uniform(n, -1.2, 1.2)
        reach = self._uniform(n, 1.1, 3.5)
        distance = (axis.view(1, 1, 1, -1) - spot_x) ** 2 + (axis.view(1, 1, -1, 1) - spot_y) ** 2
        return torch.exp(-distance / (2 * reach**2))

    def _glare(self, x: Tensor) -> Tensor:
        """Add up to two bright spots in the band of the eyes: pupils, spectacles."""
        axis = torch.arange(CROP_PX, dtype=torch.float32)
        for low, high in ((10.0, 22.0), (26.0, 38.0)):
            present = self._uniform(len(x), 0, 1) < 0.25
            at_x, at_y = self._uniform(len(x), low, high), self._uniform(len(x), 14, 26)
            size = torch.exp(self._uniform(len(x), math.log(0.6), math.log(4.0)))
            distance = (axis.view(1, 1, 1, -1) - at_x) ** 2 + (axis.view(1, 1, -1, 1) - at_y) ** 2
            light = torch.exp(-distance / (2 * size**2)) * self._uniform(len(x), 60, 255)
            x = torch.where(present, (x + light).clamp(max=255), x)
        return x

    def _blur(self, x: Tensor) -> Tensor:
        """Mix the sharp picture at random with a soft one or one smeared sideways by motion."""
        soft = gaussian(x, 1.0)
        moved = F.avg_pool2d(F.pad(x, (2, 2, 0, 0), mode="replicate"), (1, 5), stride=1)
        which = self._uniform(len(x), 0, 1)
        amount = self._uniform(len(x), 0, 1)
        other = torch.where(which < 0.15, moved, soft)
        return torch.where(which < 0.65, x + (other - x) * amount, x)

    def _erase(self, x: Tensor) -> Tensor:
        """Cover one rectangle with one grey: a hand, a mask of hair, the rim of the wheel."""
        n = len(x)
        axis = torch.arange(CROP_PX, dtype=torch.float32)
        left, top = self._uniform(n, -4, 40), self._uniform(n, -4, 40)
        width, height = self._uniform(n, 6, 18), self._uniform(n, 6, 18)
        columns = (axis.view(1, 1, 1, -1) >= left) & (axis.view(1, 1, 1, -1) < left + width)
        rows = (axis.view(1, 1, -1, 1) >= top) & (axis.view(1, 1, -1, 1) < top + height)
        chosen = self._uniform(n, 0, 1) < self.erase_share
        return torch.where(columns & rows & chosen, self._uniform(n, -1, 1), x)


def middle(canvases: Tensor) -> Tensor:
    """Cut the nominal crop of canvases (N, 1, 64, 64)."""
    margin = (CANVAS_PX - CROP_PX) // 2
    return canvases[:, :, margin:-margin, margin:-margin]


def plain(canvases: Tensor) -> Tensor:
    """Make normalised nominal crops (N, 1, 48, 48) from canvases (N, 64, 64) uint8, nothing changed at random."""
    return stretch_batch(middle(canvases.float().unsqueeze(1)))


def stretch_batch(x: Tensor) -> Tensor:
    """Do the daemon's ``network_input`` for a batch: percentile stretch, 8 bits, mapped to [-1, 127/128]."""
    ends = torch.quantile(x.flatten(1), torch.tensor([LOW_PERCENT / 100, HIGH_PERCENT / 100]), dim=1)
    low = ends[0].view(-1, 1, 1, 1)
    span = (ends[1].view(-1, 1, 1, 1) - low).clamp_min(MIN_SPAN_GREY)
    return (((x - low) * (255.0 / span)).round().clamp(0, 255) - 128.0) / 128.0


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian blur, the edge repeated."""
    radius = max(1, round(2.5 * sigma))
    axis = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-(axis**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    x = F.conv2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    return F.conv2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), kernel.view(1, 1, -1, 1))
