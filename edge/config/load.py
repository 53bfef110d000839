"""A configuration file to a `Config`, or to every mistake in it at once.

Order of events: bytes (bounded, UTF-8) → nodes with places (no aliases, tags, repeated keys) → names of earlier
versions → values checked against the schema → the profile laid under `rules` → rules over several keys. Later stages
still run when an earlier one found something, as far as that makes sense, so that one run of `check` shows all there
is to mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config import profiles
from edge.config.consistency import contradictions
from edge.config.document import compose
from edge.config.file_text import MAX_BYTES, is_clean, read_text
from edge.config.migrate import upgraded
from edge.config.paths import path_faults
from edge.config.problems import WHOLE_FILE, ConfigError, Mark, Problem, ProblemList
from edge.config.remote import read_overlay
from edge.config.schema import Config
from edge.config.suggest import did_you_mean
from edge.config.typed import Tree, Written, read_struct

if TYPE_CHECKING:
    from edge.config.consistency import Contradiction
    from edge.config.migrate import Change

__all__ = ["ConfigError", "Loaded", "Problem", "load_config", "load_layered", "load_text", "load_with_places"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and what its file says of it."""

    config: Config
    file: str
    written: Written
    """What the file itself sets, and where."""
    changes: tuple[Change, ...] = ()
    """What newer versions call otherwise than this file."""


def load_config(path: Path | str) -> Config:
    """Read a YAML file; `{}` means all defaults. Raises `ConfigError` with every problem found."""
    return load_with_places(path).config


def load_with_places(path: Path | str) -> Loaded:
    """Read a YAML file and keep where each value stands. Raises `ConfigError`."""
    found = ProblemList(str(path))
    text = read_text(Path(path), found)
    if text is None:
        raise ConfigError(found.in_order())
    return _load(text, found)


def load_layered(path: Path | str, settings: dict[str, Any]) -> Config:
    """Read a YAML file and lay settings from outside over it, the file's profile or theirs below.

    Raises `ConfigError` with every problem of either; those of the settings have no place in the file.
    """
    found = ProblemList(str(path))
    above = read_overlay(settings, found)
    text = read_text(Path(path), found)
    root = None if text is None else compose(text, found)
    if text is None or (root is None and found):
        raise ConfigError(found.in_order())
    root, _ = upgraded(root, found)
    written = read_struct(root, Config, found)
    written.values = profiles.overlay(written.values, above)
    return _judged(written, found)


def load_text(text: str, name: str = "(text)") -> Config:
    """Read YAML from a string; `name` stands for the file in messages. Raises `ConfigError`."""
    found = ProblemList(name)
    if len(text.encode("utf-8", errors="replace")) > MAX_BYTES:
        found.add(Mark(), WHOLE_FILE, f"larger than {MAX_BYTES // 1024} KiB")
    elif is_clean(text, found):
        return _load(text, found).config
    raise ConfigError(found.in_order())


def _load(text: str, found: ProblemList) -> Loaded:
    root = compose(text, found)
    if root is None and found:
        raise ConfigError(found.in_order())
    root, changes = upgraded(root, found)
    written = read_struct(root, Config, found)
    return Loaded(_judged(written, found), found.file, written, tuple(changes))


def _judged(written: Written, found: ProblemList) -> Config:
    config = _with_profile(written, found)
    for fault in (*contradictions(config), *path_faults(config)):
        _place(fault, written, found)
    if found:
        raise ConfigError(found.in_order())
    return config


def _with_profile(written: Written, found: ProblemList) -> Config:
    """Build the configuration from the good values, with the profile's thresholds under the file's own."""
    name = written.values.get("profile", Config().profile)
    below: Tree = {}
    if name in profiles.names():
        below = profiles.rules_of(name)
    else:
        hint = did_you_mean(name, profiles.names()) or f"known: {', '.join(profiles.names())}"
        found.add(written.marks.get("profile", Mark()), "profile", f"there is no profile `{name}`", hint)
    values = {**written.values, "rules": profiles.overlay(below, written.values.get("rules", {}))}
    return msgspec.convert(values, Config)


def _place(fault: Contradiction, written: Written, found: ProblemList) -> None:
    """Report a contradiction at the last of its keys that the file sets; at none that was refused, whole or in part.

    A section of which a part was refused is missing for that reason alone: its absence is no second mistake.
    """
    if any(one == key or one.startswith(f"{key}.") for key in fault.keys for one in written.refused):
        return
    given = [key for key in fault.keys if key in written.marks] or [fault.keys[-1]]
    found.add(written.marks.get(given[-1], Mark()), given[-1], fault.message, fault.hint)
