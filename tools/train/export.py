"""PyTorch weights to a float .tflite with batch normalisation folded, and the pictures the quantizer needs.

``python tools/train/export.py --run build/train/student --data DIR`` writes into the run's folder
``expression_float.tflite``, ``calibration.npz`` (training pictures) and ``check.npz`` (validation pictures).
The two .npz files hold faces: they stay in the build folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from augment import Augmenter, plain
from data import LABELS, FaceSet, load_visible
from expression import choosing_half
from figures import best_temperature
from float_file import folded, write_float_file
from net import CLASSES, FER2013_CLASSES, INPUT_PX, SHAPES, ConvNorm, ExpressionNet
from run import answers_of
from tflite_graph import FloatGraph

CALIBRATION_PICTURES = 600
"""Half as they are, half night-like: activations of both must fit the scales [D]."""


def to_tflite(net: ExpressionNet) -> bytes:
    """Write the network as a float .tflite: input ``crop`` (1, 48, 48, 1), outputs ``logits`` (8), ``fer2013`` (7)."""
    graph = FloatGraph("crop", (1, INPUT_PX, INPUT_PX, 1))

    def layer(x: int, part: ConvNorm, name: str) -> int:
        add = graph.depthwise if part.conv.groups > 1 else graph.conv
        relu6 = isinstance(part.act, torch.nn.ReLU6)
        return add(x, name, *folded(part), stride=part.conv.stride[0], relu6=relu6)

    x = layer(graph.input, net.stem, "stem")
    for number, block in enumerate(net.blocks):
        y = layer(layer(x, block.first, f"block{number}/first"), block.second, f"block{number}/second")
        skipped = x if block.short_cut is None else layer(x, block.short_cut, f"block{number}/short_cut")
        x = graph.add(y, skipped, f"block{number}/sum", relu6=True)
    x = graph.spatial_mean(x, "mean")
    weights, bias = (p.detach().numpy() for p in (net.heads.weight, net.heads.bias))
    ends = [
        graph.fully_connected(x, "logits", weights[:CLASSES], bias[:CLASSES]),
        graph.fully_connected(x, "fer2013", weights[CLASSES:], bias[CLASSES:]),
    ]
    return graph.finish(ends, f"Displayed expression, logits: {', '.join(LABELS)}")


def load_net(path: Path, shape: str = "student") -> ExpressionNet:
    """Load the network with the weights of ``best.pt``."""
    net = ExpressionNet(SHAPES[shape])
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.eval()


@torch.no_grad()
def share_temperature(net: ExpressionNet, valid: FaceSet) -> None:
    """Scale the FER2013 logits so that one temperature suits both heads: the manifest states one a network."""
    chosen = choosing_half(valid)
    votes, label = valid.shares[chosen].argmax(1), valid.fer_label[chosen].astype(np.int64)
    logits = answers_of(net, plain(torch.from_numpy(valid.canvases[chosen]))).numpy()
    published, labelled = votes < FER2013_CLASSES, label >= 0
    wanted = best_temperature(logits[published, :FER2013_CLASSES], votes[published])
    own = best_temperature(logits[labelled, CLASSES:], label[labelled])
    net.heads.weight[CLASSES:] *= wanted / own
    net.heads.bias[CLASSES:] *= wanted / own
    print(f"temperature {wanted:.3f} of the votes, {own:.3f} of the FER2013 labels: scaled by {wanted / own:.3f}")


def main() -> None:
    """Read the command line, export, check against PyTorch and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("build/train/student"))
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = load_net(options.run / "best.pt")
    faces = load_visible(options.data)["ferplus"]
    share_temperature(net, faces.part(held_out=True))
    generator = np.random.default_rng(options.seed)

    def pictures(*, held_out: bool) -> torch.Tensor:
        canvases = faces.part(held_out=held_out).canvases
        drawn = torch.from_numpy(canvases[generator.permutation(len(canvases))[:CALIBRATION_PICTURES]])
        half = len(drawn) // 2
        return torch.cat([plain(drawn[:half]), Augmenter(options.seed).night(drawn[half:])])

    used = {"calibration": pictures(held_out=False), "check": pictures(held_out=True)}
    write_float_file(options.run, "expression", to_tflite(net), net, used)


if __name__ == "__main__":
    main()
