"""Settings as YAML that reads back as the same configuration, with a remark behind each value."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN: Final = re.compile(r"[A-Za-z/.][A-Za-z0-9_./-]*")
_NOT_TEXT: Final = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|\.nan|\.inf|\.)")
"""What YAML 1.1 does not read as text although it is made of letters."""
_REMARK_COLUMN: Final = 44


def scalar_text(value: Any) -> str:
    """Write one value on one line; lists and sections inside lists in brackets and braces."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {scalar_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.12g}"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def settings_text(settings: Iterable[tuple[str, Any, str]]) -> str:
    """Write dotted key, value, remark as nested sections; an empty remark leaves none."""
    lines: list[str] = []
    open_sections: list[str] = []
    for key, value, remark in settings:
        *sections, name = key.split(".")
        shared = 0
        while shared < min(len(sections), len(open_sections)) and sections[shared] == open_sections[shared]:
            shared += 1
        lines += [f"{'  ' * depth}{sections[depth]}:" for depth in range(shared, len(sections))]
        open_sections = sections
        line = f"{'  ' * len(sections)}{name}: {scalar_text(value)}"
        lines.append(f"{line.ljust(_REMARK_COLUMN)}  # {remark}" if remark else line)
    return "".join(f"{line}\n" for line in lines)
