"""Augmentation of eyes: other framings, and visible light made to look like a night cabin under infrared.

All of it works on a batch at once, in torch, with one generator, so that a seed fixes the whole run. Input are 112x112
canvases in 0..255 with an eye in the middle, output are 48x48 crops after the contrast normalisation that the daemon
applies (percentile stretch). Every strength below is our choice [D].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from eye_net import INPUT_PX
from light import Light, axes, gaussian, stretched, turned
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

CANVAS_PX: Final = 112
LOW_PERCENTILE: Final = 1.0
HIGH_PERCENTILE: Final = 99.0
MIN_SPAN_GREY: Final = 12.0
"""As the daemon stretches a crop: edge/vision/eye_state.py."""

MIN_IRIS_PX: Final = 1.5
"""A smaller iris is not painted on [D]."""


@dataclass(frozen=True)
class Batch:
    """Eyes to cut crops from."""

    canvases: Tensor
    """(N, 112, 112) uint8."""
    sides: Tensor
    """(N,) sides of the nominal crops in canvas pixels."""
    irises: Tensor
    """(N, 3): centre x, y and radius in canvas pixels; radius 0: none to paint on."""
    tight: Tensor
    """(N,) bool: the canvas is a ready crop without surroundings, so that it may be cut into but not left."""


class EyeAugmenter(Light):
    """Turns canvases into training crops."""

    turn_rad = 0.44
    zoom_out = math.log(1.5)
    zoom_in = math.log(0.68)
    tight_zoom_out = math.log(1.06)
    tight_zoom_in = math.log(0.6)
    shift = 0.14
    night_share = 0.6
    paint_share = 0.4
    glasses_share = 0.2
    erase_share = 0.12

    def __call__(self, batch: Batch) -> Tensor:
        """Make normalised crops (N, 1, 48, 48)."""
        crops, irises = self._reframe(batch)
        for share, change in ((self.paint_share, self._painted), (self.glasses_share, self._glasses)):
            some = self._some(len(crops), share)
            crops[some] = change(crops[some], irises[some])
        dark = self._some(len(crops), self.night_share)
        day = ~dark
        night = self._night(crops[dark], irises[dark])
        crops[day] = self.gamma(self._resolution(crops[day]), -0.35, 0.35)
        crops[dark] = night
        return self.covered(stretch_batch(crops), self.erase_share, 4, 14)

    def night(self, batch: Batch) -> Tensor:
        """Give the nominal crops, each made night-like: the hard half of validation."""
        crops, irises = nominal(batch)
        some = self._some(len(crops), self.paint_share)
        crops[some] = self._painted(crops[some], irises[some])
        return stretch_batch(self._night(crops, irises))

    def _some(self, count: int, share: float) -> Tensor:
        """Choose a share of the batch at random, (N,) bool."""
        return torch.rand(count, generator=self.random) < share

    def _reframe(self, batch: Batch) -> tuple[Tensor, Tensor]:
        n = len(batch.canvases)
        zoom_in = torch.where(batch.tight, self.tight_zoom_in, self.zoom_in)
        zoom_out = torch.where(batch.tight, self.tight_zoom_out, self.zoom_out)
        zoom = torch.exp(zoom_in + (zoom_out - zoom_in) * self.uniform(n, 0, 1).view(n))
        half = zoom * batch.sides / CANVAS_PX
        turn = self.uniform(n, -self.turn_rad, self.turn_rad).view(n) * self.uniform(n, 0, 1).view(n).sqrt()
        stretch = torch.exp(self.uniform(n, -0.12, 0.12).view(n))
        mirror = torch.where(self.uniform(n, 0, 1).view(n) < 0.5, -1.0, 1.0)
        across = self.uniform(n, -self.shift, self.shift).view(n) * 2 * half
        down = self.uniform(n, -self.shift, self.shift).view(n) * 2 * half
        return place(batch, turned(turn, half, stretch, mirror, (across, down)))

    def _painted(self, x: Tensor, irises: Tensor) -> Tensor:
        """Paint open irises as infrared shows them: pale or dark, the pupil bright or black, a glint of the lamp.

        Where lids cover part of the disc they stay: only what is darker than the skin is repainted.
        """
        n = len(x)
        inside, distance = disc(irises, x.shape[-1])
        known = irises[:, 2].view(n, 1, 1, 1) > MIN_IRIS_PX
        skin = x.flatten(1).quantile(0.75, dim=1).view(n, 1, 1, 1)
        dark = ((skin - x) / skin.clamp_min(8) * 4).clamp(0, 1) * inside
        tone = skin * self.uniform(n, 0.1, 0.8)
        pale = x + (tone - x) * dark * self.uniform(n, 0, 1)
        radius = irises[:, 2].view(n, 1, 1, 1) * self.uniform(n, 0.3, 0.6)
        pupil = torch.sigmoid((radius - distance) * 2) * inside
        bright = torch.where(self.uniform(n, 0, 1) < 0.35, skin * self.uniform(n, 0.8, 1.5), skin * 0.08)
        painted = pale + (bright - pale) * pupil * self.uniform(n, 0.4, 1)
        return torch.where(known, painted.clamp(0, 255), x)

    def _glasses(self, x: Tensor, _: Tensor) -> Tensor:
        """Spectacles: a rim, dark or bright, through or around the eye, at times a tinted lens and a sheen."""
        n = len(x)
        size = x.shape[-1]
        column, row = axes(size)
        wide, high = self.uniform(n, 0.42, 0.9) * size, self.uniform(n, 0.28, 0.6) * size
        at_x, at_y = self.uniform(n, 0.25, 0.75) * size, self.uniform(n, 0.4, 0.85) * size
        power = torch.where(self.uniform(n, 0, 1) < 0.5, 2.0, 4.0)
        reach = (((column - at_x).abs() / wide) ** power + ((row - at_y).abs() / high) ** power) ** (1 / power)
        rim = torch.exp(-(((reach - 1) * high / self.uniform(n, 0.5, 1.8)) ** 2))
        tone = torch.where(self.uniform(n, 0, 1) < 0.75, self.uniform(n, 0, 60), self.uniform(n, 180, 255))
        lens = (reach < 1).float() * (self.uniform(n, 0, 1) < 0.5).float()
        tinted = x * (1 - lens * self.uniform(n, 0, 0.5)) + lens * self.uniform(n, 0, 40)
        sheen = self._blob(n, size, 2.0, 9.0) * (reach < 1).float() * self.uniform(n, 0, 130)
        worn = tinted + (self.uniform(n, 0, 1) < 0.5).float() * sheen
        worn = worn + (tone - worn) * rim * self.uniform(n, 0.5, 1)
        return worn.clamp(0, 255)

    def _blob(self, n: int, size: int, low: float, high: float) -> Tensor:
        """One soft elongated spot, 0 to 1, anywhere."""
        column, row = axes(size)
        at_x, at_y = self.uniform(n, 0.1, 0.9) * size, self.uniform(n, 0.1, 0.9) * size
        turn = self.uniform(n, 0, math.pi)
        along = (column - at_x) * turn.cos() + (row - at_y) * turn.sin()
        across = (row - at_y) * turn.cos() - (column - at_x) * turn.sin()
        length, breadth = self.uniform(n, low, high), self.uniform(n, low, high) * 0.5
        return torch.exp(-((along / length) ** 4) - (across / breadth) ** 4)

    def _night(self, x: Tensor, irises: Tensor) -> Tensor:
        """Skin smooth and flat, sclera no brighter than skin, lamp falloff, glints, blur, little contrast, noise."""
        x = self._flat_whites(self.skin(x, 2.5, 0.45, 1.5))
        x = self.gamma(x, -0.9, 0.5) * self.falloff(len(x), x.shape[-1], 1.2, 0.9)
        x = self._blur(self._resolution(self._glints(x, irises)))
        return self.sensor(x, least_contrast=0.15, black=70, noise=2.2, least_white=170)

    def _flat_whites(self, x: Tensor) -> Tensor:
        """Clip what is brighter than most of the skin: the white of the eye does not stand out under infrared."""
        n = len(x)
        level = x.flatten(1).quantile(torch.tensor([0.5, 0.9]), dim=1).view(2, n, 1, 1, 1)
        ceiling = level[0] + (level[1] - level[0]) * self.uniform(n, 0.0, 1.5)
        soft = ceiling + (x - ceiling).clamp_min(0) * 0.15
        chosen = self.uniform(n, 0, 1) < 0.6
        return torch.where(chosen, torch.minimum(x, soft), x)

    def _glints(self, x: Tensor, irises: Tensor) -> Tensor:
        """Bright points of the lamps: on the eye where it is known, on lids and glasses anywhere."""
        n = len(x)
        column, row = axes(x.shape[-1])
        known = (irises[:, 2] > MIN_IRIS_PX).view(n, 1, 1, 1)
        radius = irises[:, 2].view(n, 1, 1, 1)
        for share, on_eye in ((0.5, True), (0.15, True), (0.15, False)):
            reach = radius * 0.6 if on_eye else torch.full_like(radius, 12.0)
            middle_x = torch.where(known & on_eye, irises[:, 0].view(n, 1, 1, 1), x.shape[-1] / 2)
            middle_y = torch.where(known & on_eye, irises[:, 1].view(n, 1, 1, 1), x.shape[-1] / 2)
            at_x = middle_x + reach * self.uniform(n, -1, 1)
            at_y = middle_y + reach * self.uniform(n, -1, 1)
            size = torch.exp(self.uniform(n, math.log(0.4), math.log(1.3 if on_eye else 3.0)))
            light = torch.exp(-((column - at_x) ** 2 + (row - at_y) ** 2) / (2 * size**2))
            present = (self.uniform(n, 0, 1) < share) & (known | (not on_eye))
            x = torch.where(present, (x + light * self.uniform(n, 40, 230)).clamp(max=255), x)
        return x

    def _resolution(self, x: Tensor) -> Tensor:
        """Make the eye as small as it is in a cabin picture: down to 12 pixels across the crop's 48, then up again."""
        parts = []
        for part in x.chunk(6):
            if torch.rand((), generator=self.random) < 0.45:
                parts.append(part)
                continue
            side = int(torch.randint(13, 42, (), generator=self.random))
            small = F.interpolate(part, size=(side, side), mode="area")
            parts.append(F.interpolate(small, size=x.shape[-2:], mode="bilinear", align_corners=False))
        return torch.cat(parts)

    def _blur(self, x: Tensor) -> Tensor:
        """Mix the sharp picture at random with a soft one or one smeared by motion."""
        n = len(x)
        soft = gaussian(x, 1.2)
        aside = F.avg_pool2d(F.pad(x, (3, 3, 0, 0), mode="replicate"), (1, 7), stride=1)
        upright = F.avg_pool2d(F.pad(x, (0, 0, 2, 2), mode="replicate"), (5, 1), stride=1)
        which, amount = self.uniform(n, 0, 1), self.uniform(n, 0, 1)
        other = torch.where(which < 0.1, aside, torch.where(which < 0.2, upright, soft))
        return torch.where(which < 0.6, x + (other - x) * amount, x)


def disc(irises: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Soft discs (N, 1, H, W) of irises (N, 3) in crop pixels, and the distance of each pixel from their centres."""
    column, row = axes(size)
    x, y, radius = (irises[:, k].view(-1, 1, 1, 1) for k in range(3))
    distance = ((column - x) ** 2 + (row - y) ** 2 + 1e-6).sqrt()
    return torch.sigmoid((radius - distance) * 1.5), distance


def place(batch: Batch, matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Sample crops (N, 1, 48, 48) and place the irises, through affine matrices (N, 2, 3) of output to canvas."""
    n = len(matrices)
    grid = F.affine_grid(matrices, [n, 1, INPUT_PX, INPUT_PX], align_corners=False)
    canvases = batch.canvases.float().unsqueeze(1)
    # Halved first where the crop is much smaller than the region, so that no lid falls between two samples.
    crops = F.grid_sample(canvases, grid, padding_mode="border", align_corners=False)
    coarse = F.avg_pool2d(canvases, 2)
    small = F.grid_sample(coarse, grid, padding_mode="border", align_corners=False)
    scale = matrices[:, :, :2].det().abs().sqrt()
    crops = torch.where((scale * CANVAS_PX > 1.5 * INPUT_PX).view(n, 1, 1, 1), small, crops)
    centre = (2 * batch.irises[:, :2] / CANVAS_PX - 1 - matrices[:, :, 2]).unsqueeze(2)
    placed = torch.linalg.solve(matrices[:, :, :2], centre).squeeze(2)
    xy = (placed + 1) * INPUT_PX / 2 - 0.5
    radius = batch.irises[:, 2] / CANVAS_PX / scale * INPUT_PX
    return crops, torch.cat([xy, radius.unsqueeze(1)], 1)


def nominal(batch: Batch) -> tuple[Tensor, Tensor]:
    """Give the nominal crops (N, 1, 48, 48), nothing changed at random, and the irises in them."""
    half = batch.sides / CANVAS_PX
    matrices = torch.zeros(len(half), 2, 3)
    matrices[:, 0, 0] = matrices[:, 1, 1] = half
    return place(batch, matrices)


def plain(batch: Batch) -> Tensor:
    """Give the nominal crops, normalised."""
    return stretch_batch(nominal(batch)[0])


def stretch_batch(x: Tensor) -> Tensor:
    """Do the daemon's contrast normalisation for a batch."""
    return stretched(x, LOW_PERCENTILE, HIGH_PERCENTILE, MIN_SPAN_GREY)
