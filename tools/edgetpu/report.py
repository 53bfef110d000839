"""One file held against the published constraints: what would map, what would not and why, what else is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgetpu.operators import SUPPORTED

if TYPE_CHECKING:
    from edge.inference.conversion.graph import Graph, Operator, Tensor

QUANTIZED: Final = frozenset({"int8", "uint8"})
PARAMETER_ROOM_BYTES: Final = 8 << 20
"""On-chip memory for program and parameters, roughly; what does not fit is streamed at each run, and slow."""
COMPILED: Final = "edgetpu-custom-op"
ADD, PAD, RESHAPE, FULLY_CONNECTED = 0, 34, 22, 9
RESIZING: Final = frozenset({23, 97})
KEEPS_DIMENSIONS_FIELD: Final = 2


@dataclass(frozen=True)
class Problem:
    """Why one operator would not be mapped."""

    number: int
    operator: str
    tensor: str
    why: str


@dataclass(frozen=True)
class Report:
    """What is to be said of one network."""

    counts: dict[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    parameter_bytes: int
    largest_activation_bytes: int
    left_behind: int
    """Operators from the first that would not be mapped to the end: all of them run on the CPU."""

    @property
    def ok(self) -> bool:
        """Whether everything would be mapped, as far as is published."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """Return all of it for `--json`."""
        return {
            "ok": self.ok,
            "operators": self.counts,
            "problems": [vars(problem) for problem in self.problems],
            "on_cpu": self.left_behind,
            "notes": list(self.notes),
            "parameter_bytes": self.parameter_bytes,
            "largest_activation_bytes": self.largest_activation_bytes,
        }


def report_on(graph: Graph) -> Report:
    """Check a network. Raises ValueError for one that is compiled already."""
    if any(operator.custom == COMPILED for operator in graph.operators):
        raise ValueError("it is compiled for the Edge TPU already: give the file it was compiled from")
    problems = [
        Problem(number, name_of(operator), graph.tensors[operator.outputs[0]].name, why)
        for number, operator in enumerate(graph.operators)
        if (why := _problem(graph, operator)) is not None
    ]
    if graph.subgraphs > 1:
        problems.append(Problem(0, "(network)", "", f"it holds {graph.subgraphs} subgraphs, control flow among them"))
    first = min((problem.number for problem in problems), default=len(graph.operators))
    constants = [tensor for tensor in graph.tensors if tensor.data is not None]
    moving = [tensor for tensor in graph.tensors if tensor.data is None]
    parameters = sum(0 if tensor.data is None else tensor.data.nbytes for tensor in constants)
    return Report(
        counts=dict(sorted(Counter(name_of(operator) for operator in graph.operators).items())),
        problems=tuple(problems),
        notes=tuple(_notes(graph, parameters)),
        parameter_bytes=parameters,
        largest_activation_bytes=max((int(np.prod(t.shape)) for t in moving), default=0),
        left_behind=len(graph.operators) - first,
    )


def name_of(operator: Operator) -> str:
    """Return an operator's name in the TFLite schema; its number where it is none that the Edge TPU knows."""
    if operator.custom:
        return f"CUSTOM {operator.custom}"
    if operator.code in SUPPORTED:
        return SUPPORTED[operator.code][0]
    try:
        from ai_edge_litert.schema_py_generated import BuiltinOperator  # noqa: PLC0415
    except ImportError:
        return f"operator {operator.code}"
    return next((name for name, code in vars(BuiltinOperator).items() if code == operator.code), f"{operator.code}")


def _problem(graph: Graph, operator: Operator) -> str | None:
    if operator.custom or operator.code not in SUPPORTED:
        return "it is not among the operators of the Edge TPU"
    for place in (*operator.inputs, *operator.outputs):
        why = None if place < 0 else _unfit(graph.tensors[place], graph.constant(place))
        if why is not None:
            return why
    return SUPPORTED[operator.code][1](graph, operator)


def _unfit(tensor: Tensor, constant: bool) -> str | None:
    if tensor.sparse:
        return f"{tensor.name} is sparse"
    if constant:
        fine = tensor.dtype in QUANTIZED or tensor.dtype == "int32"
        return None if fine else f"constant {tensor.name} is {tensor.dtype}, not quantized to 8 bits"
    if tensor.dtype not in QUANTIZED or tensor.quantization is None:
        return f"{tensor.name} is {tensor.dtype}, not quantized to 8 bits"
    if tensor.dynamic or any(side < 1 for side in tensor.shape):
        return f"{tensor.name} has a size that is not known when it is compiled"
    if any(side > 1 for side in tensor.shape[:-3]):
        return f"{tensor.name} is larger than 1 in a dimension before the innermost three"
    return None


def _notes(graph: Graph, parameters: int) -> list[str]:
    """Return what is known besides, and is not certain to matter."""
    notes = []
    makers = {tensor: operator.code for operator in graph.operators for tensor in operator.outputs}
    padded = sum(o.code == ADD and PAD in {makers.get(place) for place in o.inputs} for o in graph.operators)
    if padded:
        notes.append(
            f"{padded} ADD behind a PAD: compiler 16 is reported to leave such a one on the CPU "
            "(github.com/google-coral/edgetpu/issues/690); look into its log"
        )
    if any(operator.code in RESIZING for operator in graph.operators):
        notes.append("resizing of large pictures stays on the CPU, to save precision")
    if any(operator.code == RESHAPE for operator in graph.operators):
        notes.append("reshaping of large tensors may stay on the CPU")
    keeping = [o for o in graph.operators if o.code == FULLY_CONNECTED and o.given is not None]
    if any(o.given is not None and o.given.scalar(KEEPS_DIMENSIONS_FIELD, "b") for o in keeping):
        notes.append("FULLY_CONNECTED that keeps its dimensions is reported as an unsupported version")
    if parameters > PARAMETER_ROOM_BYTES:
        notes.append(f"{parameters / 2**20:.1f} MiB of parameters do not fit on the chip and are streamed at each run")
    return notes
