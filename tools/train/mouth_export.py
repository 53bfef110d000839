"""Mouth weights to a float .tflite, and the pictures that the quantizer needs.

``python tools/train/mouth_export.py --data DIR --run build/train/mouth/final`` writes into the run's folder
``mouth_float.tflite``, ``calibration.npz`` and ``check.npz``. The .npz files hold faces: they stay in the build folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from float_file import folded, write_float_file
from mouth import drawing_chances, load_net
from mouth_augment import MouthAugmenter, plain
from mouth_data import HELD_OUT, MouthSet, load_mouths
from mouth_net import INPUT_PX, LABELS, MouthNetwork
from tflite_graph import FloatGraph

if TYPE_CHECKING:
    from net import ConvNorm

PICTURES = 800
"""Half as they are, half augmented: activations of both must fit the scales [D]."""


def to_tflite(net: MouthNetwork) -> bytes:
    """Write the network as a float .tflite: input ``crop`` (1, 48, 48, 1), output ``logits`` (1, 2)."""
    graph = FloatGraph("crop", (1, INPUT_PX, INPUT_PX, 1))

    def layer(x: int, part: ConvNorm, name: str) -> int:
        return graph.conv(x, name, *folded(part), stride=part.conv.stride[0], relu6=True)

    x = layer(layer(graph.input, net.stem, "stem"), net.down1, "down1")
    x = layer(graph.add(x, layer(x, net.same1, "same1"), "sum1"), net.down2, "down2")
    x = layer(graph.add(x, layer(x, net.same2, "same2"), "sum2"), net.down3, "down3")
    weights, bias = (p.detach().numpy() for p in (net.logits.weight, net.logits.bias))
    end = graph.fully_connected(graph.spatial_mean(x, "mean"), "logits", weights, bias)
    return graph.finish(end, f"Mouth, logits: {', '.join(LABELS)}")


def pictures_of(mouths: MouthSet, count: int, seed: int) -> torch.Tensor:
    """Draw pictures as training does, half of them as they are, half augmented: (N, 1, 48, 48)."""
    chances = drawing_chances(mouths)
    drawn = np.random.default_rng(seed).choice(len(mouths), count, replace=False, p=chances)
    canvases = torch.from_numpy(mouths.canvases[drawn])
    return torch.cat([plain(canvases[: count // 2]), MouthAugmenter(seed)(canvases[count // 2 :])])


def main() -> None:
    """Read the command line, export, check against PyTorch and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--harvest", type=Path, default=Path("build/train/mouth/harvest"))
    parser.add_argument("--run", type=Path, default=Path("build/train/mouth/final"))
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = load_net(options.run / "last.pt")
    mouths = load_mouths(options.harvest, options.data)
    learnt, unseen = mouths.take(mouths.fold != HELD_OUT), mouths.take(mouths.fold == HELD_OUT)
    parts = {"calibration": learnt, "check": unseen}
    used = {use: pictures_of(part, PICTURES, options.seed) for use, part in parts.items()}
    write_float_file(options.run, "mouth", to_tflite(net), net, used)


if __name__ == "__main__":
    main()
