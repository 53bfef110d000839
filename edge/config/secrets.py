"""Which settings are credentials: shown to nobody, in no listing, log or bundle."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from msgspec import inspect

if TYPE_CHECKING:
    import msgspec

_KEY: Final = "secret"
SECRET: Final[dict[str, Any]] = {_KEY: True}
"""The `extra` of the `Meta` of a setting that is a credential."""
NOT_SHOWN: Final = "(not shown)"


@functools.cache
def secret_keys(struct: type[msgspec.Struct]) -> frozenset[str]:
    """Return the dotted keys of all credentials below `struct`."""
    return frozenset(_secrets(inspect.type_info(struct), ""))


def _secrets(info: inspect.Type, path: str) -> list[str]:
    if isinstance(info, inspect.Metadata):
        return [path] if (info.extra or {}).get(_KEY) else _secrets(info.type, path)
    if isinstance(info, inspect.UnionType):
        return [found for one in info.types for found in _secrets(one, path)]
    if isinstance(info, inspect.StructType):
        return [
            found for field in info.fields for found in _secrets(field.type, f"{path}.{field.encode_name}".lstrip("."))
        ]
    return []
