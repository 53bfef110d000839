"""The wire format: every payload that exists, as one typed definition from which the JSON Schemas are made.

Wall time enters here and nowhere else. A field that is `None` is left out of the JSON; numbers that are not finite
become null, so NaN never goes over the wire. Nothing here can hold an image, a landmark or an identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.types import (  # noqa: TC001 - msgspec resolves the annotations when the program runs
    AlertKind,
    CameraState,
    Level,
    ObservabilityReason,
    Phase,
)
from edge.uplink.lines import describe
from edge.uplink.topics import ROOT
from edge.uplink.wallclock import Instant, rfc3339

if TYPE_CHECKING:
    from edge.types import DriverState

__all__ = [
    "ActiveAlert",
    "AlertContext",
    "AlertData",
    "AlertEvent",
    "AlertsActive",
    "ClockQuality",
    "EvidenceData",
    "Health",
    "InCab",
    "Info",
    "Model",
    "OutboxHealth",
    "Policy",
    "StateMessage",
    "Status",
    "VehicleData",
    "describe",
    "encode",
    "schemas",
    "speaks_of_expression",
    "state_message",
]

MAX_PAYLOAD_BYTES: Final = 4096
"""No message of ours is larger with the models and evidence of a full configuration; tests hold it [D]."""
CLOUD_EVENT: Final = "application/cloudevents+json"
"""MQTT 5 content type of an event in structured mode [S CloudEvents MQTT binding]."""
_EXPRESSION_WORDS: Final = ("anger", "expression", "valence")


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything on the wire: what is not known is left out."""


class ClockQuality(Message, frozen=True, kw_only=True):
    """How far the wall times beside it can be trusted."""

    source: Literal["ntp", "free"]
    """`ntp`: disciplined by a time service; `free`: runs as it likes."""
    synced: bool
    error_ms: float | None = None
    corrected: bool = False
    """The clock was set after this was written: wall times were recomputed from the monotonic stamps."""

    @classmethod
    def of(cls, instant: Instant, *, corrected: bool = False) -> ClockQuality:
        """Describe the clock at one instant."""
        return cls(
            source="ntp" if instant.synced else "free",
            synced=instant.synced,
            error_ms=instant.error_ms,
            corrected=corrected,
        )


class Model(Message, frozen=True, kw_only=True):
    """One network that is in use."""

    name: str
    sha256: str


class Policy(Message, frozen=True, kw_only=True):
    """What is measured why, and what is kept how long."""

    purposes: dict[str, str] = {}
    """Indicator group to purpose, for example `fatigue: safety`."""
    retention: dict[str, str] = {}
    """What is stored to how long, for example `alerts: until acknowledged by the broker`."""


class Info(Message, frozen=True, kw_only=True):
    """Topic `info`: what this device is. `boot_id` and `time` are filled in by the uplink."""

    software: str
    config_hash: str
    profile: str
    models: tuple[Model, ...] = ()
    device: dict[str, str] = {}
    """Board, operating system, architecture."""
    policy: Policy = Policy()
    boot_id: str | None = None
    time: str | None = None


class Status(Message, frozen=True, kw_only=True):
    """Topic `status`. An `offline` speaks only of its own `session_id`.

    Session ids sort in the order of their beginning, so a consumer ignores an `offline` whose id is smaller than that
    of the newest `online` it has seen: a will that arrives late cannot end a newer session. The uplink also sends
    its `online` again with every health message, which puts a retained late will right.
    """

    status: Literal["online", "offline"]
    session_id: str
    """`{boot_id}.{number of the connection}`."""
    boot_id: str
    reason: Literal["shutdown", "lost"] | None = None
    """On `offline`: `shutdown` was said by the daemon, `lost` is the broker's last will."""
    time: str | None = None
    """When this was said; a last will cannot know."""


class EvidenceData(Message, frozen=True, kw_only=True):
    """One inequality behind an alert: `value >= threshold` over `window_s`."""

    name: str
    value: float | None
    threshold: float | None
    window_s: float | None = None
    valid_fraction: float | None = None


class InCab(Message, frozen=True, kw_only=True):
    """What the driver was given."""

    played: bool
    latency_ms: float | None = None
    """From the exposure of the deciding frame to the start of the sound."""
    acknowledged: bool = False


class VehicleData(Message, frozen=True, kw_only=True):
    """The vehicle when the alert changed."""

    speed_kmh: float | None = None
    speed_source: str | None = None
    speed_age_s: float | None = None
    ignition: bool | None = None
    location: tuple[float, float] | None = None
    """Latitude, longitude; only where the owner opted in."""


class AlertContext(Message, frozen=True, kw_only=True):
    """What the shell knows beside a decision."""

    in_cab: InCab | None = None
    vehicle: VehicleData | None = None


class AlertData(Message, frozen=True, kw_only=True):
    """The `data` of an alert."""

    alert_id: str
    """UUIDv7, the same from `opened` to `closed`, across restarts too."""
    phase: Phase
    revision: int
    kind: AlertKind
    level: Level
    peak: Level
    """Highest level so far."""
    started: str
    ended: str | None = None
    duration_s: float | None = None
    evidence: tuple[EvidenceData, ...] = ()
    confidence: float | None = None
    observability: float | None = None
    reason: str | None = None
    """On `closed`: recovered, escalated, gap, shutdown, restart; on health: the fault."""
    in_cab: InCab | None = None
    vehicle: VehicleData | None = None
    evidence_strip: dict[str, tuple[float | None, ...]] | None = None
    """Indicator to its last 60 s at 10 Hz, on `closed`."""
    decision_state: dict[str, float | None] | None = None
    """Window sums and baselines: enough to evaluate the inequality that fired once more."""
    boot_id: str
    seq: int
    """Rises by one an alert message of this device; a gap tells of messages dropped for want of space."""
    mono_ns: int
    clock: ClockQuality
    replayed: bool = False
    """Was held back (no connection, no subscriber) or is sent again; times are the original ones."""
    contested: bool = False
    software: str
    models: tuple[Model, ...] = ()
    config_hash: str
    profile: str
    displayed_expression_only: bool = False
    """Rests on the displayed expression alone, which is not the emotion."""


class AlertEvent(Message, frozen=True, kw_only=True):
    """Topic `alert`: CloudEvents 1.0, structured mode. De-duplicate on (source, id), order by (boot_id, seq)."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["dms.alert.opened", "dms.alert.updated", "dms.alert.closed"]
    subject: str
    """The alert id."""
    time: str
    """When it happened, by `data.clock`."""
    datacontenttype: Literal["application/json"]
    data: AlertData


class ActiveAlert(Message, frozen=True, kw_only=True):
    """One open alert."""

    alert_id: str
    kind: AlertKind
    level: Level
    peak: Level
    started: str
    acknowledged: bool = False


class AlertsActive(Message, frozen=True, kw_only=True):
    """Topic `alerts/active`: all open alerts, oldest first."""

    alerts: tuple[ActiveAlert, ...]
    boot_id: str
    time: str
    clock: ClockQuality


class OutboxHealth(Message, frozen=True, kw_only=True):
    """The queue on disk. Drops are counted over the life of the device."""

    depth: int
    dropped_info: int
    dropped_critical: int
    dropped_queue_full: int


class Health(Message, frozen=True, kw_only=True):
    """Topic `health`. The last five fields are filled in by the uplink, which also adds its own faults."""

    camera: CameraState
    fps: float | None = None
    inference_ms: float | None = None
    """Mean CPU time of a frame in the deciding thread: networks, vision and decisions."""
    delegate: str | None = None
    delegate_reason: str | None = None
    """Why it is not the one that was asked for."""
    detector: str | None = None
    """Name in the manifest of the face detector that runs: float, or int8 where that is quicker."""
    temperature_c: float | None = None
    throttling: str | None = None
    drops: int = 0
    """Frames that vision did not see because a newer one had come."""
    frames: int | None = None
    """Frames that vision saw since the start."""
    cpu_ms_per_frame: float | None = None
    """CPU time of the whole process a frame."""
    peak_rss_mb: float | None = None
    observability: Literal["ok", "degraded", "blind"] | None = None
    observability_reason: ObservabilityReason | None = None
    faults: tuple[str, ...] = ()
    outbox: OutboxHealth | None = None
    reconnects: int = 0
    boot_id: str | None = None
    time: str | None = None
    clock: ClockQuality | None = None


class StateMessage(Message, frozen=True, kw_only=True):
    """Topic `state`: names of the COVESA Vehicle Signal Specification where it has them, ours beside them."""

    fatigue: float | None = msgspec.field(default=None, name="Vehicle.Driver.FatigueLevel")
    """Percent: the fused score."""
    distraction: float | None = msgspec.field(default=None, name="Vehicle.Driver.DistractionLevel")
    """Percent: how much of the attention buffer is used up."""
    attentive: float | None = msgspec.field(default=None, name="Vehicle.Driver.AttentiveProbability")
    """Percent: how much of the attention buffer is left."""
    eyes_on_road: bool | None = msgspec.field(default=None, name="Vehicle.Driver.IsEyesOnRoad")
    displayed_anger: Level | None = msgspec.field(
        default=None, name="Vehicle.Driver.DisplayedExpression.AngerAlertLevel"
    )
    """Our overlay: alert level of the displayed expression; left out when expression is switched off."""
    alert_levels: dict[str, Level]
    """Highest open level of closure, fatigue, distraction and absence."""
    observability: Literal["ok", "degraded", "blind"]
    reason: ObservabilityReason
    kss_estimate: str | None = None
    baseline: Literal["population", "frozen"]
    baseline_progress: float
    boot_id: str
    mono_ns: int
    time: str
    clock: ClockQuality


def state_message(state: DriverState, now: Instant, boot_id: str, *, expression: bool) -> StateMessage:
    """Translate a judged state; `expression` False leaves out everything about displayed expression."""
    attentive = None if state.attentive_ratio is None else 100.0 * state.attentive_ratio
    return StateMessage(
        fatigue=state.fatigue_level,
        distraction=None if attentive is None else 100.0 - attentive,
        attentive=attentive,
        eyes_on_road=state.eyes_on_road,
        displayed_anger=state.displayed_anger_alert_level if expression else None,
        alert_levels={
            "closure": state.closure_alert_level,
            "fatigue": state.fatigue_alert_level,
            "distraction": state.distraction_alert_level,
            "absence": state.absence_alert_level,
        },
        observability=state.observability,
        reason=state.reason,
        kss_estimate=state.kss_estimate,
        baseline=state.baseline,
        baseline_progress=state.baseline_progress,
        boot_id=boot_id,
        mono_ns=state.t_ns,
        time=rfc3339(state.t_ns + now.offset_ns),
        clock=ClockQuality.of(now),
    )


def speaks_of_expression(name: str) -> bool:
    """Tell whether the name of an alert, of evidence or of a purpose is about the displayed expression."""
    return any(word in name for word in _EXPRESSION_WORDS)


def encode(message: Message) -> bytes:
    """Return the JSON of a message; a number that is not finite becomes null."""
    return msgspec.json.encode(message)


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each topic's payload, by the topic below `dms/1/{fleet}/{vehicle}/`."""
    payloads: dict[str, type[Message]] = {
        "status": Status,
        "info": Info,
        "state": StateMessage,
        "alert": AlertEvent,
        "alerts/active": AlertsActive,
        "health": Health,
    }
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{ROOT}/{{fleet}}/{{vehicle}}/{name}",
            **msgspec.json.schema(payload),
        }
        for name, payload in payloads.items()
    }
