"""The wire format: what a vehicle says, as one typed definition from which the whole contract is made.

What it is told stands in `edge.uplink.remote.messages`, which topic carries what in `edge.uplink.contract.catalogue`.
Wall time enters here and nowhere else. A field that is `None` is left out of the JSON; numbers that are not finite
become null, so NaN never goes over the wire. Nothing here can hold an image, a landmark or an identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge.types import (
    AT_LEAST,
    AlertKind,
    CameraState,
    EvidenceStrip,
    Level,
    ObservabilityReason,
    Phase,
    Relation,
)
from edge.uplink.lines import describe
from edge.uplink.wallclock import Instant, rfc3339

if TYPE_CHECKING:
    from edge.types import DriverState

__all__ = [
    "ActiveAlert",
    "AlertContext",
    "AlertData",
    "AlertEvent",
    "AlertsActive",
    "CabHealth",
    "ClockQuality",
    "CommandHealth",
    "EvidenceData",
    "Health",
    "InCab",
    "Info",
    "Model",
    "OutboxHealth",
    "Policy",
    "StateMessage",
    "Status",
    "Trip",
    "VehicleData",
    "describe",
    "encode",
    "state_message",
]

MAX_PAYLOAD_BYTES: Final = 4096
"""No message of ours is larger with the models and evidence of a full configuration; tests hold it [D]."""
MAX_STRIP_BYTES: Final = 20_000
"""What an evidence strip may add to that."""
CLOUD_EVENT: Final = "application/cloudevents+json"
"""MQTT 5 content type of an event in structured mode [S CloudEvents MQTT binding]."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything on the wire: what is not known is left out."""


class ClockQuality(Message, frozen=True, kw_only=True):
    """How far the wall times beside it can be trusted."""

    source: Literal["ntp", "free"]
    """`ntp`: disciplined by a time service; `free`: runs as it likes."""
    synced: bool
    """False: only differences between times can be trusted."""
    error_ms: float | None = None
    """The kernel's bound of the error."""
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
    """As in `models/manifest.json`."""
    sha256: str
    """Of the file, 64 hexadecimal digits."""


class Policy(Message, frozen=True, kw_only=True):
    """What is measured why, and what is kept how long."""

    purposes: dict[str, str] = {}
    """Indicator group to purpose, for example `fatigue: safety`."""
    retention: dict[str, str] = {}
    """What is stored to how long, for example `alerts: until acknowledged by the broker`."""


class Info(Message, frozen=True, kw_only=True):
    """Topic `info`: what this device is. The last three fields are filled in by the uplink."""

    software: str
    config_hash: str
    """SHA-256 of the whole configuration in force, remote settings included."""
    profile: str
    """Rule profile that the thresholds start from."""
    models: tuple[Model, ...] = ()
    device: dict[str, str] = {}
    """Board, operating system, architecture."""
    policy: Policy = Policy()
    contract: str | None = None
    """Version of this contract: within 1.x fields are added, never renamed, removed or given another unit."""
    boot_id: str | None = None
    time: str | None = None


class Status(Message, frozen=True, kw_only=True):
    """Topic `status`. An `offline` speaks only of its own `session_id`.

    Session ids sort in the order of their beginning, so a consumer ignores an `offline` whose id is smaller than that
    of the newest `online` it has seen: a will that arrives late cannot end a newer session. The uplink also sends
    its `online` again with every health message, which puts a retained late will right.
    """

    status: Literal["online", "offline"]
    """Whether the daemon is connected."""
    session_id: str
    """`{boot_id}.{number of the connection}`."""
    boot_id: str
    reason: Literal["shutdown", "lost"] | None = None
    """On `offline`: `shutdown` was said by the daemon, `lost` is the broker's last will."""
    time: str | None = None
    """When this was said; a last will cannot know."""


class EvidenceData(Message, frozen=True, kw_only=True):
    """One inequality behind an alert: `value relation threshold` over `window_s`."""

    name: str
    """Indicator, as in `edge/indicators/`."""
    value: float | None
    """Its value when the decision fell; the unit stands in the name, shares have none."""
    threshold: float | None
    """What it was compared with, in the unit of the value."""
    window_s: float | None = None
    valid_fraction: float | None = None
    relation: Relation = AT_LEAST
    """How value and threshold stand to each other when the inequality is true."""


class InCab(Message, frozen=True, kw_only=True):
    """What the driver was given."""

    played: bool
    """An output that the driver sees or hears at this level was called and did not fail; a log is none."""
    latency_ms: float | None = None
    """From the arrival of the deciding frame to the call of the first output; what the speaker adds comes on top."""
    acknowledged: bool = False
    """A button was pressed, or the fleet acknowledged."""


class VehicleData(Message, frozen=True, kw_only=True):
    """The vehicle when the alert changed."""

    speed_kmh: float | None = None
    """Left out where it is not known."""
    speed_source: str | None = None
    """Where it came from."""
    speed_age_s: float | None = None
    """How old the speed was."""
    ignition: bool | None = None
    """Left out where it cannot be read."""
    location: tuple[float, float] | None = None
    """Latitude, longitude; only where the owner opted in."""


class AlertContext(Message, frozen=True, kw_only=True):
    """What the shell knows beside a decision."""

    in_cab: InCab | None = None
    vehicle: VehicleData | None = None
    evidence_strip: EvidenceStrip | None = None


class AlertData(Message, frozen=True, kw_only=True):
    """The `data` of an alert."""

    alert_id: str
    """UUIDv7, the same from `opened` to `closed`, across restarts too."""
    phase: Phase
    """`updated`: its level or a flag changed."""
    revision: int
    """Rises by one with each message of this alert, from 0."""
    kind: AlertKind
    level: Level
    peak: Level
    """Highest level so far."""
    started: str
    ended: str | None = None
    duration_s: float | None = None
    """On `closed`."""
    evidence: tuple[EvidenceData, ...] = ()
    """The inequalities that took part in the decision."""
    confidence: float | None = None
    """How sure the decision is, 0 to 1."""
    observability: float | None = None
    """Share of the last seconds in which the driver could be observed, 0 to 1."""
    reason: str | None = None
    """On `closed`: recovered, escalated, gap, speed, standstill, seat_empty, handover, privacy, shutdown, restart; on
    health: the fault."""
    in_cab: InCab | None = None
    """What the driver was given."""
    vehicle: VehicleData | None = None
    """Left out where nothing is known of the vehicle."""
    evidence_strip: EvidenceStrip | None = None
    """One minute at 10 Hz around the decision, once, on `closed`; `start_ns` is on the time line of `mono_ns`.
    An alert that `escalated` leaves it to the graver one that took over."""
    decision_state: dict[str, int | float] = {}
    """Window sums and baselines: enough to evaluate the inequality that fired once more (`edge-dms explain`)."""
    boot_id: str
    seq: int
    """Rises by one an alert message of this device; a gap tells of messages dropped for want of space."""
    mono_ns: int
    clock: ClockQuality
    replayed: bool = False
    """Was held back (no connection, no subscriber) or is sent again; times are the original ones."""
    contested: bool = False
    """The driver or the fleet called it mistaken."""
    nuisance_suspect: bool = False
    """Audible beyond the hour's budget: one of too many, so perhaps none that was needed."""
    software: str
    models: tuple[Model, ...] = ()
    config_hash: str
    profile: str
    displayed_expression_only: bool = False
    """Rests on the displayed expression alone, which is not the emotion."""


class AlertEvent(Message, frozen=True, kw_only=True):
    """Topic `alert`: CloudEvents 1.0, structured mode. De-duplicate on (source, id), order by (boot_id, seq)."""

    specversion: Literal["1.0"]
    """Version of CloudEvents."""
    id: str
    """`{boot_id}.{seq}`: with `source` unique for ever."""
    source: str
    """`dms/1/{fleet}/{vehicle}`."""
    type: Literal["dms.alert.opened", "dms.alert.updated", "dms.alert.closed"]
    """The phase once more, for routers that look no deeper."""
    subject: str
    """The alert id."""
    time: str
    """When it happened, by `data.clock`."""
    datacontenttype: Literal["application/json"]
    """Of `data`."""
    data: AlertData


class ActiveAlert(Message, frozen=True, kw_only=True):
    """One open alert."""

    alert_id: str
    kind: AlertKind
    level: Level
    peak: Level
    started: str
    acknowledged: bool = False
    """The driver or the fleet has seen it."""


class AlertsActive(Message, frozen=True, kw_only=True):
    """Topic `alerts/active`: all open alerts, oldest first."""

    alerts: tuple[ActiveAlert, ...]
    """Empty: nothing is open."""
    boot_id: str
    time: str
    clock: ClockQuality


class OutboxHealth(Message, frozen=True, kw_only=True):
    """The queue on disk. Drops are counted over the life of the device."""

    depth: int
    """Alert messages that wait for the broker."""
    dropped_info: int
    """Lesser ones dropped for want of space."""
    dropped_critical: int
    """Urgent ones dropped for want of space."""
    dropped_queue_full: int
    """Dropped because the disk hung for long."""


class CommandHealth(Message, frozen=True, kw_only=True):
    """What came over `cmd/*` since the start; left out where commands are off."""

    done: int
    """Carried out."""
    refused: int
    """Answered with an error: not allowed, wrong signature, repeated counter, wrong parameters."""
    dropped: int
    """Not answered: retained, too many in a second, or too large to be read."""


class CabHealth(Message, frozen=True, kw_only=True):
    """The warnings in the cab: whether each output works, and how quick they are."""

    outputs: dict[str, str] = {}
    """Output to `ok`, `ok: ` with what is less than it should be, `untested`, or what is wrong."""
    warnings: int = 0
    """Warnings given since the start, each repeat counted."""
    latency_p50_ms: float | None = None
    """From the arrival of the deciding frame to the call of the first output, over the last 1024 warnings."""
    latency_p99_ms: float | None = None
    """The same, 99th percentile."""
    decision_p50_ms: float | None = None
    """From the arrival of a frame until all is decided and handed over, over the last 1024 frames."""
    decision_p99_ms: float | None = None
    """The same, 99th percentile."""


class Health(Message, frozen=True, kw_only=True):
    """Topic `health`. From `outbox` on the fields are filled in by the uplink, which also adds its own faults."""

    camera: CameraState
    """What ails the camera; `ok` when nothing does."""
    light: Literal["infrared", "visible"] | None = None
    """What the camera is set to see by; a broken infrared light is `camera: ir_fault`."""
    ir_power: float | None = None
    """Share of the infrared light's power now, 0 to 1; left out where the board does not drive it."""
    ir_lit: bool | None = None
    """Whether the picture got brighter when the light was last tried; left out while nobody knows."""
    fps: float | None = None
    """Frames seen a second, over the last two."""
    inference_ms: float | None = None
    """Mean CPU time of a frame in the deciding thread: networks, vision and decisions."""
    delegate: str | None = None
    """What runs the networks: xnnpack, edgetpu or cpu; several where they differ."""
    delegate_reason: str | None = None
    """Why it is not the one that was asked for."""
    detector: str | None = None
    """Name in the manifest of the face detector that runs: float, or int8 where that is quicker."""
    vehicle: str | None = None
    """Why speed and ignition are not known, in words; left out when they are, or nobody asked for them."""
    temperature_c: float | None = None
    """Of the hottest processor zone."""
    throttling: str | None = None
    """What holds the board back now; `none`, or left out where it cannot be asked."""
    cadence: Literal["full", "reduced", "minimum", "stopped"] | None = None
    """How much is done of what is configured: `reduced` 15 frames a second, `minimum` 10 and no displayed expression,
    `stopped` none because of heat."""
    cadence_reason: str | None = None
    """Why it is not `full`, in words."""
    drops: int = 0
    """Frames that vision did not see because a newer one had come."""
    frames: int | None = None
    """Frames that vision saw since the start."""
    cpu_ms_per_frame: float | None = None
    """CPU time of the whole process a frame."""
    peak_rss_mb: float | None = None
    """Largest resident memory since the start, MiB."""
    observability: Literal["ok", "degraded", "blind"] | None = None
    """How well the driver can be observed now."""
    observability_reason: ObservabilityReason | None = None
    """Why not better."""
    baseline_progress: float | None = None
    """How far the driver's open eyes are learnt, 0 to 1, as last told in `state`."""
    faults: tuple[str, ...] = ()
    """Names of everything that is wrong now; empty or left out: nothing."""
    in_cab: CabHealth | None = None
    """Outputs in the cab, and how quick warnings are."""
    outbox: OutboxHealth | None = None
    """The queue of alerts."""
    commands: CommandHealth | None = None
    """Left out where commands are off."""
    last_ack_age_s: float | None = None
    """Since the broker answered anything before this message."""
    reconnects: int = 0
    """How often the connection was made again since the start."""
    boot_id: str | None = None
    time: str | None = None
    clock: ClockQuality | None = None


class Trip(Message, frozen=True, kw_only=True):
    """Topic `trip`: one drive, from ignition on (or the start of the daemon) to ignition off (or its end).

    It counts what the device saw and warned of. It is no score of the driver and ranks nobody.
    """

    trip_id: str
    """UUIDv7; a trip that is delivered twice has the same."""
    started: str
    ended: str
    duration_s: float
    """From `started` to `ended`."""
    driving_s: float | None = None
    """Time at 5 km/h and more; left out where the speed was never known."""
    observed_ratio: float | None = None
    """Share of the trip in which the driver could be observed well, 0 to 1."""
    peaks: dict[str, Level]
    """Highest alert level of closure, fatigue, distraction and absence, and of displayed_anger where it is on."""
    peak_fatigue: float | None = None
    """Highest fused fatigue score, percent."""
    alerts: dict[str, int]
    """Kind to how many alerts of it were opened."""
    acknowledged: int
    """Alerts that the driver or the fleet acknowledged."""
    contested: int
    """Alerts that the driver or the fleet called mistaken: not to be held against anybody unread."""
    reason: Literal["ignition_off", "shutdown"]
    """What ended it."""
    boot_id: str
    software: str
    config_hash: str
    profile: str
    clock: ClockQuality


class StateMessage(Message, frozen=True, kw_only=True):
    """Topic `state`: names of the COVESA Vehicle Signal Specification where it has them, ours beside them."""

    fatigue: float | None = msgspec.field(default=None, name="Vehicle.Driver.FatigueLevel")
    """Percent: the fused score."""
    distraction: float | None = msgspec.field(default=None, name="Vehicle.Driver.DistractionLevel")
    """Percent: how much of the attention buffer is used up."""
    attentive: float | None = msgspec.field(default=None, name="Vehicle.Driver.AttentiveProbability")
    """Percent: how much of the attention buffer is left."""
    eyes_on_road: bool | None = msgspec.field(default=None, name="Vehicle.Driver.IsEyesOnRoad")
    """Left out while the eyes or the face are not seen."""
    displayed_anger: Level | None = msgspec.field(
        default=None, name="Vehicle.Driver.DisplayedExpression.AngerAlertLevel"
    )
    """Our overlay: alert level of the displayed expression; left out when expression is switched off."""
    alert_levels: dict[str, Level]
    """Highest open level of closure, fatigue, distraction and absence."""
    observability: Literal["ok", "degraded", "blind"]
    """How well the driver can be observed; `blind`: nothing is judged."""
    reason: ObservabilityReason
    """Why not better; `ok` when well."""
    kss_estimate: str | None = None
    """Karolinska sleepiness scale, an estimate: `<=5`, `6`, `7` or `8+`."""
    baseline: Literal["population", "frozen"]
    """`frozen`: the driver's own measures are learnt; `population`: not yet."""
    baseline_progress: float
    """How far the learning is, 0 to 1."""
    privacy: bool = False
    """Nobody is observed now: the vehicle stands for long, or its ignition is off."""
    boot_id: str
    mono_ns: int
    time: str
    clock: ClockQuality


def state_message(state: DriverState, now: Instant, boot_id: str, *, expression: bool) -> StateMessage:
    """Translate a judged state; `expression` False leaves out everything about displayed expression.

    Percentages go out in tenths: more digits say nothing and are a fiftieth of the day's bytes.
    """
    attentive = None if state.attentive_ratio is None else round(100.0 * state.attentive_ratio, 1)
    return StateMessage(
        fatigue=None if state.fatigue_level is None else round(state.fatigue_level, 1),
        distraction=None if attentive is None else round(100.0 - attentive, 1),
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
        baseline_progress=round(state.baseline_progress, 3),
        privacy=state.privacy,
        boot_id=boot_id,
        mono_ns=state.t_ns,
        time=rfc3339(state.t_ns + now.offset_ns),
        clock=ClockQuality.of(now),
    )


def encode(message: Message) -> bytes:
    """Return the JSON of a message; a number that is not finite becomes null."""
    return msgspec.json.encode(message)
