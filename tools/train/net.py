"""The expression network: grey 48x48 in, eight logits out, made to be an int8 network.

Every choice serves the converted network: ReLU6 alone bounds each activation, so that one scale holds it; the
stride-2 layers pad as TFLite's SAME does (bottom and right for even sizes), so that no PAD operation remains; the
head is a mean over the 3x3 map and one fully connected layer. After batch normalisation is folded only
CONV_2D, DEPTHWISE_CONV_2D, ADD, MEAN and FULLY_CONNECTED are left, all of which the Edge TPU compiler maps.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

INPUT_PX = 48
"""Side of the square input [D]: the native size of FER2013, the largest training set."""

STEM_CHANNELS = 24
HEAD_CHANNELS = 320


@dataclass(frozen=True)
class Stage:
    """One inverted residual block: channels in and out, stride (1 or 2) and expansion of the middle."""

    channels_in: int
    channels_out: int
    stride: int
    expansion: int


STAGES = (
    Stage(24, 24, 1, 2),
    Stage(24, 32, 2, 4),
    Stage(32, 32, 1, 4),
    Stage(32, 64, 2, 4),
    Stage(64, 64, 1, 4),
    Stage(64, 64, 1, 4),
    Stage(64, 96, 1, 4),
    Stage(96, 96, 1, 4),
    Stage(96, 160, 2, 4),
    Stage(160, 160, 1, 4),
)
"""MobileNetV2's shape [S: Sandler et al. 2018], cut to 48 px and 0.6 M parameters [D]."""


class ConvNorm(nn.Module):
    """Convolution with TFLite's SAME padding, batch normalisation and, where asked, ReLU6."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int, *, depthwise: bool, relu: bool
    ) -> None:
        super().__init__()
        # SAME on an even size with stride 2 pads one row below and one column to the right, nothing before.
        self.pad = nn.ZeroPad2d((0, 1, 0, 1)) if stride == 2 else nn.Identity()
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride,
            padding=0 if stride == 2 else kernel // 2,
            groups=channels_in if depthwise else 1,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels_out)
        self.act = nn.ReLU6(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        return self.act(self.norm(self.conv(self.pad(x))))


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where shape allows it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        middle = stage.channels_in * stage.expansion
        self.residual = stage.stride == 1 and stage.channels_in == stage.channels_out
        self.expand = ConvNorm(stage.channels_in, middle, 1, 1, depthwise=False, relu=True)
        self.filter = ConvNorm(middle, middle, 3, stage.stride, depthwise=True, relu=True)
        self.project = ConvNorm(middle, stage.channels_out, 1, 1, depthwise=False, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        y = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


class ExpressionNet(nn.Module):
    """Logits (N, 8) from normalised grey crops (N, 1, 48, 48) in [-1, 127/128]."""

    def __init__(self, classes: int = 8, dropout: float = 0.3) -> None:
        super().__init__()
        self.stem = ConvNorm(1, STEM_CHANNELS, 3, 2, depthwise=False, relu=True)
        self.blocks = nn.ModuleList(InvertedResidual(stage) for stage in STAGES)
        self.head = ConvNorm(STAGES[-1].channels_out, HEAD_CHANNELS, 1, 1, depthwise=False, relu=True)
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(HEAD_CHANNELS, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to (N, 8)."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.logits(self.dropout(self.head(x).mean((2, 3))))


def parameter_count(net: nn.Module) -> int:
    """Count the trainable numbers in the network."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
