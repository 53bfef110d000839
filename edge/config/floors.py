"""Safety floors: how far a threshold may be moved towards fewer warnings, and why no further.

A floor is one end of a setting's range, so the type itself refuses what lies beyond: in the configuration file, in a
profile and in a change while running alike. Each floor carries the sentence that tells whoever tried.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec import inspect

if TYPE_CHECKING:
    import msgspec

Side = Literal["least", "most"]
_KEY: Final = "safety_floor"


class Floor(NamedTuple):
    """The weakest value that is allowed."""

    path: str
    """Dotted path below the struct that was asked for: `closure.microsleep_s`."""
    side: Side
    """`least`: nothing below `bound`; `most`: nothing above it."""
    bound: float
    why: str

    def is_broken_by(self, value: float) -> bool:
        """Whether `value` would weaken the warnings beyond the floor."""
        return value < self.bound if self.side == "least" else value > self.bound

    @property
    def sentence(self) -> str:
        """What to tell whoever tried."""
        return f"at {self.side} {self.bound:g} is a safety floor: {self.why}"


def at_least(why: str) -> dict[str, Any]:
    """Mark the lower end of a range as a safety floor: the `extra` of its `Meta`."""
    return {_KEY: ("least", why)}


def at_most(why: str) -> dict[str, Any]:
    """Mark the upper end of a range as a safety floor: the `extra` of its `Meta`."""
    return {_KEY: ("most", why)}


@functools.cache
def floors_of(struct: type[msgspec.Struct]) -> dict[str, Floor]:
    """Return every floor below `struct` by its dotted path."""
    described = inspect.type_info(struct)
    return {floor.path: floor for floor in _floors(described, "")}


def floor_of(info: inspect.Type, path: str) -> Floor | None:
    """Return the floor of one field's type; None where it has none."""
    while isinstance(info, inspect.Metadata):
        mark = (info.extra or {}).get(_KEY)
        inner = info.type
        if mark is not None and isinstance(inner, (inspect.IntType, inspect.FloatType)):
            side, why = mark
            bound = inner.ge if side == "least" else inner.le
            if bound is None:
                raise TypeError(f"{path}: a safety floor needs the end of the range that it names")
            return Floor(path, side, bound, why)
        info = inner
    return None


def _floors(info: inspect.Type, path: str) -> list[Floor]:
    while isinstance(info, inspect.Metadata):
        info = info.type
    if not isinstance(info, inspect.StructType):
        return []
    found: list[Floor] = []
    for field in info.fields:
        where = f"{path}.{field.encode_name}".lstrip(".")
        floor = floor_of(field.type, where)
        found += _floors(field.type, where) if floor is None else [floor]
    return found
