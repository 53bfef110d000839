"""One network, opened: real values in, real values out, whatever its tensors are quantized to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.inference.delegates import DelegateChoice, DelegateError, Requested, open_interpreter
from edge.inference.manifest import Model, ModelError, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.inference.journal import CrashJournal

    Array = NDArray[Any]
    Floats = NDArray[np.float32]


class Net:
    """A network on one back end. Not thread-safe: one thread owns it."""

    def __init__(self, interpreter: Any, choice: DelegateChoice, outputs: Sequence[Tensor] = ()) -> None:
        self.choice = choice
        self.invokes = 0
        """Number of invokes that `run` made."""
        self._interpreter = interpreter
        self._invoke: Callable[[], None] = interpreter.invoke
        self._inputs = [_Input(interpreter, detail) for detail in interpreter.get_input_details()]
        details = _in_declared_order(interpreter.get_output_details(), outputs)
        self._outputs = [_Output(interpreter, detail) for detail in details]
        self.input_shapes = tuple(entry.shape for entry in self._inputs)
        self.input_types = tuple(entry.dtype for entry in self._inputs)
        self.output_shapes = tuple(entry.shape for entry in self._outputs)
        self.output_steps = tuple(entry.scale for entry in self._outputs)
        """Real value of one integer step of each output; 0.0 for a float one."""

    @classmethod
    def open(
        cls,
        path: Path,
        delegate: Requested = "auto",
        *,
        threads: int = 1,
        model: Model | None = None,
        journal: CrashJournal | None = None,
    ) -> Net:
        """Open a file; with `model` its shapes are checked and its order of outputs is kept.

        Raises `ModelError` when no back end can open it or it is not what the manifest describes.
        """
        try:
            interpreter, choice = open_interpreter(path, delegate, threads=threads, journal=journal)
        except DelegateError as error:
            raise ModelError(str(error), "run `edge-dms models verify`") from error
        net = cls(interpreter, choice, model.outputs if model else ())
        if model and net.input_shapes != tuple(tensor.shape for tensor in model.inputs):
            raise ModelError(
                f"{path} takes {net.input_shapes}, the manifest says otherwise", "run `edge-dms models verify`"
            )
        return net

    def run(self, inputs: Sequence[Array]) -> tuple[Floats, ...]:
        """Run once. Each input has its tensor's shape; float values are quantized where the tensor is.

        An array that already has the tensor's integer type is taken as it is. The results are float32 arrays that
        belong to the caller.
        """
        for entry, values in zip(self._inputs, inputs, strict=True):
            entry.put(values)
        self._invoke()
        self.invokes += 1
        return tuple([entry.get() for entry in self._outputs])

    @property
    def delegated(self) -> bool | None:
        """Whether the runtime handed operators over to a delegate; None where it does not tell."""
        # No public call tells, and what XNNPACK does not take is run by the built-in kernels without a word.
        operators = getattr(self._interpreter, "_get_ops_details", None)
        return None if operators is None else any(one["op_name"] == "DELEGATE" for one in operators())

    def bare_invoke(self) -> None:
        """Invoke with the inputs that are in place and nothing else: what a benchmark compares with."""
        self._invoke()


class _Input:
    """Writes real values into one input tensor."""

    def __init__(self, interpreter: Any, detail: dict[str, Any]) -> None:
        self.shape = tuple(int(side) for side in detail["shape"])
        self._set = interpreter.set_tensor
        self._index = detail["index"]
        self.dtype = np.dtype(detail["dtype"])
        self._integer = self.dtype.kind in "iu"
        if self._integer:
            self._scale, self._zero = _quantization(detail)
            self._low, self._high = np.iinfo(self.dtype).min, np.iinfo(self.dtype).max
            self._real = np.empty(self.shape, np.float32)
            self._quantized = np.empty(self.shape, self.dtype)

    def put(self, values: Array) -> None:
        if values.dtype == self.dtype:
            self._set(self._index, values)
        elif self._integer:
            np.multiply(values, 1.0 / self._scale, out=self._real, casting="unsafe")
            np.rint(self._real, out=self._real)
            self._real += self._zero
            np.clip(self._real, self._low, self._high, out=self._real)
            np.copyto(self._quantized, self._real, casting="unsafe")
            self._set(self._index, self._quantized)
        else:
            self._set(self._index, values.astype(self.dtype))


class _Output:
    """Reads real values out of one output tensor."""

    def __init__(self, interpreter: Any, detail: dict[str, Any]) -> None:
        self.shape = tuple(int(side) for side in detail["shape"])
        self._get = interpreter.get_tensor
        self._index = detail["index"]
        self._integer = np.dtype(detail["dtype"]).kind in "iu"
        self.scale = 0.0
        if self._integer:
            self.scale, self._zero = _quantization(detail)

    def get(self) -> Floats:
        raw = self._get(self._index)
        if not self._integer:
            return np.asarray(raw, np.float32)
        real: Floats = raw.astype(np.float32)
        real -= self._zero
        real *= self.scale
        return real


def _quantization(detail: dict[str, Any]) -> tuple[float, int]:
    scale, zero = detail["quantization"]
    if not scale:
        raise ModelError(f"tensor {detail['name']} is an integer without a scale", "convert the network again")
    return float(scale), int(zero)


def _in_declared_order(details: list[dict[str, Any]], declared: Sequence[Tensor]) -> list[dict[str, Any]]:
    """Sort outputs as declared: by name, else by a shape that only one of them has."""
    if not declared:
        return details
    ordered = []
    for tensor in declared:
        same = [d for d in details if d["name"] == tensor.name] or [
            d for d in details if tuple(int(side) for side in d["shape"]) == tensor.shape
        ]
        if len(same) != 1:
            raise ModelError(f"no single output {tensor.name} {tensor.shape}", "run `edge-dms models verify`")
        ordered += same
    return ordered
