from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from edge.config.schema import CommandName
from edge.uplink.contract.catalogue import TOPICS, schemas
from edge.uplink.contract.examples import examples


@pytest.mark.parametrize("name", sorted(schemas()))
def test_example_of_each_topic_fits_its_schema(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(msgspec.json.encode(examples()[name])))


def test_every_command_has_a_topic_and_every_topic_an_example() -> None:
    names = {topic.name for topic in TOPICS}
    assert {f"cmd/{name}" for name in get_args(CommandName)} == {name for name in names if name.startswith("cmd/")}
    assert {topic.schema_name for topic in TOPICS} | {"signed"} == schemas().keys() == examples().keys()


def test_nothing_that_must_be_kept_apart_is_retained() -> None:
    retained = {topic.name for topic in TOPICS if topic.retained}
    assert not retained & {"alert", "trip", "rsp/{name}"}
    assert not any(name.startswith("cmd/") for name in retained)


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_field_that_a_fleet_reads_is_explained(name: str) -> None:
    for definition in schemas()[name]["$defs"].values():
        for field, described in definition["properties"].items():
            assert described.get("description") or "$ref" in described, (definition["title"], field)


def test_what_a_vehicle_is_told_may_hold_nothing_unknown() -> None:
    inbound = [topic.schema_name for topic in TOPICS if topic.speaker == "fleet"]
    assert len(inbound) == len(get_args(CommandName)) + 1
    for name in (*inbound, "signed"):
        document: dict[str, Any] = json.loads(msgspec.json.encode(examples()[name]))
        validator = Draft202012Validator(schemas()[name])
        assert validator.is_valid(document)
        assert not validator.is_valid({**document, "extra": 1})
