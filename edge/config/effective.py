"""Every setting in force with where its value comes from, and what differs between two configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.config import profiles
from edge.config.effects import takes_effect
from edge.config.purposes import speaks_of_expression
from edge.config.remote import leaves
from edge.config.schema import Config
from edge.config.secrets import NOT_SHOWN, secret_keys

if TYPE_CHECKING:
    from edge.config.effects import TakesEffect
    from edge.config.load import Loaded

SWITCH: Final = "expression.enabled"
Origin = Literal["default", "profile", "file", "fleet"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value in force."""

    key: str
    """Dotted path."""
    value: Any
    """As in JSON; a credential is replaced by a note."""
    origin: Origin
    file: str | None
    """The configuration, the profile's file, or which settings of the fleet; None for a default."""
    line: int | None
    takes_effect: TakesEffect

    @property
    def place(self) -> str:
        """`default`, `dms.yaml:4` or `profile quiet.yaml:9`."""
        if self.file is None:
            return self.origin
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return place if self.origin == "file" else f"{self.origin} {place}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that two configurations hold otherwise; None where a whole section is absent."""

    key: str
    before: Any
    after: Any
    takes_effect: TakesEffect


@dataclass(frozen=True, slots=True)
class FromFleet:
    """Settings that came from outside and lie above the file."""

    name: str
    """`version 7`."""
    settings: dict[str, Any]
    config: Config
    """The file with them over it."""


def settings_of(loaded: Loaded, fleet: FromFleet | None = None) -> list[Setting]:
    """Return every setting in the order of the schema.

    Where displayed expression is off, only its switch is told, and what the file says of it all the same.
    """
    config = loaded.config if fleet is None else fleet.config
    profile = profiles.load(config.profile)
    found = []
    for key, value in leaves(msgspec.to_builtins(config)):
        if not config.expression.enabled and key != SWITCH and speaks_of_expression(key) and not _set(key, loaded):
            continue
        origin: tuple[Origin, str | None, int | None]
        if fleet is not None and _holds(fleet.settings, key):
            origin = ("fleet", fleet.name, None)
        else:
            origin = _origin(key, loaded, profile)
        found.append(Setting(key, _shown(key, value), *origin, takes_effect(key)))
    return found


def differences(before: Config, after: Config) -> list[Difference]:
    """Return what differs, in the order of the schema; a credential is compared but not shown."""
    old = dict(leaves(msgspec.to_builtins(before)))
    new = dict(leaves(msgspec.to_builtins(after)))
    keys = [*new, *(key for key in old if key not in new)]
    return [
        Difference(key, _shown(key, old.get(key)), _shown(key, new.get(key)), takes_effect(key))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _origin(key: str, loaded: Loaded, profile: profiles.Profile) -> tuple[Origin, str | None, int | None]:
    if _holds(loaded.written.values, key):
        mark = loaded.written.marks.get(key)
        return "file", loaded.file, mark.line if mark else None
    below = key.removeprefix("rules.")
    if key.startswith("rules.") and below in profile.lines:
        return "profile", f"{profile.name}.yaml", profile.lines[below]
    return "default", None, None


def _set(key: str, loaded: Loaded) -> bool:
    return _holds(loaded.written.values, key)


def _holds(tree: dict[str, Any], key: str) -> bool:
    node: Any = tree
    for name in key.split("."):
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _shown(key: str, value: Any) -> Any:
    return NOT_SHOWN if value is not None and key in secret_keys(Config) else value
