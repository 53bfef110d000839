"""The expression network: grey 48x48 in, two sets of logits out, made to be an int8 network.

Every choice serves the converted network: ReLU6 alone bounds each activation, so that one scale holds it; the
stride-2 layers pad as TFLite's SAME does (bottom and right for even sizes), so that no PAD operation remains; the
heads are a mean over the last map and one fully connected layer each. After batch normalisation is folded only
CONV_2D, DEPTHWISE_CONV_2D, ADD, MEAN and FULLY_CONNECTED are left, all of which the Edge TPU compiler maps.

Plain 3x3 convolutions, not depthwise ones: at this size they train more than twice as fast on a CPU with matrix
units, and cost no more per picture once they are int8 [D: measured].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import Tensor, nn

INPUT_PX: Final = 48
"""Side of the square input [D]: the native size of FER2013, the largest training set."""

CLASSES: Final = 8
"""Logits trained on FER+ votes: seven published classes and contempt."""

FER2013_CLASSES: Final = 7
"""Logits trained on the older FER2013 labels, which disagree with the votes in a third of all pictures."""


class ConvNorm(nn.Module):
    """Convolution with TFLite's SAME padding, batch normalisation and, where asked, ReLU6."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int, *, depthwise: bool, relu: bool
    ) -> None:
        super().__init__()
        # SAME on an even size with stride 2 pads one row below and one column to the right, nothing before.
        one_sided = stride == 2 and kernel > 1
        self.pad = nn.ZeroPad2d((0, 1, 0, 1)) if one_sided else nn.Identity()
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride,
            padding=0 if one_sided else kernel // 2,
            groups=channels_in if depthwise else 1,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels_out)
        self.act = nn.ReLU6(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        return self.act(self.norm(self.conv(self.pad(x))))


class Residual(nn.Module):
    """Two 3x3 convolutions and a short cut, ReLU6 after the sum [S: He et al. 2015]."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels_in, channels_out, 3, stride, depthwise=False, relu=True)
        self.second = ConvNorm(channels_out, channels_out, 3, 1, depthwise=False, relu=False)
        same = channels_in == channels_out and stride == 1
        self.short_cut = None if same else ConvNorm(channels_in, channels_out, 1, stride, depthwise=False, relu=False)
        self.act = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        y = self.second(self.first(x))
        return self.act(y + (x if self.short_cut is None else self.short_cut(x)))


@dataclass(frozen=True)
class Level:
    """Some residual blocks of one width; the first has the stride."""

    channels: int
    blocks: int
    stride: int


@dataclass(frozen=True)
class Shape:
    """A network: channels and stride of the stem, then its levels."""

    stem_channels: int
    stem_stride: int
    levels: tuple[Level, ...]


STUDENT: Final = Shape(32, 2, (Level(32, 2, 1), Level(64, 2, 2), Level(128, 2, 2), Level(160, 1, 2)))
"""1.1 M parameters, 63 M multiplications a picture: what the daemon runs [D]."""

TEACHER: Final = Shape(32, 1, (Level(32, 1, 1), Level(64, 2, 2), Level(128, 3, 2), Level(256, 2, 2)))
"""3.1 M parameters, 312 M multiplications a picture: what it learns from [D]."""

SHAPES: Final = {"student": STUDENT, "teacher": TEACHER}


class ExpressionNet(nn.Module):
    """Logits (N, 15) from normalised grey crops (N, 1, 48, 48) in [-1, 127/128]: 8 for votes, 7 for FER2013 labels."""

    def __init__(self, shape: Shape = STUDENT, dropout: float = 0.3) -> None:
        super().__init__()
        self.stem = ConvNorm(1, shape.stem_channels, 3, shape.stem_stride, depthwise=False, relu=True)
        blocks, channels = [], shape.stem_channels
        for level in shape.levels:
            for number in range(level.blocks):
                blocks.append(Residual(channels, level.channels, level.stride if number == 0 else 1))
                channels = level.channels
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(channels, CLASSES + FER2013_CLASSES)

    def embed(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to the mean of the last map, (N, channels)."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return x.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to (N, 15)."""
        return self.heads(self.dropout(self.embed(x)))


def parameter_count(net: nn.Module) -> int:
    """Count the trainable numbers in the network."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
