"""The eye-state network: one grey eye, 48x48, in; openness and the logit of "open" out; made to be an int8 network.

Plain 3x3 convolutions with ReLU6, SAME padding, residual blocks, a mean over the last map and one fully connected
layer: CONV_2D, ADD, MEAN and FULLY_CONNECTED are all that is left once batch normalisation is folded, and all of them
map onto an Edge TPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from net import ConvNorm
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

INPUT_PX: Final = 48
"""Side of the square input [D]: eyes in cabin pictures are 15 to 45 pixels wide, half of the crop's width."""

WIDTHS: Final = (16, 32, 56)
HEAD_CHANNELS: Final = 96
"""Under 150 kB as int8 [D]."""

OPENNESS_SCALE: Final = 8.0
OPENNESS_MIDDLE: Final = 0.6
"""The second output is (openness - middle) * scale: as wide as the logit, so that one int8 scale serves both [D]."""


class EyeBlock(nn.Module):
    """Two 3x3 convolutions, ReLU6 on the first only, and the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels, 3, 1, depthwise=False, relu=True)
        self.second = ConvNorm(channels, channels, 3, 1, depthwise=False, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        return x + self.second(self.first(x))


class EyeNet(nn.Module):
    """(N, 2) from normalised grey crops (N, 1, 48, 48) in [-1, 127/128]: logit of open, scaled openness.

    Another number of `answers` is another question to the same kind of network (`hidden.py`).
    """

    def __init__(
        self,
        widths: tuple[int, int, int] = WIDTHS,
        head: int = HEAD_CHANNELS,
        dropout: float = 0.2,
        answers: int = 2,
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.stem = ConvNorm(1, first, 3, 2, depthwise=False, relu=True)
        self.down1 = ConvNorm(first, second, 3, 2, depthwise=False, relu=True)
        self.block1 = EyeBlock(second)
        self.down2 = ConvNorm(second, third, 3, 2, depthwise=False, relu=True)
        self.block2 = EyeBlock(third)
        self.head = ConvNorm(third, head, 1, 1, depthwise=False, relu=True)
        self.dropout = nn.Dropout(dropout)
        self.answers = nn.Linear(head, answers)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to (N, answers)."""
        x = self.block1(self.down1(self.stem(x)))
        x = self.head(self.block2(self.down2(x)))
        return self.answers(self.dropout(x.mean((2, 3))))
