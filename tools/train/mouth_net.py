"""The mouth network: one grey mouth, 48x48, in; the logits of "open" and "yawn" out; made to be an int8 network.

Plain 3x3 convolutions with ReLU6 and SAME padding, two of them with a short cut, a mean over the last map and one fully
connected layer: CONV_2D, ADD, MEAN and FULLY_CONNECTED are all that is left once batch normalisation is folded, and all
of them map onto an Edge TPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from net import ConvNorm
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

INPUT_PX: Final = 48
"""Side of the square input [D]: 100 mm of a face that is 64 to 200 pixels wide."""

LABELS: Final = ("open", "yawn")
"""Order of the logits, everywhere."""

WIDTHS: Final = (24, 32, 64, 96)
"""Channels after each halving; under 150 kB as int8 [D]."""


class MouthNetwork(nn.Module):
    """Logits (N, 2) from normalised grey crops (N, 1, 48, 48) in [-1, 127/128]."""

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS, dropout: float = 0.2) -> None:
        super().__init__()
        stem, first, second, third = widths
        self.stem = layer(1, stem, 2)
        self.down1, self.same1 = layer(stem, first, 2), layer(first, first, 1)
        self.down2, self.same2 = layer(first, second, 2), layer(second, second, 1)
        self.down3 = layer(second, third, 2)
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(third, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to (N, 2)."""
        x = self.down1(self.stem(x))
        x = self.down2(x + self.same1(x))
        x = self.down3(x + self.same2(x))
        return self.logits(self.dropout(x.mean((2, 3))))


def layer(channels_in: int, channels_out: int, stride: int) -> ConvNorm:
    """Make a 3x3 convolution with ReLU6."""
    return ConvNorm(channels_in, channels_out, 3, stride, depthwise=False, relu=True)
