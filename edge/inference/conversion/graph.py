"""A .tflite file as a graph of tensors and operators, read and written.

Reads any file's operators and shapes; writes what int8 convolutional networks need. Field numbers and operator codes
are those of the TFLite schema, which never change once given [S: schema.fbs of TensorFlow Lite].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.inference.conversion.flatbuffer import DamagedFileError, Scalar, Table, Tables, Vector, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.inference.conversion.flatbuffer import Fields

IDENTIFIER: Final = b"TFL3"
SCHEMA_VERSION: Final = 3
BUFFER_ALIGNMENT: Final = 16
"""Constants start at a multiple of so many bytes [S: schema.fbs]."""

TYPES: Final = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
"""Element types by their number; others are read as `type <number>`."""

RELU: Final = 1
"""Fused activation."""


class Code(IntEnum):
    """Operators that are converted."""

    ADD = 0
    CONCATENATION = 2
    CONV_2D = 3
    DEPTHWISE_CONV_2D = 4
    DEQUANTIZE = 6
    MAX_POOL_2D = 17
    RELU = 19
    RESHAPE = 22
    PAD = 34
    PRELU = 54


@dataclass(frozen=True, slots=True)
class Option:
    """A scalar option of an operator."""

    name: str
    kind: str
    default: int = 0


_PADDING: Final = Option("padding", "b")
_STRIDES: Final = (Option("stride_w", "i"), Option("stride_h", "i"))
_ACTIVATION: Final = Option("activation", "b")
_DILATIONS: Final = (Option("dilation_w", "i", 1), Option("dilation_h", "i", 1))

OPTIONS: Final[dict[int, tuple[int, tuple[Option, ...]]]] = {
    Code.ADD: (11, (_ACTIVATION,)),
    Code.CONCATENATION: (10, (Option("axis", "i"), _ACTIVATION)),
    Code.CONV_2D: (1, (_PADDING, *_STRIDES, _ACTIVATION, *_DILATIONS)),
    Code.DEPTHWISE_CONV_2D: (2, (_PADDING, *_STRIDES, Option("multiplier", "i"), _ACTIVATION, *_DILATIONS)),
    Code.MAX_POOL_2D: (
        5,
        (_PADDING, *_STRIDES, Option("filter_w", "i"), Option("filter_h", "i"), _ACTIVATION),
    ),
    Code.PAD: (22, ()),
}
"""Number of the options' type in the schema, and the options in the order of their fields."""

INT8_VERSIONS: Final = {Code.CONV_2D: 3, Code.DEPTHWISE_CONV_2D: 3}
"""Version of each operator that first took int8; 2 for the others [S: TFLite's register.cc]."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """Real value = scale * (stored value - zero point), one pair in all or one a channel."""

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    dimension: int = 0
    """Of several scales, the axis they belong to."""


@dataclass(slots=True)
class Tensor:
    """A tensor; one with `data` is a constant."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    data: NDArray[Any] | None = None
    quantization: Quantization | None = None
    sparse: bool = False
    dynamic: bool = False
    """Some side is known only when it runs."""


@dataclass(slots=True)
class Operator:
    """One step of the network; -1 among the inputs is an absent one."""

    code: int
    inputs: list[int]
    outputs: list[int]
    options: dict[str, int] = field(default_factory=dict)
    custom: str = ""
    """Name of an operator that is none of TFLite's own."""
    version: int = 1
    given: Table | None = field(default=None, repr=False, compare=False)
    """All options as the file has them, for who knows their numbers."""


@dataclass(slots=True)
class Graph:
    """A network."""

    tensors: list[Tensor]
    operators: list[Operator]
    inputs: list[int]
    outputs: list[int]
    subgraphs: int = 1
    """How many the file holds; this is the first."""

    def constant(self, tensor: int) -> bool:
        """Tell whether a tensor's values are in the file."""
        return tensor >= 0 and self.tensors[tensor].data is not None


def read_graph(data: bytes) -> Graph:
    """Read the first graph of a .tflite file. Raises `DamagedFileError`."""
    model = Table.root(data, IDENTIFIER)
    subgraphs, buffers = model.tables(2), model.tables(4)
    codes = [
        (max(table.scalar(0, "b"), table.scalar(3, "i")), table.text(1), table.scalar(2, "i", 1))
        for table in model.tables(1)
    ]
    if not subgraphs:
        raise DamagedFileError("it holds no network")
    graph = subgraphs[0]
    try:
        tensors = [_read_tensor(table, buffers) for table in graph.tables(0)]
        operators = [_read_operator(table, codes) for table in graph.tables(3)]
    except (IndexError, ValueError) as error:
        raise DamagedFileError(f"its network cannot be read: {error}") from error
    read = Graph(tensors, operators, graph.array(1, "<i4").tolist(), graph.array(2, "<i4").tolist(), len(subgraphs))
    places = {*read.inputs, *read.outputs, *(t for o in operators for t in (*o.inputs, *o.outputs))}
    if any(not -1 <= place < len(tensors) for place in places):
        raise DamagedFileError("an operator names a tensor that is not there")
    return read


def _read_tensor(table: Table, buffers: Sequence[Table]) -> Tensor:
    shape = tuple(table.array(0, "<i4").tolist())
    number = table.scalar(1, "b")
    dtype = TYPES.get(number, f"type {number}")
    raw = buffers[table.scalar(2, "I")].array(0, "u1")
    sparse = table.table(6) is not None
    dense = raw.size and number in TYPES and not sparse
    data = raw.view(np.dtype(dtype).newbyteorder("<")).reshape(shape) if dense else None
    dynamic = bool((table.array(7, "<i4") < 0).any())
    return Tensor(table.text(3), shape, dtype, data, _read_quantization(table.table(4)), sparse, dynamic)


def _read_quantization(table: Table | None) -> Quantization | None:
    if table is None or not table.array(2, "<f4").size:
        return None
    scales, zeros = table.array(2, "<f4"), table.array(3, "<i8")
    return Quantization(scales, zeros if zeros.size else np.zeros(scales.size, np.int64), table.scalar(6, "i"))


def _read_operator(table: Table, codes: Sequence[tuple[int, str, int]]) -> Operator:
    code, custom, version = codes[table.scalar(0, "I")]
    options = {}
    _, known = OPTIONS.get(code, (0, ()))
    given = table.table(4)
    for number, option in enumerate(known):
        options[option.name] = option.default if given is None else given.scalar(number, option.kind, option.default)
    inputs, outputs = table.array(1, "<i4").tolist(), table.array(2, "<i4").tolist()
    return Operator(code, inputs, outputs, options, custom, version, given)


def write_graph(graph: Graph, description: str) -> bytes:
    """Write a .tflite file. Raises `ValueError` for an operator that is none of those in `OPTIONS`."""
    codes = sorted({(o.code, o.version) for o in graph.operators})
    buffers: list[Fields] = [{}]
    tensors = []
    for tensor in graph.tensors:
        buffer = 0
        if tensor.data is not None:
            buffer = len(buffers)
            raw = np.frombuffer(np.ascontiguousarray(tensor.data).tobytes(), np.uint8)
            buffers.append({0: Vector(raw, BUFFER_ALIGNMENT)})
        tensors.append(_tensor_fields(tensor, buffer))
    network: Fields = {
        0: Tables(tensors),
        1: Vector(np.array(graph.inputs, "<i4")),
        2: Vector(np.array(graph.outputs, "<i4")),
        3: Tables([_operator_fields(o, codes.index((o.code, o.version))) for o in graph.operators]),
        4: "main",
    }
    root: Fields = {
        0: Scalar("I", SCHEMA_VERSION),
        1: Tables([{0: Scalar("b", c), 2: Scalar("i", version), 3: Scalar("i", c)} for c, version in codes]),
        2: Tables([network]),
        3: description,
        4: Tables(buffers),
    }
    return packed(root, IDENTIFIER)


def _tensor_fields(tensor: Tensor, buffer: int) -> Fields:
    number = next(number for number, name in TYPES.items() if name == tensor.dtype)
    fields: dict[int, Any] = {
        0: Vector(np.array(tensor.shape, "<i4")),
        1: Scalar("b", number),
        2: Scalar("I", buffer),
        3: tensor.name,
    }
    if tensor.quantization is not None:
        fields[4] = {
            2: Vector(tensor.quantization.scales.astype("<f4")),
            3: Vector(tensor.quantization.zero_points.astype("<i8")),
            6: Scalar("i", tensor.quantization.dimension),
        }
    return fields


def _operator_fields(operator: Operator, code: int) -> Fields:
    if operator.code not in OPTIONS and operator.code != Code.PRELU:
        raise ValueError(f"operator {operator.code} cannot be written")
    fields: dict[int, Any] = {
        0: Scalar("I", code),
        1: Vector(np.array(operator.inputs, "<i4")),
        2: Vector(np.array(operator.outputs, "<i4")),
    }
    if operator.code in OPTIONS:
        number, known = OPTIONS[operator.code]
        fields[3] = Scalar("B", number)
        fields[4] = {k: Scalar(option.kind, operator.options[option.name]) for k, option in enumerate(known)}
    return fields
