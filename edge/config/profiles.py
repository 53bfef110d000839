"""Rule profiles: thresholds as data, one YAML a profile, each threshold with its value, its source and the clause.

A profile names only what it sets; the rest is the default. Its values pass the same types as a configuration file, so
no profile can go below a safety floor.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from edge.config.consistency import rule_contradictions
from edge.config.document import Mapping, Node, compose
from edge.config.problems import WHOLE_FILE, ConfigError, Mark, ProblemList
from edge.config.rules import Rules, Section
from edge.config.typed import Tree, Written, read_struct

FOLDER: Final = Path(__file__).with_name("profiles")
DEFAULT: Final = "euro-ncap-2026"
_FORM: Final = "write {value: ..., source: S or D, clause: ...}"


class Provenance(Section, frozen=True):
    """Where the figure of one threshold comes from."""

    source: Literal["S", "D"]
    """S: published; D: our own choice, open to field data."""
    clause: str
    """Protocol, regulation or reason."""


class _Heading(Section, frozen=True):
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile as its file tells it."""

    name: str
    title: str
    about: str
    values: Tree
    """What it sets, as a tree of the `rules` section."""
    provenance: dict[str, Provenance]
    """Dotted path below `rules` to where the figure comes from; only what the profile sets."""
    lines: dict[str, int]
    """The same paths to the line of the profile's file, counted from 1."""

    @property
    def rules(self) -> Rules:
        """All thresholds under this profile."""
        return msgspec.convert(self.values, Rules)


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of all profiles that ship, the default first."""
    found = {path.stem for path in FOLDER.glob("*.yaml")}
    return (DEFAULT, *sorted(found - {DEFAULT}))


def load(name: str) -> Profile:
    """Read a shipped profile. Raises `ConfigError` with every problem if it is damaged."""
    return _read(FOLDER / f"{name}.yaml")


@functools.cache
def _read(path: Path) -> Profile:
    """Read a profile's file; once, because it ships with the program and takes longer than a whole configuration."""
    found = ProblemList(str(path))
    root = compose(path.read_text(encoding="utf-8"), found)
    if not isinstance(root, Mapping):
        found.add(Mark(), WHOLE_FILE, "a profile has `title`, `about` and `rules`")
        raise ConfigError(found.in_order())
    heading = read_struct(_without(root, "rules"), _Heading, found)
    provenance: dict[str, Provenance] = {}
    thresholds = root.entries.get("rules")
    written = Written()
    if isinstance(thresholds, Mapping):
        written = read_struct(_values(thresholds, "", provenance, found), Rules, found)
    else:
        found.add(root.mark, "rules", "must be given", f"name a section, in it a threshold: {_FORM}")
    if not found:
        for odds in rule_contradictions(msgspec.convert(written.values, Rules)):
            key = odds.keys[-1].removeprefix("rules.")
            found.add(written.marks.get(key, Mark()), key, odds.message, odds.hint)
    if found:
        raise ConfigError(found.in_order())
    lines = {path: mark.line for path, mark in written.marks.items()}
    return Profile(path.stem, heading.values["title"], heading.values["about"], written.values, provenance, lines)


def rules_of(name: str) -> Tree:
    """Return what a shipped profile sets, as a tree of the `rules` section; raises `ConfigError` if it is damaged."""
    return load(name).values


def overlay(below: Tree, above: Tree) -> Tree:
    """Return `below` with every value of `above` laid over it, section by section; lists are replaced whole."""
    merged: dict[str, Any] = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = overlay(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged


def _without(node: Mapping, *keys: str) -> Mapping:
    return Mapping(
        node.mark,
        {key: value for key, value in node.entries.items() if key not in keys},
        {key: mark for key, mark in node.key_marks.items() if key not in keys},
    )


def _values(node: Mapping, path: str, provenance: dict[str, Provenance], found: ProblemList) -> Mapping:
    """Return the same tree with each threshold's value alone; note where each comes from."""
    fields = set(Provenance.__struct_fields__)
    entries: dict[str, Node] = {}
    for key, inner in node.entries.items():
        where = f"{path}.{key}".lstrip(".")
        if not isinstance(inner, Mapping):
            found.add(node.key_marks[key], where, "a threshold without its source", _FORM)
        elif not inner.entries.keys() & {"value", *fields}:
            entries[key] = _values(inner, where, provenance, found)
        elif "value" not in inner.entries:
            found.add(node.key_marks[key], where, "a threshold without its value", _FORM)
        else:
            told = read_struct(_without(inner, "value"), Provenance, found, where)
            if told.values.keys() >= fields:
                provenance[where] = Provenance(**told.values)
            entries[key] = inner.entries["value"]
    return Mapping(node.mark, entries, dict(node.key_marks))
