"""Settings put into the text of a configuration: what stands around them, remarks included, is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from edge.config.load import ConfigError, load_text
from edge.config.schema import Config
from edge.config.yaml_text import scalar_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    Pair = tuple[yaml.Node, yaml.Node]


class CannotPutError(Exception):
    """The text cannot be changed without changing what else it means."""


def with_settings(text: str, settings: Mapping[str, Any], name: str = "(text)") -> str:
    """Return the text of a configuration in which some settings, by dotted key, have new values.

    A list is written anew as a whole; remarks between its items are lost. Raises `ConfigError` when `text`, or the
    result, is refused, and `CannotPutError` when the result would mean anything else than was asked for.
    """
    before = load_text(text, name)
    new = text
    for key, value in settings.items():
        new = _put(new, key.split("."), value)
    try:
        after = load_text(new, name)
    except ConfigError as error:
        raise CannotPutError(f"the new text would be refused: {error}") from error
    if after != _expected(before, settings):
        raise CannotPutError("the new text would mean something else")
    return new


def _expected(before: Config, settings: Mapping[str, Any]) -> Config:
    tree = msgspec.to_builtins(before)
    for key, value in settings.items():
        *sections, leaf = key.split(".")
        node = tree
        for section in sections:
            node = node[section]
        node[leaf] = value
    return msgspec.convert(tree, Config)


def _put(text: str, path: list[str], value: Any) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return _line_end(text, len(text)) + _lines(path, value, 0)
    section = root
    for depth, name in enumerate(path):
        if not isinstance(section, yaml.MappingNode):
            raise CannotPutError(f"{'.'.join(path[:depth])} is no section")
        pair = next(((key, child) for key, child in section.value if key.value == name), None)
        if pair is None:
            return _inserted(text, section, path[depth:], value)
        if depth == len(path) - 1 or _is_empty(pair[1]):
            return _replaced(text, pair, path[depth:], value, flow=bool(section.flow_style))
        section = pair[1]
    raise CannotPutError("no key is given")


def _replaced(text: str, pair: Pair, path: list[str], value: Any, *, flow: bool) -> str:
    """Write a key and its value anew in place; `path` goes on below an empty section."""
    key, old = pair
    start, end = key.start_mark.index, max(_end(old), key.end_mark.index)
    if _is_empty(old):
        # The colon stands between the key and nothing.
        end = text.index(":", key.end_mark.index) + 1
    if flow:
        return text[:start] + _inline(path, value) + text[end:]
    if isinstance(old, yaml.SequenceNode) and not old.flow_style and _is_sections(value):
        # Remarks above the first item stay above it.
        items = _items(value, old.start_mark.column)
        return text[: old.start_mark.index] + items.strip() + text[end:]
    return text[:start] + _lines(path, value, key.start_mark.column).strip() + text[end:]


def _inserted(text: str, section: yaml.MappingNode, path: list[str], value: Any) -> str:
    """Write a key that is not there at the end of its section."""
    if section.flow_style:
        start = section.start_mark.index + 1
        return text[:start] + _inline(path, value) + (", " if section.value else "") + text[start:]
    # A remark behind the last value stays with it.
    newline = text.find("\n", _end(section))
    place = len(text) if newline < 0 else newline + 1
    return _line_end(text, place) + _lines(path, value, section.start_mark.column) + text[place:]


def _line_end(text: str, place: int) -> str:
    head = text[:place]
    return head if not head or head.endswith("\n") else f"{head}\n"


def _lines(path: list[str], value: Any, column: int) -> str:
    """Write nested keys as lines, a list of sections one item a line."""
    lines = [f"{' ' * (column + 2 * depth)}{name}:" for depth, name in enumerate(path)]
    if _is_sections(value):
        return "".join(f"{line}\n" for line in lines) + _items(value, column + 2 * len(path))
    lines[-1] += f" {scalar_text(value)}"
    return "".join(f"{line}\n" for line in lines)


def _is_sections(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], dict)


def _items(sections: Any, column: int) -> str:
    return "".join(f"{' ' * column}- {scalar_text(section)}\n" for section in sections)


def _inline(path: list[str], value: Any) -> str:
    written = scalar_text(value)
    for name in reversed(path[1:]):
        written = f"{{{name}: {written}}}"
    return f"{path[0]}: {written}"


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "" and node.start_mark.index == node.end_mark.index


def _end(node: yaml.Node) -> int:
    """Return where a node ends: the mark of a block lies behind the remarks that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(_end(part) for part in last) if isinstance(last, tuple) else _end(last)
    return int(node.end_mark.index)
