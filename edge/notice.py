"""The notice for the cab: what this configuration has watched, told and kept, in the driver's language.

It is made from the configuration, so that it cannot promise what the device does not do. It informs; whether it is
enough by law is for whoever runs the vehicle to find out.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.config.purposes import purposes

if TYPE_CHECKING:
    from edge.config.schema import Config

FILE: Final = Path(__file__).with_name("notices.yaml")


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language."""

    title: str
    camera: str
    finds: str
    fatigue: str
    distraction: str
    expression: str
    sent: str
    not_sent: str
    place: str
    kept: str
    drivers: str
    recording: str
    rest: str
    no_score: str
    advice: str
    rights: str


@cache
def sentences() -> dict[str, Sentences]:
    """Return the sentences by language."""
    import yaml  # noqa: PLC0415 - only where a notice is made

    found: Any = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return msgspec.convert(found, dict[str, Sentences])


def notice(config: Config, language: str, contact: str) -> str:
    """Return the notice as plain text; `contact` is whom to ask. Raises `KeyError` for an unknown language."""
    said = sentences()[language]
    on = purposes(config)
    watched = [said.fatigue] * ("fatigue" in on) + [said.distraction] * ("distraction" in on)
    watched += [said.expression] * ("displayed_expression" in on)
    parts = [said.title.upper(), said.camera]
    if watched:
        parts.append("\n".join([said.finds, *(f"- {one}" for one in watched)]))
    parts += [_told(config, said), _kept(config, said)]
    if config.vehicle.privacy_after_s is not None:
        parts.append(said.rest.format(minutes=f"{config.vehicle.privacy_after_s / 60:g}"))
    parts += [said.no_score, said.advice, said.rights.format(contact=contact)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _told(config: Config, said: Sentences) -> str:
    if not config.mqtt.enabled:
        return said.not_sent
    told = [said.sent.format(fleet=config.mqtt.fleet)]
    if config.vehicle.source == "gpsd" and config.vehicle.gpsd.location:
        told.append(said.place)
    return " ".join(told)


def _kept(config: Config, said: Sentences) -> str:
    kept = []
    if config.mqtt.enabled:
        groups = (config.fatigue, config.distraction, config.expression)
        days = [group.retention_days for group in groups if group.enabled]
        kept.append(said.kept.format(days=f"{max([*days, config.retention.health_days]):g}"))
    can = config.vehicle.can
    if config.vehicle.driver_token is not None or (can is not None and can.driver is not None):
        kept.append(said.drivers.format(days=f"{config.retention.drivers_days:g}"))
    if config.recording.stream_file is not None or config.recording.decisions_file is not None:
        kept.append(said.recording.format(days=f"{config.retention.recordings_days:g}"))
    return " ".join(kept)
