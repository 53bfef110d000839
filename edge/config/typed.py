"""Nodes against the schema: every value checked where it stands, every mistake noted with its place and a remedy."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from edge.config import scalars
from edge.config.document import Mapping, Node, Scalar, Sequence
from edge.config.floors import Floor, floor_of
from edge.config.problems import WHOLE_FILE, Mark, ProblemList
from edge.config.schema import HOST_PATTERN
from edge.config.secrets import secret_keys
from edge.config.suggest import did_you_mean, key_hint

Tree = dict[str, Any]
"""Nested settings: section or key to value, only what was written."""

_GLUED: Final = re.compile(r"(\w+)\s*[:=]\s*(\S+)")
"""`fps:30`, which YAML reads as one word, and `fps = 30`."""

_SLUG: Final = "^[a-z0-9-]{1,32}$"

_PATTERN_WORDS: Final = {
    _SLUG: "small letters a-z, digits and hyphens, 32 at most",
    "^[A-Za-z0-9_-]{1,64}$": "letters, digits, hyphens and underscores, 64 at most",
    "^[^-].*$": "text that does not begin with a hyphen",
    HOST_PATTERN: "the name or address of a host alone, without `mqtt://` before and `:1883` behind it",
    "^0x[0-9A-Fa-f]{1,8}$": 'a hexadecimal number in quotes, for example "0x1A0"',
    "^[A-Za-z0-9+/]{43}=$": "a key of 44 characters in base64",
}


@dataclass(slots=True)
class Written:
    """What a file says: the good values, and the place of everything it mentions."""

    values: Tree = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Paths whose value was not usable; rules over several keys stay silent about them."""


class _Failed:
    """Marks a value that was refused and reported."""


_FAILED: Final = _Failed()


def read_struct(root: Node | None, struct: type[msgspec.Struct], found: ProblemList, path: str = "") -> Written:
    """Check a whole document against `struct`. An empty document is an empty section."""
    reader = _Reader(struct, found)
    if root is not None and not (isinstance(root, Scalar) and root.is_null):
        tree = reader.section(root, _struct_type(struct), path)
        if isinstance(tree, dict):
            reader.written.values = tree
    return reader.written


@functools.cache
def _struct_type(struct: type[msgspec.Struct]) -> inspect.StructType:
    described = inspect.type_info(struct)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{struct!r} is no struct")
    return described


@functools.cache
def all_paths(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the dotted path of every section and setting."""
    return tuple(_paths(_struct_type(struct), ""))


def _paths(info: inspect.StructType, prefix: str) -> list[str]:
    paths: list[str] = []
    for item in info.fields:
        path = f"{prefix}.{item.encode_name}".lstrip(".")
        paths.append(path)
        inner, _ = _unwrapped(item.type)
        if isinstance(inner, inspect.StructType):
            paths += _paths(inner, path)
    return paths


class DescribedField(NamedTuple):
    """What the schema says of one setting: the ends of its range, and what it means."""

    low: float | None
    high: float | None
    meaning: str


@functools.cache
def described_fields(struct: type[msgspec.Struct]) -> dict[str, DescribedField]:
    """Return every setting below `struct`, sections aside, by its dotted path."""
    found: dict[str, DescribedField] = {}
    for path, info in _leaves(_struct_type(struct), ""):
        expected, _ = _unwrapped(info)
        low = high = None
        if isinstance(expected, (inspect.IntType, inspect.FloatType)):
            low, high = expected.ge, expected.le
        schema = info.extra_json_schema if isinstance(info, inspect.Metadata) else None
        found[path] = DescribedField(low, high, (schema or {}).get("description", ""))
    return found


def _leaves(info: inspect.StructType, prefix: str) -> list[tuple[str, inspect.Type]]:
    found: list[tuple[str, inspect.Type]] = []
    for item in info.fields:
        path = f"{prefix}.{item.encode_name}".lstrip(".")
        inner, _ = _unwrapped(item.type)
        found += _leaves(inner, path) if isinstance(inner, inspect.StructType) else [(path, item.type)]
    return found


def _unwrapped(info: inspect.Type) -> tuple[inspect.Type, bool]:
    """Return the type without its description and without `| None`, and whether None is allowed."""
    if isinstance(info, inspect.Metadata):
        return _unwrapped(info.type)
    if isinstance(info, inspect.UnionType):
        others = [one for one in info.types if not isinstance(one, inspect.NoneType)]
        if len(others) == 1:
            return _unwrapped(others[0])[0], len(others) < len(info.types)
    return info, False


class _Reader:
    """Walks nodes and types together."""

    def __init__(self, struct: type[msgspec.Struct], found: ProblemList) -> None:
        self._root = struct
        self._found = found
        self.written = Written()

    def section(self, node: Node, info: inspect.StructType, path: str) -> Tree | _Failed:
        """Return the good values of a section; failed when a required one is missing among them."""
        if not isinstance(node, Mapping):
            what = "a list" if isinstance(node, Sequence) else "a single value"
            refusal = scalars.Refusal(
                f"expected a section, found {what}", _instead_of_section(node, info, self._told(info, path))
            )
            return self._refuse(node.mark, path, refusal)
        fields = {item.encode_name: item for item in info.fields}
        tree: Tree = {}
        for key, value in node.entries.items():
            where = f"{path}.{key}".lstrip(".")
            mark = node.key_marks[key]
            self.written.marks[where] = value.mark if isinstance(value, Scalar) and not value.is_null else mark
            if key not in fields:
                hint = key_hint(key, fields, all_paths(self._root))
                self._found.add(mark, where[:80], "unknown setting", hint)
                continue
            result = self.value(value, fields[key].type, where)
            if not isinstance(result, _Failed):
                tree[key] = result
        for key, item in fields.items():
            if item.required and key not in node.entries:
                self._refuse(node.mark, f"{path}.{key}".lstrip("."), scalars.Refusal("must be given", f"add `{key}:`"))
        return _FAILED if any(item.required and key not in tree for key, item in fields.items()) else tree

    def value(self, node: Node, info: inspect.Type, path: str) -> Any:
        """Return one checked value, or that it failed."""
        expected, optional = _unwrapped(info)
        if isinstance(node, Scalar) and node.is_null:
            if optional:
                return None
            if isinstance(expected, inspect.StructType) and not any(item.required for item in expected.fields):
                return {}
        if isinstance(expected, inspect.StructType):
            return self.section(node, expected, path)
        if isinstance(expected, (inspect.TupleType, inspect.VarTupleType)):
            return self._list(node, expected, path)
        if not isinstance(node, Scalar):
            what, remedy = (
                ("a list", "write the value alone, without `[ ]` and without `- `")
                if isinstance(node, Sequence)
                else ("a section", "write the value behind the colon, in the same line")
            )
            return self._refuse(node.mark, path, scalars.Refusal(f"expected {_words(expected)}, found {what}", remedy))
        result = _scalar(node, expected, floor_of(info, path))
        return self._refuse(node.mark, path, result) if isinstance(result, scalars.Refusal) else result

    def _list(self, node: Node, expected: inspect.TupleType | inspect.VarTupleType, path: str) -> Any:
        if not isinstance(node, Sequence):
            return self._refuse(
                node.mark, path, scalars.Refusal("expected a list", "write [a, b, …] or lines that begin with `- `")
            )
        if isinstance(expected, inspect.VarTupleType):
            types: tuple[inspect.Type, ...] = (expected.item_type,) * len(node.items)
        else:
            types = expected.item_types
            if len(types) != len(node.items):
                return self._refuse(
                    node.mark, path, scalars.Refusal(f"expected {len(types)} values, found {len(node.items)}")
                )
        items = [
            self.value(item, info, f"{path}[{i}]") for i, (item, info) in enumerate(zip(node.items, types, strict=True))
        ]
        if any(isinstance(item, _Failed) for item in items):
            self.written.refused.add(path)
            return _FAILED
        return items

    def _told(self, info: inspect.StructType, path: str) -> list[str]:
        """Return the keys of a section whose values may be repeated in a message."""
        secrets = secret_keys(self._root)
        return [item.encode_name for item in info.fields if f"{path}.{item.encode_name}" not in secrets]

    def _refuse(self, mark: Mark, path: str, refusal: scalars.Refusal) -> _Failed:
        if path in secret_keys(self._root):
            refusal = scalars.untold(refusal)
        self._found.add(mark, path or WHOLE_FILE, refusal.message, refusal.hint)
        self.written.refused.add(path)
        return _FAILED


def _instead_of_section(node: Node, info: inspect.StructType, names: list[str]) -> str:
    """Return what to write where something else than a section stands; `names` are its keys without credentials."""
    if not isinstance(node, Scalar):
        return "write `key: value` lines without `- `"
    if (glued := _GLUED.match(node.text)) and glued[1] in names:
        return f"write `{glued[1]}: {glued[2]}`, with a space behind the colon"
    if node.yaml_type == "bool" and "enabled" in names:
        return "write `enabled: true` or `enabled: false` in a line below it"
    for item in info.fields:
        kind, _ = _unwrapped(item.type)
        if isinstance(kind, inspect.LiteralType) and node.text in kind.values:
            return f"write `{item.encode_name}: {node.text}` in a line below it"
    return f"write `key: value` lines below it, such as `{names[0]}: …`"


def _scalar(node: Scalar, expected: inspect.Type, floor: Floor | None) -> Any:
    """Return the value, or a `Refusal`; one that breaks a safety floor says why the floor is there."""
    if isinstance(expected, inspect.BoolType):
        return scalars.switch(node)
    if isinstance(expected, inspect.LiteralType):
        return _choice(node, expected)
    if isinstance(expected, (inspect.IntType, inspect.FloatType)):
        value = scalars.number(node, whole=isinstance(expected, inspect.IntType), expected=_words(expected))
        if isinstance(value, scalars.Refusal):
            return value
        if _in_range(value, expected):
            return value
        broken = floor is not None and floor.is_broken_by(value)
        return scalars.Refusal(_range_message(value, expected), floor.sentence if floor and broken else None)
    if isinstance(expected, inspect.StrType):
        text = scalars.text(node)
        return text if isinstance(text, scalars.Refusal) else _checked_text(text, expected)
    raise TypeError(f"the schema holds a type that YAML values are not read for: {expected!r}")


def _choice(node: Scalar, expected: inspect.LiteralType) -> Any:
    listed = ", ".join(str(value) for value in expected.values)
    if all(isinstance(value, int) for value in expected.values):
        value: Any = scalars.number(node, whole=True, expected=f"one of {listed}")
    elif node.plain and node.yaml_type == "bool":
        value = scalars.Refusal(f"YAML reads {scalars.shown(node.text)} as yes or no", f"choose one of: {listed}")
    else:
        value = scalars.text(node)
    if isinstance(value, scalars.Refusal) or value in expected.values:
        return value
    words = [one for one in expected.values if isinstance(one, str)]
    hint = did_you_mean(str(value), words)
    return scalars.Refusal(f"expected one of {listed}; found {scalars.shown(node.text)}", hint)


def _in_range(value: float, expected: inspect.IntType | inspect.FloatType) -> bool:
    return (
        (expected.ge is None or value >= expected.ge)
        and (expected.gt is None or value > expected.gt)
        and (expected.le is None or value <= expected.le)
        and (expected.lt is None or value < expected.lt)
    )


def _range_message(value: float, expected: inspect.IntType | inspect.FloatType) -> str:
    return f"expected {_words(expected)}, found {value:g}"


def _words(expected: inspect.Type) -> str:
    """Say in plain words what a setting wants."""
    if isinstance(expected, (inspect.IntType, inspect.FloatType)):
        noun = "a whole number" if isinstance(expected, inspect.IntType) else "a number"
        if expected.ge is not None and expected.le is not None:
            return f"{noun} from {expected.ge:g} to {expected.le:g}"
        return noun if expected.ge is None else f"{noun} of at least {expected.ge:g}"
    if isinstance(expected, inspect.BoolType):
        return "true or false"
    if isinstance(expected, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in expected.values)
    return "text"


def _checked_text(text: str, expected: inspect.StrType) -> str | scalars.Refusal:
    if expected.min_length and not text:
        return scalars.Refusal("must not be empty")
    if expected.pattern is not None and re.search(expected.pattern, text) is None:
        words = _PATTERN_WORDS.get(expected.pattern, f"text like {expected.pattern}")
        hint = _slug(text) if expected.pattern == _SLUG else None
        return scalars.Refusal(f"expected {words}; found {scalars.shown(text)}", hint)
    if expected.min_length and len(text) < expected.min_length:
        return scalars.Refusal("must not be empty")
    if expected.max_length is not None and len(text) > expected.max_length:
        return scalars.Refusal(f"expected at most {expected.max_length} characters, found {len(text)}")
    return text


def _slug(text: str) -> str | None:
    """Return the remedy for a name with capitals, blanks or underscores."""
    name = re.sub(r"[ _.]+", "-", text.lower().strip())
    return f"write {name}" if re.search(_SLUG, name) else None
