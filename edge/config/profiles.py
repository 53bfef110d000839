"""Rule profiles: thresholds as data, one YAML a profile, laid under the `rules` of a configuration."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Final

from edge.config.document import compose
from edge.config.problems import ConfigError, ProblemList
from edge.config.rules import Rules
from edge.config.typed import Tree, read_struct

FOLDER: Final = Path(__file__).with_name("profiles")


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of all profiles that ship."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def rules_of(name: str) -> Tree:
    """Return what a shipped profile sets, as a tree of the `rules` section; raises `ConfigError` if it is damaged."""
    path = FOLDER / f"{name}.yaml"
    found = ProblemList(str(path))
    written = read_struct(compose(path.read_text(encoding="utf-8"), found), Rules, found)
    if found:
        raise ConfigError(found.in_order())
    return written.values


def overlay(below: Tree, above: Tree) -> Tree:
    """Return `below` with every value of `above` laid over it, section by section; lists are replaced whole."""
    merged: dict[str, Any] = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = overlay(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged
