"""FlatBuffers, read and written: just what a .tflite file is made of, tables, vectors, strings and scalars.

Written here and not by the `flatbuffers` package, because the bytes of a converted network are pinned by their hash:
they must not change with the version of a library, and `tflite_runtime` brings none. The format is fixed for good
[S: FlatBuffers internals, https://flatbuffers.dev/internals/].
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Values = NDArray[Any]

UNSIGNED: Final = struct.Struct("<I")
SIGNED: Final = struct.Struct("<i")
SHORT: Final = struct.Struct("<H")


class DamagedFileError(ValueError):
    """The bytes are no such file, or they are cut or damaged."""


class Table:
    """One table of a file; fields are known by their number in the schema, absent ones have a default."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self._place = place
        self._fields = place - _read(SIGNED, data, place)
        self._size = _read(SHORT, data, self._fields)

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Table:
        """Return a file's root table. Raises `DamagedFileError` when the file does not bear the identifier."""
        if data[4:8] != identifier:
            raise DamagedFileError(f"no {identifier.decode()} file: it bears {data[4:8]!r} in its place")
        return cls(data, _read(UNSIGNED, data, 0))

    def scalar(self, field: int, kind: str, default: float = 0) -> Any:
        """Return a number or truth value; `kind` is its `struct` letter."""
        place = self._find(field)
        return default if place is None else _read(struct.Struct(f"<{kind}"), self._data, place)

    def text(self, field: int) -> str:
        """Return a string; empty when absent."""
        return self.array(field, "u1").tobytes().decode("utf-8", "replace")

    def table(self, field: int) -> Table | None:
        """Return a table; None when absent."""
        place = self._follow(field)
        return None if place is None else Table(self._data, place)

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables; empty when absent."""
        start, offsets = self._vector(field, "<u4")
        return [Table(self._data, start + 4 * k + int(offset)) for k, offset in enumerate(offsets)]

    def array(self, field: int, dtype: str) -> Values:
        """Return a vector of numbers; empty when absent."""
        return self._vector(field, dtype)[1]

    def _vector(self, field: int, dtype: str) -> tuple[int, Values]:
        place = self._follow(field)
        if place is None:
            return 0, np.empty(0, dtype)
        count, size = _read(UNSIGNED, self._data, place), np.dtype(dtype).itemsize
        if place + 4 + count * size > len(self._data):
            raise DamagedFileError("it ends before its data")
        return place + 4, np.frombuffer(self._data, dtype, count, place + 4)

    def _follow(self, field: int) -> int | None:
        place = self._find(field)
        return None if place is None else place + int(_read(UNSIGNED, self._data, place))

    def _find(self, field: int) -> int | None:
        slot = 4 + 2 * field
        if slot + 2 > self._size:
            return None
        offset = _read(SHORT, self._data, self._fields + slot)
        return self._place + offset if offset else None


def _read(what: struct.Struct, data: bytes, place: int) -> Any:
    if place < 0 or place + what.size > len(data):
        raise DamagedFileError("a reference leads outside of it")
    return what.unpack_from(data, place)[0]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number to write; `kind` is its `struct` letter."""

    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Vector:
    """Numbers to write, their first one at a multiple of `align` bytes."""

    values: Values
    align: int = 4


@dataclass(frozen=True, slots=True)
class Tables:
    """A vector of tables to write."""

    items: Sequence[Fields]


if TYPE_CHECKING:
    Value: TypeAlias = "Scalar | Vector | Tables | str | Fields"
    Fields: TypeAlias = Mapping[int, Value]


def packed(root: Fields, identifier: bytes) -> bytes:
    """Write a file. Equal tables give equal bytes, on every machine."""
    writer = _Writer(identifier)
    writer.point_from(0, writer.table(root))
    return bytes(writer.data)


class _Writer:
    """Writes every parent before its children, so that all references lead forward, as they must."""

    def __init__(self, identifier: bytes) -> None:
        self.data = bytearray(UNSIGNED.pack(0) + identifier)

    def point_from(self, place: int, target: int) -> None:
        UNSIGNED.pack_into(self.data, place, target - place)

    def table(self, fields: Fields) -> int:
        numbers = sorted(fields)
        widths = {n: struct.calcsize(f"<{v.kind}") if isinstance(v := fields[n], Scalar) else 4 for n in numbers}
        places, end = {}, 4
        for number in sorted(numbers, key=lambda n: (-widths[n], n)):
            end += -end % widths[number]
            places[number] = end
            end += widths[number]
        slots = [places.get(n, 0) for n in range(numbers[-1] + 1)] if numbers else []
        # The table starts at a multiple of eight, so that eight-byte fields do, wherever the file is loaded.
        header = struct.pack(f"<HH{len(slots)}H", 4 + 2 * len(slots), end, *slots)
        self._pad(8, after=len(header))
        start = len(self.data) + len(header)
        self.data += header + SIGNED.pack(len(header)) + bytes(end - 4)
        for number in numbers:
            value, place = fields[number], start + places[number]
            if isinstance(value, Scalar):
                struct.pack_into(f"<{value.kind}", self.data, place, value.value)
            else:
                self.point_from(place, self._child(value))
        return start

    def _child(self, value: Vector | Tables | str | Fields) -> int:
        if isinstance(value, str):
            text = value.encode()
            start = self._vector(np.frombuffer(text, np.uint8), 4)
            self.data += b"\0"
            return start
        if isinstance(value, Vector):
            return self._vector(value.values, value.align)
        if isinstance(value, Tables):
            start = self._vector(np.zeros(len(value.items), "<u4"), 4)
            for k, item in enumerate(value.items):
                place = start + 4 + 4 * k
                self.point_from(place, self.table(item))
            return start
        return self.table(value)

    def _vector(self, values: Values, align: int) -> int:
        self._pad(max(align, values.itemsize), after=4)
        start = len(self.data)
        self.data += UNSIGNED.pack(values.size) + np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        return start

    def _pad(self, align: int, *, after: int) -> None:
        """Fill up until what lies `after` bytes further is aligned."""
        self.data += bytes(-(len(self.data) + after) % align)
