"""YAML text to a small tree of nodes that know their place, with everything refused that a person would not write.

The tree is built from parser events, not by PyYAML's constructor: aliases, anchors and tags are refused before they
cost anything, nesting is bounded, and scalars keep the text as it was written, so that the expected type decides what
`010` or `no` means and not YAML 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import yaml

from edge.config.problems import WHOLE_FILE, Mark, ProblemList
from edge.config.syntax import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 8
"""The schema is five deep; more is a mistake or an attack [D]."""

_RESOLVERS: Final = yaml.SafeLoader.yaml_implicit_resolvers
"""PyYAML's table: first character of a plain word to the types it may be."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written. `plain` means without quotes; `yaml_type` is what YAML 1.1 would make of it."""

    mark: Mark
    text: str
    plain: bool
    yaml_type: str

    @property
    def is_null(self) -> bool:
        """Nothing, `~` or `null`."""
        return self.plain and self.yaml_type == "null"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A section: keys to values, in the order of the file, no key twice."""

    mark: Mark
    entries: dict[str, Node] = field(default_factory=dict)
    key_marks: dict[str, Mark] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


class _RefusedError(Exception):
    """The text was refused as a whole; the problem is noted already."""


def compose(text: str, found: ProblemList) -> Node | None:
    """Return the root node, or None for an empty document or after noting why the text cannot be used."""
    try:
        return _Composer(text, found).document()
    except _RefusedError:
        return None
    except yaml.MarkedYAMLError as error:
        slip = explained(error, text)
        places = (
            (error.context_mark, error.problem_mark) if slip.at_context else (error.problem_mark, error.context_mark)
        )
        found.add(_mark(places[0] or places[1]), WHOLE_FILE, slip.message, slip.hint)
        return None
    except yaml.YAMLError as error:
        found.add(Mark(), WHOLE_FILE, f"not readable as YAML: {error}")
        return None


def _yaml_type(text: str) -> str:
    """Return what YAML 1.1 makes of a plain word: str, int, float, bool, null, timestamp, merge or value."""
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).rpartition(":")[2]
    return "str"


class _Place(Protocol):
    """What PyYAML's two kinds of marks have in common; both count from 0."""

    line: int
    column: int


def _mark(place: _Place | None) -> Mark:
    return Mark() if place is None else Mark(place.line + 1, place.column + 1)


class _Composer:
    """Turns the event stream of one document into nodes."""

    def __init__(self, text: str, found: ProblemList) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._found = found

    def document(self) -> Node | None:
        event = next(self._events)
        while not isinstance(event, (yaml.DocumentStartEvent, yaml.StreamEndEvent)):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), "", 1)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._found.add(
                    _mark(event.start_mark), WHOLE_FILE, "a second document begins here", "remove the line `---`"
                )
                raise _RefusedError
        return root

    def _node(self, event: yaml.Event, path: str, depth: int) -> Node:
        mark = _mark(event.start_mark)
        key = path or WHOLE_FILE
        if isinstance(event, yaml.AliasEvent):
            self._found.add(mark, key, f"alias `*{event.anchor}` is not allowed", "write the value out")
            return Scalar(mark, "", plain=True, yaml_type="null")
        if not isinstance(event, yaml.NodeEvent):  # pragma: no cover - the parser sends nodes only here
            raise TypeError(f"unexpected YAML event {event!r}")
        if event.anchor is not None:
            self._found.add(mark, key, f"anchor `&{event.anchor}` is not allowed", "write each value out")
        if depth > MAX_DEPTH:
            self._found.add(mark, key[:80], f"nested more than {MAX_DEPTH} deep", "no setting lies so deep")
            raise _RefusedError
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event.tag, mark, key)
            plain = event.style is None
            return Scalar(mark, event.value, plain, _yaml_type(event.value) if plain else "str")
        if isinstance(event, yaml.SequenceStartEvent):
            self._refuse_tag(event.tag, mark, key)
            return self._sequence(mark, path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            self._refuse_tag(event.tag, mark, key)
            return self._mapping(mark, path, depth)
        raise TypeError(f"unexpected YAML event {event!r}")  # pragma: no cover - the parser sends nodes only here

    def _refuse_tag(self, tag: str | None, mark: Mark, key: str) -> None:
        if tag is not None:
            self._found.add(mark, key, f"tag `{tag}` is not allowed", "write the plain value")

    def _sequence(self, mark: Mark, path: str, depth: int) -> Sequence:
        node = Sequence(mark)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(event, f"{path}[{len(node.items)}]", depth + 1))
        return node

    def _mapping(self, mark: Mark, path: str, depth: int) -> Mapping:
        node = Mapping(mark)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, depth + 1)
            text = key.text if isinstance(key, Scalar) else ""
            where = f"{path}.{text}".lstrip(".")
            value = self._node(next(self._events), where, depth + 1)
            if not isinstance(key, Scalar):
                self._found.add(key.mark, path or WHOLE_FILE, "a key must be one word", "write `key: value`")
            elif text == "<<":
                self._found.add(key.mark, path or WHOLE_FILE, "merge key `<<` is not allowed", "write each value out")
            elif text in node.entries:
                first = node.key_marks[text]
                self._found.add(key.mark, where, f"set twice, first in line {first.line}", "keep one of the two")
            else:
                node.entries[text] = value
                node.key_marks[text] = key.mark
        return node
