"""A float .tflite, checked against PyTorch before it is written, with the pictures that the quantizer needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from run import answers_of

if TYPE_CHECKING:
    from pathlib import Path

    from net import ConvNorm
    from numpy.typing import NDArray
    from torch import Tensor, nn

TOLERANCE: Final = 1e-3
"""Largest difference of an answer allowed between PyTorch and the float file."""

COMPARED: Final = 64
"""Pictures on which they are compared."""


def folded(layer: ConvNorm) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give weights in TFLite's layout and bias with the normalisation inside."""
    norm = layer.norm
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weights = layer.conv.weight * gain.view(-1, 1, 1, 1)
    bias = norm.bias - norm.running_mean * gain
    # (out, in, h, w): a full convolution wants (out, h, w, in), a depthwise one (1, h, w, out).
    order = (1, 2, 3, 0) if layer.conv.groups > 1 else (0, 2, 3, 1)
    return weights.permute(order).contiguous().detach().numpy(), bias.detach().numpy()


def write_float_file(folder: Path, name: str, model: bytes, net: nn.Module, pictures: dict[str, Tensor]) -> None:
    """Write ``NAME_float.tflite`` and, a file each, the pictures (N, 1, H, W): ``calibration`` and ``check``.

    Raises `SystemExit`, nothing written, where the file does not answer as the network does.
    """
    difference = largest_difference(model, net, pictures["check"][:COMPARED])
    if difference > TOLERANCE:
        raise SystemExit(f"The float file differs from PyTorch by {difference:.2g}: the export is wrong, not written.")
    (folder / f"{name}_float.tflite").write_bytes(model)
    for use, inputs in pictures.items():
        np.savez(folder / f"{use}.npz", inputs=inputs.permute(0, 2, 3, 1).contiguous().numpy())
    print(f"{name}_float.tflite: {len(model):,} bytes, largest difference to PyTorch {difference:.1e}")


def largest_difference(model: bytes, net: nn.Module, inputs: Tensor) -> float:
    """Largest difference of an answer between the file and PyTorch over a few pictures (N, 1, H, W)."""
    runtime = Interpreter(model_content=model, num_threads=1)
    runtime.allocate_tensors()
    found = []
    for picture in inputs.permute(0, 2, 3, 1).contiguous().numpy():
        runtime.set_tensor(runtime.get_input_details()[0]["index"], picture[None])
        runtime.invoke()
        found.append(np.concatenate([runtime.get_tensor(end["index"])[0] for end in runtime.get_output_details()]))
    return float(np.abs(np.stack(found) - answers_of(net, inputs).numpy()).max())
