"""Alerts, clocks and a network in memory for tests of the uplink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.schema import Mqtt
from edge.types import AlertChange, Evidence
from edge.uplink.messages import AlertContext, InCab, Info, Model, Policy, VehicleData
from edge.uplink.mqtt import Answered, Connected, Ended
from edge.uplink.wallclock import Instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.uplink.mqtt import NetworkEvent

S = 1_000_000_000
NOON_NS = 1_780_000_000 * S
"""A wall time in May 2026."""

INFO = Info(
    software="0.1.0",
    config_hash="c0ffee",
    profile="euro-ncap-2026",
    models=(Model(name="face_short", sha256="ab" * 32), Model(name="expression", sha256="cd" * 32)),
    device={"board": "Raspberry Pi 5"},
    policy=Policy(
        purposes={"fatigue": "safety", "distraction": "safety", "displayed_expression": "safety"},
        retention={"alerts": "until the broker has them"},
    ),
)

CONTEXT = AlertContext(
    in_cab=InCab(played=True, latency_ms=48.0),
    vehicle=VehicleData(speed_kmh=83.0, speed_source="fixed", speed_age_s=0.1, ignition=True),
)


class SetClock:
    """A wall clock that stands where it is put."""

    def __init__(self, mono_s: float = 1000.0, *, synced: bool = True, domain: str = "kernel-1") -> None:
        self.instant = Instant(
            mono_ns=round(mono_s * S),
            wall_ns=NOON_NS,
            synced=synced,
            error_ms=2.0 if synced else None,
            domain=domain,
        )

    def now(self) -> Instant:
        return self.instant

    def advance(self, seconds: float) -> Instant:
        step_ns = round(seconds * S)
        self.instant = msgspec.structs.replace(
            self.instant, mono_ns=self.instant.mono_ns + step_ns, wall_ns=self.instant.wall_ns + step_ns
        )
        return self.instant

    def set(self, **changes: Any) -> Instant:
        self.instant = msgspec.structs.replace(self.instant, **changes)
        return self.instant


def alert(
    key: str = "microsleep-1",
    phase: str = "opened",
    *,
    kind: str = "microsleep",
    level: int = 3,
    t_s: float = 1000.0,
    started_s: float = 998.5,
    **fields: Any,
) -> AlertChange:
    values: dict[str, Any] = {
        "t_ns": round(t_s * S),
        "key": key,
        "phase": phase,
        "kind": kind,
        "level": level,
        "peak_level": level,
        "started_ns": round(started_s * S),
        "ended_ns": round(t_s * S) if phase == "closed" else None,
        "evidence": (Evidence(name="eyes_closed_s", value=1.52, threshold=1.5, valid_fraction=1.0),),
    }
    return AlertChange(**(values | fields))


def notice(number: int) -> AlertChange:
    """Return a lesser alert with a key of its own."""
    return alert(f"eyes_closed-{number}", kind="eyes_closed", level=1)


class FakeConnection:
    """Stands in for `edge.uplink.mqtt.Connection`: a network that does what the test says."""

    made: list[FakeConnection]
    fail_with: Exception | None

    def __init__(
        self, settings: Mqtt, number: int, will: tuple[str, bytes], tell: Callable[[NetworkEvent], None]
    ) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.settings, self.number, self.will, self.tell = settings, number, will, tell
        self.broken: BaseException | None = None
        self.listens: tuple[str, ...] = ()
        self.sent: list[tuple[int, str, bytes, int, bool]] = []
        self.opened = self.closed = self.given_up = self.gone = False
        self.made.append(self)

    def open(self) -> None:
        self.opened = True

    def subscribe(self, topics: Sequence[str]) -> None:
        self.listens = tuple(topics)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int,
        retain: bool,
        content_type: str,
        correlation: bytes | None = None,
    ) -> int | None:
        if self.gone:
            return None
        self.sent.append((len(self.sent) + 1, topic, payload, qos, retain))
        return len(self.sent)

    def close(self) -> None:
        self.closed = True

    def give_up(self) -> None:
        self.given_up = True

    def accept(self, receive_maximum: int | None = None) -> Connected:
        return Connected(self.number, receive_maximum)

    def answer(self, message_id: int, reason_code: int = 0) -> Answered:
        return Answered(self.number, message_id, reason_code)

    def end(self, why: str = "gone", *, not_authorised: bool = False) -> Ended:
        return Ended(self.number, why, not_authorised)


def fake_network() -> type[FakeConnection]:
    """Return a fresh stand-in whose `made` lists the connections of one test."""
    return type("FakeNetwork", (FakeConnection,), {"made": [], "fail_with": None})


class ObligingConnection(FakeConnection):
    """Connects at once and answers every message with `reason_code`; a `silent` one answers nothing."""

    reason_code = 0
    silent = False
    refuse_connect: Ended | None = None

    def open(self) -> None:
        super().open()
        if self.refuse_connect is not None:
            self.tell(msgspec.structs.replace(self.refuse_connect, number=self.number))
        elif not self.silent:
            self.tell(self.accept())

    def publish(self, topic: str, payload: bytes, *, qos: int, **how: Any) -> int | None:
        message_id = super().publish(topic, payload, qos=qos, **how)
        if message_id is not None and qos and not self.silent:
            alert = topic.endswith("/alert")
            self.tell(self.answer(message_id, self.reason_code if alert else 0))
        return message_id

    def close(self) -> None:
        super().close()
        if not self.silent:
            self.tell(self.end("goodbye"))


def obliging_network() -> type[ObligingConnection]:
    """Return a fresh stand-in for a broker that is there and works."""
    return type("ObligingNetwork", (ObligingConnection,), {"made": [], "fail_with": None})
