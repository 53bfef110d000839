"""Eye-state weights to a float .tflite, and the pictures that the quantizer needs.

``python tools/train/eye_export.py --run build/train/eye_state/final`` writes ``eye_float.tflite``, ``calibration.npz``
and ``check.npz`` into the run's folder. The .npz files hold eyes: they stay in the build folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from eye_augment import EyeAugmenter, plain
from eye_data import load_eyes
from eye_net import INPUT_PX, EyeNet
from eye_state import batch_of, drawing_chances
from float_file import folded, write_float_file
from tflite_graph import FloatGraph

if TYPE_CHECKING:
    from net import ConvNorm

PICTURES = 800
"""Half as they are, half night-like: activations of both must fit the scales [D]."""


def to_tflite(net: EyeNet, output: str, described: str) -> bytes:
    """Write the network as a float .tflite: input ``crop`` (1, 48, 48, 1), output (1, answers) named `output`."""
    graph = FloatGraph("crop", (1, INPUT_PX, INPUT_PX, 1))

    def layer(x: int, part: ConvNorm, name: str) -> int:
        relu6 = isinstance(part.act, torch.nn.ReLU6)
        return graph.conv(x, name, *folded(part), stride=part.conv.stride[0], relu6=relu6)

    x = layer(graph.input, net.stem, "stem")
    for number, (down, block) in enumerate(((net.down1, net.block1), (net.down2, net.block2)), 1):
        x = layer(x, down, f"down{number}")
        y = layer(layer(x, block.first, f"block{number}/first"), block.second, f"block{number}/second")
        x = graph.add(x, y, f"block{number}/add")
    x = graph.spatial_mean(layer(x, net.head, "head"), "mean")
    weights, bias = (p.detach().numpy() for p in (net.answers.weight, net.answers.bias))
    return graph.finish(graph.fully_connected(x, output, weights, bias), described)


def main() -> None:
    """Read the command line, export, check against PyTorch and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path("build/train/eye_state/harvest"))
    parser.add_argument("--run", type=Path, default=Path("build/train/eye_state/final"))
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = EyeNet()
    net.load_state_dict(torch.load(options.run / "last.pt", weights_only=True))
    eyes = load_eyes(options.eyes)
    chances = drawing_chances(eyes)
    drawn = np.random.default_rng(options.seed).choice(len(eyes), 2 * PICTURES, replace=False, p=chances)
    augment = EyeAugmenter(options.seed)

    def pictures(index: np.ndarray) -> torch.Tensor:
        half = len(index) // 2
        return torch.cat([plain(batch_of(eyes, index[:half])), augment(batch_of(eyes, index[half:]))])

    # Activations, not accuracy, are compared: that the network has met these eyes before does not matter here.
    used = {"calibration": pictures(drawn[:PICTURES]), "check": pictures(drawn[PICTURES:])}
    model = to_tflite(net, "state", "Eye state: logit of open, scaled openness")
    write_float_file(options.run, "eye", model, net, used)


if __name__ == "__main__":
    main()
