"""Which purpose an alert serves, and how long what serves it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.config.schema import Config
    from edge.types import AlertKind

Group = Literal["fatigue", "distraction", "displayed_expression", "health"]

GROUPS_OF: Final[Mapping[AlertKind, tuple[Group, ...]]] = {
    "eyes_closed": ("fatigue",),
    "microsleep": ("fatigue",),
    "sleep": ("fatigue",),
    "unresponsive": ("fatigue", "distraction"),
    "fatigue": ("fatigue",),
    "distraction": ("distraction",),
    "vats": ("distraction",),
    "displayed_anger": ("displayed_expression",),
    "driver_absent": ("health",),
    "health": ("health",),
}
"""`unresponsive`: neither shut eyes nor a look aside answers to an alarm."""


EXPRESSION_WORDS: Final = ("anger", "expression", "valence")
"""Where displayed expression is switched off, no key that holds one of these is told."""


def speaks_of_expression(name: str) -> bool:
    """Tell whether the name of a setting, an alert, of evidence or of a purpose is about the displayed expression."""
    return any(word in name for word in EXPRESSION_WORDS)


def purposes(config: Config) -> dict[str, str]:
    """Return the groups that are on, and why each is."""
    found = {
        "fatigue": config.fatigue.purpose if config.fatigue.enabled else None,
        "distraction": config.distraction.purpose if config.distraction.enabled else None,
        "displayed_expression": config.expression.purpose if config.expression.enabled else None,
        "health": "operation",
    }
    return {group: purpose for group, purpose in found.items() if purpose is not None}


class MessageRetention(NamedTuple):
    """For how long messages may wait for the broker."""

    alert_days: Mapping[AlertKind, float]
    """A kind whose indicator is off: no days."""
    trips_days: float


def message_retention(config: Config) -> MessageRetention:
    """Return for how many days messages may wait."""
    days: dict[Group, float] = {
        "fatigue": config.fatigue.retention_days,
        "distraction": config.distraction.retention_days,
        "displayed_expression": config.expression.retention_days,
        "health": config.retention.health_days,
    }
    on = purposes(config)
    alert_days = {
        kind: max((days[group] for group in groups if group in on), default=0.0) for kind, groups in GROUPS_OF.items()
    }
    return MessageRetention(alert_days, config.retention.trips_days)


def retention(config: Config) -> dict[str, str]:
    """Return in words what is kept how long, for the groups that are on."""
    kept = config.retention
    days = {
        "fatigue": config.fatigue.retention_days,
        "distraction": config.distraction.retention_days,
        "displayed_expression": config.expression.retention_days,
        "health": kept.health_days,
    }
    told = {
        group: f"alerts until the broker has them, {limit:g} days at most"
        for group, limit in days.items()
        if group in purposes(config)
    }
    told["trips"] = f"until the broker has them, {kept.trips_days:g} days at most"
    told["drivers"] = f"a few numbers a driver who is named, {kept.drivers_days:g} days after his last drive"
    if config.recording.stream_file is not None or config.recording.decisions_file is not None:
        told["recordings"] = f"numbers, {kept.recordings_days:g} days"
    return {**told, "pictures": "never stored or sent"}
