"""Home Assistant's templates, rendered on real messages by the template engine that it uses."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2
import msgspec
import pytest

from edge.config.purposes import speaks_of_expression
from edge.uplink.contract.examples import examples
from edge.uplink.homeassistant import device_id, discovery, topic
from edge.uplink.messages import Health
from edge.uplink.topics import Topics

TOPICS = Topics("north-depot", "van-07")


def message(*, expression: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = discovery(TOPICS, "north-depot", "van-07", "edge-dms 0.1.0", expression=expression)
    return made


def render(template: str, payload: Any) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no page is made
    environment.filters["to_json"] = json.dumps
    document = json.loads(msgspec.json.encode(payload))
    return environment.from_string(template).render(value_json=document)


def test_every_component_reads_a_topic_of_ours_and_its_template_works() -> None:
    for name, component in message()["components"].items():
        kind = component["state_topic"].removeprefix(TOPICS.source + "/")
        assert render(component["value_template"], examples()[kind]) not in {"", "None"} or name == "nothing"


def test_values_are_those_of_the_message() -> None:
    components, shown = message()["components"], examples()

    def value(name: str, kind: str) -> str:
        return render(components[name]["value_template"], shown[kind])

    assert value("fatigue", "state") == "61.5"
    assert value("alert_level", "state") == "3"
    assert value("eyes_on_road", "state") == components["eyes_on_road"]["payload_on"]
    assert value("open_alerts", "alerts/active") == "1"
    assert value("problem", "health") == "OFF"
    assert json.loads(value("alert", "alert"))["event_type"] in components["alert"]["event_types"]
    assert render(components["problem"]["value_template"], Health(camera="ok", faults=("disk_full",))) == "ON"
    assert render(components["temperature"]["value_template"], Health(camera="ok")) == "None"


def test_availability_follows_the_status() -> None:
    (availability,) = message()["availability"]
    assert render(availability["value_template"], examples()["status"]) == availability["payload_available"]


def test_without_expression_there_is_no_sensor_for_it() -> None:
    assert speaks_of_expression(json.dumps(message()).lower())
    assert not speaks_of_expression(json.dumps(message(expression=False)).lower())


@pytest.mark.parametrize(("fleet", "vehicle"), [("north-depot", "van-07"), ("f", "v")])
def test_ids_are_what_home_assistant_takes(fleet: str, vehicle: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]+", device_id(fleet, vehicle))
    assert topic(fleet, vehicle) == f"homeassistant/device/{device_id(fleet, vehicle)}/config"
    unique = [component["unique_id"] for component in message()["components"].values()]
    assert len(set(unique)) == len(unique)
