"""Thresholds changed while running: judged by the same ranges, safety floors and orders as a file at the start.

Pure, so that the deciding half refuses by itself what a careless sender lets through, and replays the refusal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from edge.config.consistency import rule_contradictions
from edge.config.floors import floors_of
from edge.config.rules import Rules
from edge.config.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedChange(NamedTuple):
    """One setting that was not taken."""

    key: str
    """Dotted path with its section: `rules.closure.microsleep_s`."""
    message: str


class ChangeError(ValueError):
    """A change was refused as a whole; carries what is wrong with each of its settings."""

    def __init__(self, refused: list[RefusedChange]) -> None:
        super().__init__("; ".join(f"{one.key}: {one.message}" for one in refused))
        self.refused = tuple(refused)


def changed(rules: Rules, changes: Mapping[str, object]) -> Rules:
    """Return the rules with these settings, dotted path to value (`closure.microsleep_s`, also with `rules.` before).

    Raises `ChangeError` when any of them is unknown, out of range, below a safety floor or at odds with another one.
    """
    sections: dict[str, dict[str, Any]] = {}
    refused: list[RefusedChange] = []
    for key, value in changes.items():
        path = key.removeprefix("rules.")
        section, _, name = path.partition(".")
        problem = _problem(rules, path, section, name, value)
        if problem is None:
            sections.setdefault(section, {})[name] = value
        else:
            refused.append(RefusedChange(f"rules.{path}"[:80], problem))
    if refused:
        raise ChangeError(refused)
    values: dict[str, Any] = msgspec.to_builtins(rules)
    for section, settings in sections.items():
        values[section] |= settings
    new = msgspec.convert(values, Rules)
    odds = rule_contradictions(new)
    if odds:
        raise ChangeError([RefusedChange(one.keys[-1], one.message) for one in odds])
    return new


def _problem(rules: Rules, path: str, section: str, name: str, value: object) -> str | None:
    present = getattr(rules, section, None) if section in Rules.__struct_fields__ else None
    if not isinstance(present, msgspec.Struct):
        return (
            f"there is no such section; {did_you_mean(section, Rules.__struct_fields__) or 'see `edge-dms profiles`'}"
        )
    fields = type(present).__struct_fields__
    if name not in fields:
        return f"unknown setting; {did_you_mean(name, fields) or 'see `edge-dms profiles`'}"
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number: no comparison with it is ever true, so the warning would be off unseen"
    try:
        msgspec.convert({name: value}, type(present))
    except msgspec.ValidationError as error:
        floor = floors_of(Rules).get(path)
        broken = floor is not None and isinstance(value, (int, float)) and floor.is_broken_by(value)
        return floor.sentence if floor and broken else str(error).partition(" - at ")[0]
    return None
