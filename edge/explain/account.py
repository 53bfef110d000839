"""An alert as it comes: the payload of an MQTT message, a line of `mosquitto_sub -v`, or a decision of a replay."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

import msgspec

from edge.types import (
    AT_LEAST,
    AlertChange,
    AlertKind,
    EvidenceStrip,
    Level,
    Phase,
    Relation,
)

_WRAPPED: Final = ("payload", "message")
"""Where a message stands beside its topic: `mosquitto_sub -F %j`, `edge-dms fleet tail --json`."""
_HINT: Final = "give it a message of the topic `alert`, or a line of `edge-dms replay --decisions`"


class AccountError(Exception):
    """The text holds no alert: `where: what is wrong; remedy`."""


class Entry(msgspec.Struct, frozen=True):
    """One inequality as the alert tells it. A number that was not finite is None."""

    name: str
    value: float | None
    threshold: float | None
    window_s: float | None = None
    valid_fraction: float | None = None
    relation: Relation = AT_LEAST


class Vehicle(msgspec.Struct, frozen=True):
    """The vehicle when the alert changed."""

    speed_kmh: float | None = None
    speed_source: str | None = None


class Account(msgspec.Struct, frozen=True):
    """What an alert says of itself. Times of a replay are seconds of the stream's clock, of a message RFC 3339."""

    alert_id: str
    phase: Phase
    kind: AlertKind
    level: Level
    peak: Level
    started: str
    evidence: tuple[Entry, ...] = ()
    decision_state: dict[str, int | float | None] = {}
    evidence_strip: EvidenceStrip | None = None
    duration_s: float | None = None
    confidence: float | None = None
    observability: float | None = None
    reason: str | None = None
    vehicle: Vehicle | None = None
    contested: bool = False
    nuisance_suspect: bool = False
    source: str | None = None
    """Topic of the vehicle; None in a replay."""
    profile: str | None = None

    @property
    def terms(self) -> dict[str, int | float]:
        """What the inequalities can be worked out from."""
        return {name: value for name, value in self.decision_state.items() if value is not None}


def read_accounts(text: str, name: str) -> list[Account]:
    """Return the alerts of a text, each as it was told last, in order of their first message.

    `name` is what errors call the text. Raises `AccountError` when a line cannot be read, or when none is an alert.
    """
    found: dict[str, Account] = {}
    for where, document in _documents(text.removeprefix("\ufeff"), name):
        account = _account(document, where)
        if account is None:
            continue
        before = found.get(account.alert_id)
        found[account.alert_id] = account if before is None else _merged(before, account)
    if not found:
        raise AccountError(f"{name}: there is no alert in it; {_HINT}")
    return list(found.values())


def _documents(text: str, name: str) -> list[tuple[str, Any]]:
    """Return each JSON document with where it stands; the topic before a payload is passed over."""
    if not text.strip():
        raise AccountError(f"{name}: it is empty; {_HINT}")
    try:
        whole = _decoded(text)
    except (ValueError, RecursionError):
        return [
            (f"{name}:{number}", _line(line, f"{name}:{number}"))
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    return [(name, document) for document in whole] if isinstance(whole, list) else [(name, whole)]


def _decoded(text: str) -> Any:
    """Decode JSON; numbers that are none (`NaN`, `Infinity`, `1e999`) become null, as in our own messages."""

    def number(digits: str) -> float | None:
        value = float(digits)
        return value if isfinite(value) else None

    return json.loads(text, parse_constant=lambda _: None, parse_float=number)


def _line(line: str, where: str) -> Any:
    start = line.find("{")
    topic = line[:start].strip()
    if start < 0 or " " in topic:
        raise AccountError(f"{where}: neither JSON nor a topic and a payload; {_HINT}")
    try:
        return _decoded(line[start:])
    except (ValueError, RecursionError) as error:
        raise AccountError(f"{where}: not valid JSON: {error}; {_HINT}") from None


def _account(document: Any, where: str) -> Account | None:
    """Return the alert of one document; None for a message or a decision that is something else."""
    if isinstance(document, dict) and "topic" in document and not document.keys().isdisjoint(_WRAPPED):
        document = next(document[key] for key in _WRAPPED if key in document)
        if isinstance(document, str):
            document = _line(document, where) if "{" in document else None
    if not isinstance(document, dict):
        return None
    try:
        if document.get("type") == "alert":
            return _of_decision(msgspec.convert(document, AlertChange))
        data = document.get("data", document)
        if not isinstance(data, dict) or "alert_id" not in data or "evidence" not in data | {"evidence": ()}:
            return None
        if "kind" not in data or "phase" not in data:
            return None
        return msgspec.convert({"source": document.get("source"), **data}, Account)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # JSON may name half of a surrogate pair
        raise AccountError(f"{where}: {str(error).replace('`$.', '`')}; {_HINT}") from None


def _of_decision(change: AlertChange) -> Account:
    ended_ns = change.ended_ns
    return Account(
        alert_id=change.key,
        phase=change.phase,
        kind=change.kind,
        level=change.level,
        peak=change.peak_level,
        started=f"{change.started_ns / 1e9:.2f} s",
        evidence=tuple(msgspec.convert(msgspec.to_builtins(item), Entry) for item in change.evidence),
        decision_state=dict(change.decision_state),
        duration_s=None if ended_ns is None else (ended_ns - change.started_ns) / 1e9,
        confidence=change.confidence,
        observability=change.observability,
        reason=change.reason,
        contested=change.contested,
        nuisance_suspect=change.nuisance_suspect,
    )


def _merged(before: Account, after: Account) -> Account:
    """Return the later message, with what only an earlier one told."""
    kept = {
        field: getattr(before, field)
        for field in ("evidence", "decision_state", "evidence_strip")
        if not getattr(after, field) and getattr(before, field)
    }
    return msgspec.structs.replace(after, **kept)
