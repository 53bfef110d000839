"""One example a topic, made by the code that makes the real messages: a van that warns of a microsleep at noon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from edge.types import AlertChange, DriverState, Evidence
from edge.uplink.envelope import Register, event
from edge.uplink.messages import (
    AlertContext,
    CabHealth,
    ClockQuality,
    CommandHealth,
    Health,
    InCab,
    Info,
    Model,
    OutboxHealth,
    Policy,
    Status,
    Trip,
    VehicleData,
    state_message,
)
from edge.uplink.remote.messages import (
    Ack,
    Desired,
    MarkWrong,
    Ping,
    Purge,
    Report,
    Reported,
    Response,
    SettingError,
    Signed,
)
from edge.uplink.topics import Topics
from edge.uplink.wallclock import Instant, rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

FLEET: Final = "north-depot"
VEHICLE: Final = "van-07"
BOOT: Final = "1780056000-5eb0a1c2"
S: Final = 1_000_000_000
NOON_NS: Final = 1_780_056_000 * S
"""29 May 2026, 12:00 UTC."""
NOW: Final = Instant(mono_ns=7_200 * S, wall_ns=NOON_NS, synced=True, error_ms=2.5, domain="kernel-1")
ALERT_ID: Final = "019e73b9-2200-7b3e-8a51-0c6e2d4f9a10"

_INFO: Final = Info(
    software="edge-dms 0.1.0",
    config_hash="6f" * 32,
    profile="euro-ncap-2026",
    models=(Model(name="face_short", sha256="ab" * 32), Model(name="eye_state", sha256="cd" * 32)),
    device={"machine": "aarch64", "system": "Linux", "release": "6.6.51", "board": "Raspberry Pi 5 Model B Rev 1.0"},
    policy=Policy(
        purposes={"fatigue": "safety", "distraction": "safety", "health": "operation"},
        retention={"alerts": "on the device until the broker has them", "pictures": "never stored or sent"},
    ),
    contract="1.0",
    boot_id=BOOT,
    time=rfc3339(NOON_NS),
)
_CHANGE: Final = AlertChange(
    t_ns=NOW.mono_ns,
    key="microsleep-1",
    phase="opened",
    kind="microsleep",
    level=3,
    peak_level=3,
    started_ns=NOW.mono_ns - 1_500_000_000,
    evidence=(
        Evidence(name="eyes_closed_s", value=1.52, threshold=1.5, valid_fraction=1.0),
        Evidence(name="deep_share", value=0.86, threshold=0.5, window_s=1.52, valid_fraction=1.0),
    ),
    decision_state={
        "decided_ns": NOW.mono_ns,
        "closed_for_ns": 1_520_000_000,
        "deep_ns": 1_307_200_000,
        "closed_ns": 1_520_000_000,
        "baseline_frozen": 1,
        "baseline_valid_ns": 60_000_000_000,
        "baseline_open_left": 0.98,
        "baseline_open_right": 1.01,
        "baseline_closed": 0.05,
        "neutral_yaw_deg": 2.0,
        "neutral_pitch_deg": -3.5,
    },
    confidence=0.93,
    observability=0.98,
)
_CONTEXT: Final = AlertContext(
    in_cab=InCab(played=True, latency_ms=48.0),
    vehicle=VehicleData(speed_kmh=83.0, speed_source="can", speed_age_s=0.1, ignition=True),
)


def examples() -> Mapping[str, msgspec.Struct]:
    """Return one valid message a schema, by the name of the schema."""
    topics, clock, time = Topics(FLEET, VEHICLE), ClockQuality.of(NOW), rfc3339(NOON_NS)
    register = Register(BOOT, _INFO)
    stored = register.store(_CHANGE, _CONTEXT, NOW)
    active = register.active(NOW)
    alert = event(stored, 4711, topics.source, NOW, replayed=False)
    return {
        "status": Status(status="online", session_id=f"{BOOT}.000001", boot_id=BOOT, time=time),
        "info": _INFO,
        "state": state_message(
            DriverState(
                t_ns=NOW.mono_ns,
                observability="ok",
                reason="ok",
                closure_alert_level=3,
                fatigue_alert_level=2,
                fatigue_level=61.5,
                kss_estimate="7",
                eyes_on_road=True,
                attentive_ratio=0.75,
                baseline="frozen",
                baseline_progress=1.0,
            ),
            NOW,
            BOOT,
            expression=True,
        ),
        # The ids of alerts are made of time and chance; an example must come out the same every time.
        "alert": msgspec.structs.replace(
            alert, subject=ALERT_ID, data=msgspec.structs.replace(alert.data, alert_id=ALERT_ID)
        ),
        "alerts/active": msgspec.structs.replace(
            active, alerts=tuple(msgspec.structs.replace(item, alert_id=ALERT_ID) for item in active.alerts)
        ),
        "trip": Trip(
            trip_id="019e7421-9f00-7c52-b0de-6a1f3e8c7d21",
            started=rfc3339(NOON_NS - 7_000 * S),
            ended=time,
            duration_s=7_000.0,
            driving_s=6_420.0,
            observed_ratio=0.97,
            peaks={"closure": 3, "fatigue": 2, "distraction": 2, "absence": 0},
            peak_fatigue=61.5,
            alerts={"microsleep": 1, "fatigue": 2, "distraction": 3},
            acknowledged=1,
            contested=0,
            reason="ignition_off",
            boot_id=BOOT,
            software=_INFO.software,
            config_hash=_INFO.config_hash,
            profile=_INFO.profile,
            clock=clock,
        ),
        "health": Health(
            camera="ok",
            light="infrared",
            fps=29.9,
            inference_ms=8.4,
            delegate="xnnpack",
            detector="face_short",
            temperature_c=61.0,
            throttling="none",
            drops=3,
            frames=215_640,
            cpu_ms_per_frame=9.7,
            peak_rss_mb=118.0,
            observability="ok",
            observability_reason="ok",
            in_cab=CabHealth(
                outputs={"audio": "ok", "gpio": "ok", "log": "ok"},
                warnings=14,
                latency_p50_ms=9.8,
                latency_p99_ms=21.4,
                decision_p50_ms=9.6,
                decision_p99_ms=20.9,
            ),
            outbox=OutboxHealth(depth=0, dropped_info=0, dropped_critical=0, dropped_queue_full=0),
            commands=CommandHealth(done=2, refused=0, dropped=0),
            last_ack_age_s=0.4,
            reconnects=1,
            boot_id=BOOT,
            time=time,
            clock=clock,
        ),
        "config/desired": Desired(version=12, settings={"rules": {"closure": {"microsleep_s": 1.2}}}),
        "config/reported": Reported(
            status="refused",
            desired_version=13,
            applied_version=12,
            hash=_INFO.config_hash,
            errors=(
                SettingError(path="rules.closure.microsleep_s", msg="expected a number from 1 to 2, found 9"),
                SettingError(path="mqtt.host", msg="cannot be changed from outside"),
            ),
            boot_id=BOOT,
            time=time,
            clock=clock,
        ),
        "cmd/ping": Ping(transaction="depot-1-0001"),
        "cmd/report": Report(transaction="depot-1-0002", state_for_s=120),
        "cmd/ack": Ack(transaction="depot-1-0003", alert_id=ALERT_ID),
        "cmd/mark_wrong": MarkWrong(transaction="depot-1-0004", alert_id=ALERT_ID),
        "cmd/purge": Purge(transaction="depot-1-0005", vehicle=VEHICLE),
        "rsp": Response(
            command="ping",
            status="done",
            transaction="depot-1-0001",
            result={"uptime_s": 7_200.0},
            boot_id=BOOT,
            time=time,
            clock=clock,
        ),
        "signed": Signed(
            signed='{"transaction":"depot-1-0003","counter":1780056000123}', key="depot-2026", signature="A" * 86 + "=="
        ),
    }
