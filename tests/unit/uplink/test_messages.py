from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from edge.config.purposes import speaks_of_expression
from edge.types import DriverState, Evidence, EvidenceStrip
from edge.uplink.contract.catalogue import schemas
from edge.uplink.contract.examples import examples
from edge.uplink.envelope import Register, event
from edge.uplink.messages import (
    MAX_PAYLOAD_BYTES,
    MAX_STRIP_BYTES,
    AlertsActive,
    ClockQuality,
    EvidenceData,
    Health,
    InCab,
    Message,
    Model,
    OutboxHealth,
    Status,
    encode,
    state_message,
)
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

NOW = SetClock().now()
STATE = DriverState(
    t_ns=NOW.mono_ns,
    observability="ok",
    reason="ok",
    fatigue_alert_level=2,
    displayed_anger_alert_level=1,
    fatigue_level=61.5,
    kss_estimate="7",
    eyes_on_road=True,
    attentive_ratio=0.75,
)


def full_alert() -> Message:
    evidence = tuple(
        Evidence(name=f"microsleep_rate_{index}", value=0.1234567, threshold=0.08, window_s=600.0, valid_fraction=0.98)
        for index in range(12)
    )
    models = tuple(Model(name=f"network_number_{index}", sha256="ab" * 32) for index in range(6))
    register = Register("1780000000-01234567", msgspec.structs.replace(INFO, models=models))
    flags = {"contested": True, "nuisance_suspect": True}
    state = {f"baseline_open_{number}": 0.1234567 for number in range(25)}
    change = alert(evidence=evidence, confidence=0.87, observability=0.99, reason="recovered", **flags)
    change = msgspec.structs.replace(change, decision_state=state)
    return event(register.store(change, CONTEXT, NOW), 123_456, "dms/1/depot-7/van-12", NOW, replayed=True)


def test_a_closed_alert_with_its_minute_fits_its_schema_and_its_size() -> None:
    line = tuple(round(-99.9 + index / 10, 1) for index in range(600))
    strip = EvidenceStrip(
        start_ns=2**60, rate_hz=10.0, openness=line, yaw_deg=line, pitch_deg=line, anger_frame=(None,) * 600
    )
    state = dict.fromkeys((f"perclos{number}_deep_ns" for number in range(30)), 59_999_999_999)
    register = Register("1780000000-01234567", INFO)
    change = alert(phase="closed", decision_state=state)
    context = msgspec.structs.replace(CONTEXT, evidence_strip=strip)
    payload = encode(event(register.store(change, context, NOW), 1, "dms/1/depot-7/van-12", NOW, replayed=False))
    document = json.loads(payload)
    Draft202012Validator(schemas()["alert"]).validate(document)
    assert len(payload) <= MAX_PAYLOAD_BYTES + MAX_STRIP_BYTES
    assert depth(document) <= 8
    assert document["data"]["decision_state"] == state
    assert document["data"]["evidence_strip"]["anger_frame"] == [None] * 600


def every_payload() -> dict[str, msgspec.Struct]:
    clock = ClockQuality.of(NOW)
    register = Register("1780000000-01234567", INFO)
    register.store(alert(), CONTEXT, NOW)
    return {
        **examples(),
        "status": Status(status="offline", session_id="b.000001", boot_id="b", reason="lost"),
        "info": INFO,
        "state": state_message(STATE, NOW, "b", expression=True),
        "alert": full_alert(),
        "alerts/active": register.active(NOW),
        "health": Health(
            camera="ok",
            fps=29.9,
            inference_ms=2.1,
            delegate="xnnpack",
            temperature_c=61.0,
            observability="ok",
            faults=("disk_full",),
            outbox=OutboxHealth(depth=1, dropped_info=0, dropped_critical=0, dropped_queue_full=0),
            clock=clock,
        ),
    }


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    return 0


@pytest.mark.parametrize("name", sorted(schemas()))
def test_payload_fits_its_schema_and_the_limits(name: str) -> None:
    payload = msgspec.json.encode(every_payload()[name])
    document = json.loads(payload)
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert depth(document) <= 8


def test_schemas_refuse_what_is_not_ours() -> None:
    document = json.loads(encode(full_alert()))
    document["data"]["level"] = "3"
    assert not Draft202012Validator(schemas()["alert"]).is_valid(document)
    del document["data"]["alert_id"]
    assert not Draft202012Validator(schemas()["alert"]).is_valid(document)


def test_alert_is_a_cloud_event() -> None:
    document = json.loads(encode(full_alert()))
    assert document["specversion"] == "1.0"
    assert document["type"] == "dms.alert.opened"
    assert document["id"] == "1780000000-01234567.123456"
    assert document["source"] == "dms/1/depot-7/van-12"
    assert document["subject"] == document["data"]["alert_id"]
    assert document["datacontenttype"] == "application/json"
    assert document["time"].endswith("Z")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number_that_is_not_finite_goes_out(number: float) -> None:
    payload = encode(EvidenceData(name="perclos60", value=number, threshold=0.15))
    assert json.loads(payload, parse_constant=pytest.fail)["value"] is None


def test_what_is_not_known_is_left_out() -> None:
    assert json.loads(encode(Health(camera="stalled"))) == {"camera": "stalled"}
    assert json.loads(encode(InCab(played=False))) == {"played": False}
    assert (
        json.loads(encode(AlertsActive(alerts=(), boot_id="b", time="t", clock=ClockQuality.of(NOW))))["alerts"] == []
    )


def test_state_uses_names_and_units_of_the_vehicle_signal_specification() -> None:
    document = json.loads(encode(state_message(STATE, NOW, "b", expression=True)))
    assert document["Vehicle.Driver.FatigueLevel"] == 61.5
    assert document["Vehicle.Driver.AttentiveProbability"] == 75.0
    assert document["Vehicle.Driver.DistractionLevel"] == 25.0
    assert document["Vehicle.Driver.IsEyesOnRoad"] is True
    assert document["Vehicle.Driver.DisplayedExpression.AngerAlertLevel"] == 1
    assert document["alert_levels"] == {"closure": 0, "fatigue": 2, "distraction": 0, "absence": 0}


def test_state_without_expression_has_no_such_key() -> None:
    text = encode(state_message(STATE, NOW, "b", expression=False)).decode().lower()
    assert not speaks_of_expression(text)


def test_unseen_driver_has_no_levels() -> None:
    document = json.loads(encode(state_message(DriverState(t_ns=0), NOW, "b", expression=True)))
    assert not {"Vehicle.Driver.FatigueLevel", "Vehicle.Driver.IsEyesOnRoad"} & document.keys()
    assert document["observability"] == "blind"
