"""Float .tflite to full int8: ``python tools/quantize.py FLOAT.tflite OUT.tflite --calibration C.npz --check D.npz``.

Weights get one scale a channel (fully connected layers one scale in all, which older runtimes and the Edge TPU
compiler need), activations one scale a tensor from the calibration pictures, input and output are int8 too. The work
is done by the calibrator inside ``ai_edge_litert``. That part of the package is private: the pinned version in
``tools/train/requirements-train.txt`` and ``tests/unit/tools/test_quantize.py`` hold it in place.

The .npz files hold one array ``inputs``, float32 (N, ...) in the shape and range of the network's input; for a network
with several inputs one array each, named as its tensor. The report compares each output of float and int8 on the check
pictures, which must not be those of the calibration; with an array ``labels`` (N,) of whole numbers beside them, -1
being none, it says how often each is right.

``--decide RULE`` names what the network decides, as in ``tools/manifest_entry.py`` (``top:OUTPUT[:N]``,
``above:OUTPUT:THRESHOLD[:AT[:MINUS]]``; default: the largest value of each output with several). The share of equal
decisions stands with its 95 % interval, and what both decide on the golden frames. We want 0.98 of the decisions equal
and at most half a point of accuracy lost.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as calibration_wrapper
from ai_edge_litert.interpreter import Interpreter
from manifest_entry import MistakeError
from quantize_report import decisions, golden_decisions, golden_inputs
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Inputs = NDArray[np.float32] | Sequence[NDArray[np.float32]]

INT8 = np.dtype(np.int8).num
INT32 = np.dtype(np.int32).num


@dataclass(frozen=True)
class Agreement:
    """One output, float against int8 over some pictures; differences are in the units of the output."""

    count: int
    same_top: float | None
    """Share of pictures whose largest value stands at the same place; None for an output of one value."""
    mean_difference: float
    largest_difference: float


def quantize(model: bytes, inputs: Inputs) -> bytes:
    """Make the int8 twin of a float .tflite; all inputs and outputs become int8, their order and names stay.

    `inputs` is one array (N, ...), or one a network input in the network's order, all of the same N.
    Raises ValueError where the pictures do not fit the model, or no int8 file comes out.
    """
    arrays = fitting(model, inputs)
    wrapper = calibration_wrapper.CalibrationWrapper(model, [], [])
    wrapper.Prepare()
    for k in watched(len(arrays[0]), "calibrate"):
        wrapper.FeedTensor([np.ascontiguousarray(array[k : k + 1]) for array in arrays])
    allow_float, one_scale_a_tensor, one_scale_a_dense_layer = False, False, True
    result = bytes(
        wrapper.QuantizeModel(INT8, INT8, allow_float, INT8, INT32, one_scale_a_tensor, one_scale_a_dense_layer)
    )
    made = described(result)
    if any(d["dtype"] is not np.int8 for d in (*made.inputs, *made.outputs)):
        raise ValueError("The calibrator left a float input or output: check the version of ai-edge-litert.")
    return result


def fitting(model: bytes, inputs: Inputs) -> tuple[NDArray[np.float32], ...]:
    """Give one array a network input; raises ValueError where they do not fit the model."""
    arrays = (inputs,) if isinstance(inputs, np.ndarray) else tuple(inputs)
    details = described(model).inputs
    if len(arrays) != len(details):
        names = ", ".join(str(d["name"]) for d in details)
        raise ValueError(f"{len(arrays)} arrays of calibration pictures for {len(details)} inputs ({names}).")
    for array, entry in zip(arrays, details, strict=True):
        wanted = tuple(entry["shape"][1:])
        if len(array) == 0 or array.shape[1:] != wanted or array.dtype != np.float32:
            raise ValueError(
                f"Calibration pictures are {array.dtype} {array.shape}, the model wants float32 "
                f"(N, {', '.join(map(str, wanted))}) with N > 0 for {entry['name']}."
            )
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(f"Calibration pictures differ in number: {', '.join(str(len(a)) for a in arrays)}.")
    return arrays


@dataclass(frozen=True)
class Described:
    """The runtime's own description of a model's inputs and outputs."""

    inputs: list[dict[str, object]]
    outputs: list[dict[str, object]]


def described(model: bytes) -> Described:
    """Read the description of a model's inputs and outputs."""
    runtime = Interpreter(model_content=model, num_threads=1)
    return Described(runtime.get_input_details(), runtime.get_output_details())


def outputs_of(model: bytes, inputs: Inputs) -> NDArray[np.float32]:
    """Compute the only output (N, ...) in real units, for a float or an int8 model alike.

    Raises ValueError for a model with several outputs: see `all_outputs_of`.
    """
    outputs = all_outputs_of(model, inputs)
    if len(outputs) != 1:
        raise ValueError(f"The model has {len(outputs)} outputs ({', '.join(outputs)}), not one.")
    return next(iter(outputs.values()))


def all_outputs_of(model: bytes, inputs: Inputs) -> dict[str, NDArray[np.float32]]:
    """Compute each output (N, ...) by its tensor's name, in the model's order and in real units."""
    arrays = (inputs,) if isinstance(inputs, np.ndarray) else tuple(inputs)
    runtime = Interpreter(model_content=model, num_threads=1)
    runtime.allocate_tensors()
    entries, leaves = runtime.get_input_details(), runtime.get_output_details()
    found: list[list[NDArray[np.float32]]] = [[] for _ in leaves]
    for k in watched(len(arrays[0]), "run"):
        for array, entry in zip(arrays, entries, strict=True):
            runtime.set_tensor(entry["index"], to_integers(array[k : k + 1], entry))
        runtime.invoke()
        for leave, values in zip(leaves, found, strict=True):
            values.append(to_real(runtime.get_tensor(leave["index"])[0], leave))
    return {leave["name"]: np.stack(values) for leave, values in zip(leaves, found, strict=True)}


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


def compare(model: bytes, twin: bytes, inputs: Inputs, output: str | None = None) -> Agreement:
    """Measure how closely one output of the int8 model follows the float one; `output` may be left out if it is one."""
    found = compare_all(model, twin, inputs)
    if output is None and len(found) != 1:
        raise ValueError(f"The model has {len(found)} outputs: name one of {', '.join(found)}.")
    return found[output] if output is not None else next(iter(found.values()))


def compare_all(model: bytes, twin: bytes, inputs: Inputs) -> dict[str, Agreement]:
    """Measure how closely each output of the int8 model follows the float one, by the float model's names.

    Outputs are paired by their place. Raises ValueError where the two models do not have the same outputs.
    """
    return agreements(all_outputs_of(model, inputs), all_outputs_of(twin, inputs))


def agreements(real: dict[str, NDArray[np.float32]], integer: dict[str, NDArray[np.float32]]) -> dict[str, Agreement]:
    """Compare the outputs of both, paired by their place."""
    shapes = [[values.shape for values in side.values()] for side in (real, integer)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"The outputs are {shapes[0]} in float and {shapes[1]} in int8: these two are no twins.")
    return {name: agreement(real[name], values) for name, values in zip(real, integer.values(), strict=True)}


def agreement(real: NDArray[np.float32], integer: NDArray[np.float32]) -> Agreement:
    """Compare the values (N, ...) of one output."""
    difference = np.abs(real - integer)
    flat, other = (values.reshape(len(values), -1) for values in (real, integer))
    same = float((flat.argmax(1) == other.argmax(1)).mean()) if flat.shape[1] > 1 else None
    return Agreement(len(real), same, float(difference.mean()), float(difference.max()))


def is_one_partition(model: bytes) -> bool:
    """Tell whether XNNPACK takes the whole graph as one piece; what stays outside costs copies and time."""
    runtime = Interpreter(model_content=model, num_threads=1)
    operations = len(runtime._get_ops_details())  # noqa: SLF001
    runtime.allocate_tensors()
    delegates = runtime._get_ops_details()[operations:]  # noqa: SLF001
    ends = {d["index"] for d in (*runtime.get_input_details(), *runtime.get_output_details())}
    return len(delegates) == 1 and ends <= {*delegates[0]["inputs"], *delegates[0]["outputs"]}


def load_inputs(path: Path, model: bytes) -> tuple[NDArray[np.float32], ...]:
    """Read an .npz: the array ``inputs``, or one array a network input, each under its tensor's name.

    Raises ValueError when an array is missing.
    """
    names = [str(d["name"]) for d in described(model).inputs]
    with np.load(path) as archive:
        if len(names) == 1 and "inputs" in archive:
            return (archive["inputs"],)
        missing = [name for name in names if name not in archive]
        if missing:
            raise ValueError(f"{path} has no array {', '.join(missing)}; it holds {', '.join(archive.files)}.")
        return tuple(archive[name] for name in names)


def watched(count: int, what: str) -> tqdm[int]:
    """Count pictures, with a bar on a terminal when it takes more than a moment."""
    return tqdm(range(count), desc=what, unit=" pictures", delay=1.0, leave=False, disable=not sys.stderr.isatty())


def main() -> int:
    """Read the command line, convert, compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--check", type=Path, required=True)
    parser.add_argument("--decide", nargs="*", default=[], metavar="RULE", help="what the network decides: see above")
    parser.add_argument("--low", type=float, default=-1.0, help="real value of black in the golden frames")
    parser.add_argument("--high", type=float, default=0.9921875, help="real value of white in the golden frames")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    options = parser.parse_args()
    try:
        model = options.model.read_bytes()
        twin = quantize(model, load_inputs(options.calibration, model))
        found = report(model, twin, options)
    except (MistakeError, ValueError, OSError) as error:
        print(f"quantize: {error}", file=sys.stderr)
        return 1
    options.out.write_bytes(twin)
    document = {"file": str(options.out), "bytes": len(twin), "sha256": hashlib.sha256(twin).hexdigest()} | found
    print(json.dumps(document, indent=2) if options.json else text_of(document))
    return 0


def report(model: bytes, twin: bytes, options: argparse.Namespace) -> dict[str, Any]:
    """Compare float and int8 on the check pictures and on the golden frames."""
    made = described(twin)
    inputs = load_inputs(options.check, model)
    with np.load(options.check) as archive:
        labels = archive["labels"].astype(np.int64) if "labels" in archive else None
    real, integer = all_outputs_of(model, inputs), all_outputs_of(twin, inputs)
    compared = agreements(real, integer)
    # The int8 file may name its outputs otherwise; they are in the same order.
    integer = dict(zip(real, integer.values(), strict=True))
    rules = options.decide or [f"top:{name}" for name, values in real.items() if values[0].size > 1]
    golden = golden_inputs([tuple(d["shape"]) for d in made.inputs], options.low, options.high)
    sides = [dict(zip(real, all_outputs_of(one, golden).values(), strict=True)) for one in (model, twin)]
    return {
        "tensors": [
            {
                "kind": kind,
                "name": details["name"],
                "shape": details["shape"].tolist(),
                "scale": details["quantization"][0],
                "zero_point": details["quantization"][1],
            }
            for kind, tensors in (("input", made.inputs), ("output", made.outputs))
            for details in tensors
        ],
        "outputs": {name: asdict(one) for name, one in compared.items()},
        "decisions": [one.document() | {"text": one.text()} for one in decisions(rules, real, integer, labels)],
        "golden": golden_decisions(rules, *sides),
        "one_partition": is_one_partition(twin),
    }


def text_of(document: dict[str, Any]) -> str:
    """Return the report as lines."""
    lines = [f"{document['file']}: {document['bytes']:,} bytes, sha256 {document['sha256']}"]
    lines += [
        f"{one['kind']} {one['name']} {one['shape']} int8, scale {one['scale']:.9g}, zero point {one['zero_point']}"
        for one in document["tensors"]
    ]
    for name, found in document["outputs"].items():
        same = "" if found["same_top"] is None else f"same top {found['same_top']:.4f}, "
        lines.append(
            f"float against int8 on {found['count']}, {name}: {same}"
            f"mean difference {found['mean_difference']:.4f}, largest {found['largest_difference']:.4f}"
        )
    lines += [one["text"] for one in document["decisions"]]
    for rule, frames in document["golden"].items():
        other = [f"{frame} {ours} -> {others}" for frame, (ours, others) in frames.items() if ours != others]
        said = f"{len(frames) - len(other)} of {len(frames)} golden frames decided alike"
        lines.append(f"{rule}: {said}" + (f"; {', '.join(other)}" if other else ""))
    lines.append(f"one XNNPACK partition: {'yes' if document['one_partition'] else 'no'}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
