"""Float .tflite to full int8: ``python tools/quantize.py FLOAT.tflite OUT.tflite --calibration C.npz --check D.npz``.

Weights get one scale a channel (fully connected layers one scale in all, which older runtimes and the Edge TPU
compiler need), activations one scale a tensor from the calibration pictures, input and output are int8 too. The work
is done by the calibrator inside ``ai_edge_litert``. That part of the package is private: the pinned version in
``tools/train/requirements-train.txt`` and ``tests/unit/tools/test_quantize.py`` hold it in place.

The .npz files hold one array ``inputs``, float32 (N, ...) in the shape and range of the network's input. The report
compares float and int8 on the check pictures, which must not be those of the calibration.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as calibration_wrapper
from ai_edge_litert.interpreter import Interpreter

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT8 = np.dtype(np.int8).num
INT32 = np.dtype(np.int32).num


@dataclass(frozen=True)
class Agreement:
    """Float against int8 over some pictures; differences are in the units of the output."""

    count: int
    same_top: float
    mean_difference: float
    largest_difference: float


def quantize(model: bytes, inputs: NDArray[np.float32]) -> bytes:
    """Make the int8 twin of a float .tflite with one input and one output.

    Raises ValueError where the model has several inputs, the pictures do not fit it, or no int8 file comes out.
    """
    details = described(model)
    if len(details.inputs) != 1 or len(details.outputs) != 1:
        raise ValueError(
            f"The model has {len(details.inputs)} inputs and {len(details.outputs)} outputs, one of each is handled: "
            "cut it first."
        )
    wanted = tuple(details.inputs[0]["shape"][1:])
    if len(inputs) == 0 or inputs.shape[1:] != wanted or inputs.dtype != np.float32:
        raise ValueError(
            f"Calibration pictures are {inputs.dtype} {inputs.shape}, the model wants float32 "
            f"(N, {', '.join(map(str, wanted))}) with N > 0."
        )
    wrapper = calibration_wrapper.CalibrationWrapper(model, [], [])
    wrapper.Prepare()
    for picture in inputs:
        wrapper.FeedTensor([np.ascontiguousarray(picture[None])])
    allow_float, one_scale_a_tensor, one_scale_a_dense_layer = False, False, True
    result = bytes(
        wrapper.QuantizeModel(INT8, INT8, allow_float, INT8, INT32, one_scale_a_tensor, one_scale_a_dense_layer)
    )
    made = described(result)
    if any(d["dtype"] is not np.int8 for d in (*made.inputs, *made.outputs)):
        raise ValueError("The calibrator left a float input or output: check the version of ai-edge-litert.")
    return result


@dataclass(frozen=True)
class Described:
    """The runtime's own description of a model's inputs and outputs."""

    inputs: list[dict[str, object]]
    outputs: list[dict[str, object]]


def described(model: bytes) -> Described:
    """Read the description of a model's inputs and outputs."""
    runtime = Interpreter(model_content=model, num_threads=1)
    return Described(runtime.get_input_details(), runtime.get_output_details())


def outputs_of(model: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute outputs (N, ...) in real units, for a float or an int8 model alike."""
    runtime = Interpreter(model_content=model, num_threads=1)
    runtime.allocate_tensors()
    entry, leave = runtime.get_input_details()[0], runtime.get_output_details()[0]
    found = []
    for picture in inputs:
        runtime.set_tensor(entry["index"], to_integers(picture[None], entry))
        runtime.invoke()
        found.append(to_real(runtime.get_tensor(leave["index"])[0], leave))
    return np.stack(found)


def to_integers(values: NDArray[np.float32], details: dict[str, object]) -> NDArray[np.generic]:
    """Give real values as the tensor stores them; unchanged for a float tensor."""
    if details["dtype"] is not np.int8:
        return values
    scale, zero_point = details["quantization"]
    return np.clip(np.rint(values / scale) + zero_point, -128, 127).astype(np.int8)


def to_real(values: NDArray[np.generic], details: dict[str, object]) -> NDArray[np.float32]:
    """Give stored values as real ones; unchanged for a float tensor."""
    if details["dtype"] is not np.int8:
        return values.astype(np.float32)
    scale, zero_point = details["quantization"]
    return (values.astype(np.float32) - zero_point) * np.float32(scale)


def compare(model: bytes, twin: bytes, inputs: NDArray[np.float32]) -> Agreement:
    """Measure how closely the int8 model follows the float one; ``same_top``: share with the same largest output."""
    real, integer = outputs_of(model, inputs), outputs_of(twin, inputs)
    difference = np.abs(real - integer)
    same = real.reshape(len(real), -1).argmax(1) == integer.reshape(len(integer), -1).argmax(1)
    return Agreement(len(inputs), float(same.mean()), float(difference.mean()), float(difference.max()))


def is_one_partition(model: bytes) -> bool:
    """Tell whether XNNPACK takes the whole graph as one piece; what stays outside costs copies and time."""
    runtime = Interpreter(model_content=model, num_threads=1)
    operations = len(runtime._get_ops_details())  # noqa: SLF001
    runtime.allocate_tensors()
    delegates = runtime._get_ops_details()[operations:]  # noqa: SLF001
    ends = {runtime.get_input_details()[0]["index"], runtime.get_output_details()[0]["index"]}
    return len(delegates) == 1 and ends <= {*delegates[0]["inputs"], *delegates[0]["outputs"]}


def main() -> None:
    """Read the command line, convert, compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--check", type=Path, required=True)
    options = parser.parse_args()
    model = options.model.read_bytes()
    twin = quantize(model, np.load(options.calibration)["inputs"])
    agreement = compare(model, twin, np.load(options.check)["inputs"])
    options.out.write_bytes(twin)
    made = described(twin)
    print(f"{options.out}: {len(twin):,} bytes, sha256 {hashlib.sha256(twin).hexdigest()}")
    for kind, details in (("input", made.inputs[0]), ("output", made.outputs[0])):
        scale, zero_point = details["quantization"]
        print(f"{kind} {details['name']} {details['shape'].tolist()} int8, scale {scale:.9g}, zero point {zero_point}")
    print(
        f"float against int8 on {agreement.count}: same top {agreement.same_top:.4f}, "
        f"mean difference {agreement.mean_difference:.4f}, largest {agreement.largest_difference:.4f}"
    )
    print(f"one XNNPACK partition: {'yes' if is_one_partition(twin) else 'no'}")


if __name__ == "__main__":
    main()
