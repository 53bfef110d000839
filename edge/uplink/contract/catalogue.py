"""Every topic of the contract: who speaks, what it carries, how it is sent, what is promised."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge import types
from edge.config.field_texts import definitions_with_texts
from edge.uplink import messages
from edge.uplink.remote import messages as remote
from edge.uplink.topics import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic below `dms/1/{fleet}/{vehicle}/`."""

    name: str
    """Below the vehicle's own part, for example `alerts/active`."""
    payload: type[msgspec.Struct]
    speaker: Literal["vehicle", "fleet"] = "vehicle"
    retained: bool
    qos: Literal[0, 1] = 1
    content_type: str = "application/json"
    when: str
    promise: str

    @property
    def schema_name(self) -> str:
        """Name of the schema and the example: `cmd/{name}` gives `rsp`, `alerts/active` stays."""
        return self.name.partition("/{")[0]


TOPICS: Final = (
    Topic(
        name="status",
        payload=messages.Status,
        retained=True,
        when="on each connection, before a clean end, and as the last will when the line breaks",
        promise="the newest is at the broker; an `offline` counts only for its own `session_id`",
    ),
    Topic(
        name="info",
        payload=messages.Info,
        retained=True,
        when="on each connection and when the settings changed",
        promise="the newest is at the broker",
    ),
    Topic(
        name="state",
        payload=messages.StateMessage,
        retained=True,
        qos=0,
        when="when a level changes, every `outbox.heartbeat_s` (60 s), once a second for a while after `cmd/report`",
        promise="may get lost; the next one says it all again",
    ),
    Topic(
        name="alert",
        payload=messages.AlertEvent,
        retained=False,
        content_type=messages.CLOUD_EVENT,
        when="when an alert opens, changes or closes",
        promise=(
            "kept on disk until the broker has it and somebody was subscribed (MQTT 5); "
            "in order by (`boot_id`, `seq`), at least once: drop repeats by (`source`, `id`)"
        ),
    ),
    Topic(
        name="alerts/active",
        payload=messages.AlertsActive,
        retained=True,
        when="with every change of an alert and on each connection",
        promise="the newest is at the broker; after a crash the next start closes what was open",
    ),
    Topic(
        name="trip",
        payload=messages.Trip,
        retained=False,
        when="when the ignition goes off, or the daemon ends",
        promise="kept on disk until the broker has it and somebody was subscribed; a crash loses the trip under way",
    ),
    Topic(
        name="health",
        payload=messages.Health,
        retained=True,
        when="when something changes for the worse or better, and every `outbox.health_s` (300 s)",
        promise="the newest is at the broker",
    ),
    Topic(
        name="config/desired",
        payload=remote.Desired,
        speaker="fleet",
        retained=True,
        when="when the fleet wants other settings; only where `remote.configuration` is on",
        promise="checked as a whole before any of it counts; at most 4 KiB, 8 levels deep",
    ),
    Topic(
        name="config/reported",
        payload=remote.Reported,
        retained=True,
        when="on each connection and with every change; only where `remote.configuration` is on",
        promise="the newest is at the broker",
    ),
    *(
        Topic(
            name=f"cmd/{name}",
            payload=payload,
            speaker="fleet",
            retained=False,
            when="when the fleet asks; only where `remote.commands` is on",
            promise="retained ones are ignored; at most 4 KiB, 8 levels deep, 5 a second; not kept while offline",
        )
        for name, payload in (
            ("ping", remote.Ping),
            ("report", remote.Report),
            ("ack", remote.Ack),
            ("mark_wrong", remote.MarkWrong),
            ("purge", remote.Purge),
        )
    ),
    Topic(
        name="rsp/{name}",
        payload=remote.Response,
        retained=False,
        when="after each command that was read",
        promise="sent once; no answer within some seconds means that the vehicle is not there",
    ),
)


_COMMON_TEXTS: Final = {
    "boot_id": "This start of the daemon; ids sort in the order of starts.",
    "time": "Wall time when this was written, RFC 3339 in UTC.",
    "clock": "How far the wall times can be trusted.",
    "mono_ns": "The device's monotonic clock, ns: compares within one boot of its kernel.",
    "started": "Wall time of the beginning, RFC 3339 in UTC.",
    "ended": "Wall time of the end, RFC 3339 in UTC.",
    "software": "Name and version of the daemon.",
    "config_hash": "SHA-256 of the configuration in force; the same as in `info`.",
    "profile": "Rule profile that the thresholds start from.",
    "models": "The networks in use, each with the hash of its file.",
    "kind": "What the alert is about.",
    "level": "1 notice, 2 warning, 3 urgent, 4 alarm, 5 emergency.",
    "peak": "Highest level so far.",
    "alert_id": "UUIDv7, the same from `opened` to `closed`.",
    "window_s": "Length of the window, s.",
    "valid_fraction": "Share of the window in which the measure was valid, 0 to 1.",
    "counter": "Required in a signed command: above that of every command accepted before under the same key.",
    "transaction": "The one of the command.",
}
"""For fields that mean the same wherever they stand and have no text of their own there."""


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each topic's payload, by the topic below `dms/1/{fleet}/{vehicle}/`."""
    made = {topic.schema_name: _schema(topic.payload, f"{ROOT}/{{fleet}}/{{vehicle}}/{topic.name}") for topic in TOPICS}
    return made | {"signed": _schema(remote.Signed, "the signed form of cmd/{name} and config/desired")}


def components(kinds: Iterable[type], ref_template: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a reference to each type, and the definitions of all of them with the text of every field."""
    references, definitions = msgspec.json.schema_components(kinds, ref_template=ref_template)
    # The texts come from the source, where they are indented.
    tidy = {
        name: {**definition, "description": inspect.cleandoc(definition["description"])}
        if "description" in definition
        else definition
        for name, definition in definitions.items()
    }
    described = definitions_with_texts(tidy, types, messages, remote)
    for definition in described.values():
        for name, field in definition["properties"].items():
            if name in _COMMON_TEXTS:
                field.setdefault("description", _COMMON_TEXTS[name])
    return list(references), described


def _schema(payload: type, title: str) -> dict[str, Any]:
    (reference,), definitions = components((payload,), "#/$defs/{name}")
    return {"$schema": DIALECT, "title": title, **reference, "$defs": definitions}
