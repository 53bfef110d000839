"""A network in memory, run on grey crops: float and int8 alike, real values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.inference.delegates import DelegateChoice
from edge.inference.interpreter import Net
from edge.vision.preprocess import GrayInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]
    Floats = NDArray[np.float32]


class Runner:
    """Runs a .tflite on square grey crops, black being `low` and white `high` to a float network."""

    def __init__(self, model: bytes, low: float, high: float, *, keep_all: bool = False) -> None:
        """`keep_all`: on the built-in kernels, so that every tensor can be read after a run."""
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if keep_all else OpResolverType.AUTO
        self.interpreter: Any = Interpreter(
            model_content=model,
            num_threads=1,
            experimental_preserve_all_tensors=keep_all,
            experimental_op_resolver_type=resolver,
        )
        self.interpreter.allocate_tensors()
        self.net = Net(self.interpreter, DelegateChoice("cpu" if keep_all else "xnnpack"))
        self.size = self.net.input_shapes[0][1]
        self._input = GrayInput(self.size, low, high, quantized=self.net.input_types[0] == np.int8)

    def run(self, crop: Gray) -> tuple[Floats, ...]:
        """Return the outputs for one crop."""
        return self.net.run((self._input.fill(crop),))

    def tensors(self, names: Sequence[str]) -> dict[str, Floats]:
        """Read tensors of the last run; needs `keep_all`."""
        places = {detail["name"]: detail["index"] for detail in self.interpreter.get_tensor_details()}
        return {name: self.interpreter.get_tensor(places[name]).copy() for name in names}
