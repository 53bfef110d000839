"""Whether what arrived over MQTT is what should have arrived: the demo's pass or fail, without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Expected:
    """An alert that the truth file promises: this kind, at least this level, within this span of the drive."""

    kind: str
    level: int
    not_before_s: float
    not_after_s: float


@dataclass(frozen=True)
class Received:
    """One alert message as the subscriber got it; `at_s` is the time of the decision within the drive."""

    alert_id: str
    phase: str
    kind: str
    level: int
    at_s: float


@dataclass(frozen=True)
class Verdict:
    """The outcome; `missing` and `undelivered` empty means success."""

    missing: tuple[Expected, ...]
    matched: int
    undelivered: tuple[str, ...]
    unexpected: tuple[Received, ...]

    @property
    def ok(self) -> bool:
        """True when nothing that had to arrive is missing."""
        return not self.missing and not self.undelivered


def expected_alerts(truth: dict[str, Any]) -> tuple[Expected, ...]:
    """Read the expected alerts out of a truth document."""
    return tuple(
        Expected(item["kind"], int(item["level"]), float(item["not_before_s"]), float(item["not_after_s"]))
        for item in truth["expected_alerts"]
    )


def fulfils(message: Received, wanted: Expected) -> bool:
    """Whether one message shows the wanted alert: kind, level reached, in time."""
    return (
        message.kind == wanted.kind
        and message.phase != "closed"
        and message.level >= wanted.level
        and wanted.not_before_s <= message.at_s <= wanted.not_after_s
    )


def judge(received: list[Received], raised: list[tuple[str, str]], expected: tuple[Expected, ...] | None) -> Verdict:
    """Compare what arrived with what the daemon raised and, where known, with the truth.

    `raised` holds (kind, phase) of every alert change the daemon decided on; each must have arrived as a message.
    """
    arrived: dict[tuple[str, str], int] = {}
    for message in received:
        arrived[message.kind, message.phase] = arrived.get((message.kind, message.phase), 0) + 1
    undelivered = []
    for key in sorted(set(raised)):
        lacking = raised.count(key) - arrived.get(key, 0)
        undelivered += [f"{key[0]} {key[1]}"] * max(0, lacking)
    wanted = expected or ()
    missing = tuple(item for item in wanted if not any(fulfils(message, item) for message in received))
    unexpected = tuple(
        message
        for message in received
        if expected is not None
        and message.phase == "opened"
        and not any(
            message.kind == item.kind and item.not_before_s <= message.at_s <= item.not_after_s for item in wanted
        )
    )
    return Verdict(missing, len(wanted) - len(missing), tuple(undelivered), unexpected)
