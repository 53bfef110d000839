"""Two decision files, compared field by field: what a change of the software changed for the same drive."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_IDENTITY: Final = ("type", "name", "kind", "key", "phase", "action")
"""What two lines must share to be the same decision with other values."""
_MISSING: Final = "(none)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs. A line that only one side has differs in the field `(line)`."""

    left_line: int | None
    right_line: int | None
    what: str
    """The decision: `alert opened microsleep-1`."""
    field: str
    """Dotted path within it."""
    left: Any
    right: Any
    t_ns: int = 0
    """When it was decided, by the right side where that has the line."""

    def __str__(self) -> str:
        place = f"{self.left_line or '-'}/{self.right_line or '-'}"
        return f"{place}: {self.t_ns / 1e9:.3f} s: {self.what}: {self.field}: {self.left} -> {self.right}"


def compare_files(left: Path, right: Path) -> list[Difference]:
    """Compare two files of JSON lines. Raises `OSError`, and `msgspec.DecodeError` for a line that is no JSON."""
    return compare_lines(left.read_bytes().splitlines(), right.read_bytes().splitlines())


def compare_lines(left: Sequence[bytes], right: Sequence[bytes]) -> list[Difference]:
    """Compare two lists of JSON lines; equal bytes are equal, the rest is aligned by what each line is about."""
    if left == right:
        return []
    olds = [msgspec.json.decode(line) for line in left]
    news = [msgspec.json.decode(line) for line in right]
    matcher = difflib.SequenceMatcher(a=[_identity(one) for one in olds], b=[_identity(one) for one in news])
    found: list[Difference] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                what, t_ns = _title(news[j]), news[j]["t_ns"]
                found += [
                    Difference(i + 1, j + 1, what, field, a, b, t_ns) for field, a, b in _fields(olds[i], news[j])
                ]
        else:
            for i in range(i1, i2):
                t_ns = olds[i]["t_ns"]
                found.append(Difference(i + 1, None, _title(olds[i]), "(line)", t_ns, _MISSING, t_ns))
            for j in range(j1, j2):
                t_ns = news[j]["t_ns"]
                found.append(Difference(None, j + 1, _title(news[j]), "(line)", _MISSING, t_ns, t_ns))
    return found


def _identity(decision: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(decision.get(key) for key in _IDENTITY)


def _title(decision: dict[str, Any]) -> str:
    words = [str(decision[key]) for key in ("type", "phase", "action", "name", "key") if key in decision]
    return " ".join(words)


def _fields(left: Any, right: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each leaf that differs; a field left out and a field at its default are told apart by `(none)`."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _fields(left.get(key, _MISSING), right.get(key, _MISSING), f"{path}.{key}".lstrip("."))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (a, b) in enumerate(zip(left, right, strict=True)):
            yield from _fields(a, b, f"{path}[{index}]")
    elif left != right or type(left) is not type(right):
        yield path, left, right
