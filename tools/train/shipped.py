"""Take up training where a shipped int8 file stands, when the run that made it is long gone.

A converted network has its batch normalisation folded into weights and biases. Training wants it back: each
convolution's weights are brought to length one a channel, and its normalisation is given the mean and deviation that
real pictures have there, with gain and shift such that the answers stay what the file says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from edge.inference.conversion.graph import read_graph

if TYPE_CHECKING:
    from pathlib import Path

    from net import ConvNorm, ExpressionNet
    from torch import Tensor, nn

    from edge.inference.conversion.graph import Tensor as StoredTensor

LEAST_LENGTH: Final = 1e-6
"""A channel of nothing but zeros stays one."""


def stored_values(file: Path) -> dict[str, Tensor]:
    """Read every constant of a `.tflite` file as real numbers, by name. Raises `ValueError` where it is damaged."""
    graph = read_graph(file.read_bytes())
    return {t.name: torch.from_numpy(_real(t)) for t in graph.tensors if t.data is not None}


def _real(tensor: StoredTensor) -> np.ndarray:
    values = np.asarray(tensor.data, np.float64).reshape(tensor.shape)
    if tensor.quantization is not None and len(tensor.quantization.scales):
        scales = tensor.quantization.scales.astype(np.float64)
        shape = [1] * values.ndim
        if len(scales) > 1:
            shape[tensor.quantization.dimension] = len(scales)
        values = values * scales.reshape(shape)
    return values.astype(np.float32)


def layer_names(net: ExpressionNet) -> dict[str, ConvNorm]:
    """Name the convolutions as `export.to_tflite` does."""
    named = {"stem": net.stem}
    for number, block in enumerate(net.blocks):
        named[f"block{number}/first"], named[f"block{number}/second"] = block.first, block.second
        if block.short_cut is not None:
            named[f"block{number}/short_cut"] = block.short_cut
    return named


@torch.no_grad()
def restore(net: ExpressionNet, file: Path, pictures: Tensor) -> None:
    """Give the network the file's weights, with normalisation as `pictures` (N, 1, 48, 48) have it at each layer.

    Raises `SystemExit` where the file is of another network.
    """
    values = stored_values(file)
    hooks = []
    try:
        for name, layer in layer_names(net).items():
            weights = values[f"{name}/weights"].permute(0, 3, 1, 2)
            length = weights.flatten(1).norm(dim=1).clamp_min(LEAST_LENGTH)
            layer.conv.weight.copy_(weights / length.view(-1, 1, 1, 1))
            hooks.append(layer.norm.register_forward_pre_hook(_normalise(length, values[f"{name}/bias"])))
        heads = [values[f"{name}/{what}"] for what in ("weights", "bias") for name in ("logits", "fer2013")]
        net.heads.weight.copy_(torch.cat(heads[:2]))
        net.heads.bias.copy_(torch.cat(heads[2:]))
    except (KeyError, RuntimeError) as problem:
        raise SystemExit(f"{file} is not the network that is to be trained: {problem}") from None
    net.eval()
    net(pictures)
    for hook in hooks:
        hook.remove()


def _normalise(gain: Tensor, shift: Tensor):  # noqa: ANN202 - torch names no type for hooks
    """Make the hook that sets a normalisation so that it does ``gain * x + shift`` on what it is first given."""

    def hook(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(gain * torch.sqrt(variance + norm.eps))
        norm.bias.copy_(shift + gain * mean)

    return hook
