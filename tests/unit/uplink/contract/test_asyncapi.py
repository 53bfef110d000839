"""The AsyncAPI document: whole in itself, and valid by the published schema of AsyncAPI where that can be fetched."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from jsonschema import Draft202012Validator

from edge.uplink.contract.asyncapi import document
from edge.uplink.contract.catalogue import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(whole: dict[str, Any], reference: str) -> Any:
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    found = list(references(whole))
    assert len(found) > len(TOPICS)
    for reference in found:
        assert reference.startswith("#/")
        assert resolve(whole, reference)


def test_every_topic_is_a_channel_with_one_operation() -> None:
    whole = document()
    assert len(whole["channels"]) == len(whole["operations"]) == len(TOPICS)
    assert {channel["address"] for channel in whole["channels"].values()} == {
        f"dms/1/{{fleet}}/{{vehicle}}/{topic.name}" for topic in TOPICS
    }
    for channel in whole["channels"].values():
        assert {name for name in channel["parameters"] if f"{{{name}}}" in channel["address"]} == set(
            channel["parameters"]
        )
    actions = {name: operation["action"] for name, operation in whole["operations"].items()}
    assert actions["alert"] == "send"
    assert actions["cmd_ack"] == actions["config_desired"] == "receive"
    assert whole["operations"]["cmd_ack"]["reply"]["channel"]["$ref"] == "#/channels/rsp"


def test_every_example_fits_the_payload_beside_it() -> None:
    whole = document()
    for message in whole["components"]["messages"].values():
        schema = {**message["payload"], "components": whole["components"]}
        for example in message["examples"]:
            Draft202012Validator(schema).validate(json.loads(json.dumps(example["payload"])))


def test_the_document_is_plain_yaml() -> None:
    assert yaml.safe_load(yaml.safe_dump(document())) == json.loads(json.dumps(document()))


@pytest.mark.full
def test_valid_by_the_schema_of_asyncapi(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the published schema cannot be fetched")
    packed = subprocess.run(
        [npm, "pack", "--silent", "@asyncapi/specs@6.11.1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if packed.returncode != 0:
        pytest.skip(f"the published schema could not be fetched: {packed.stderr.strip()[-200:]}")
    with tarfile.open(tmp_path / packed.stdout.strip()) as archive:
        member = archive.extractfile("package/schemas/3.0.0-without-$id.json")
        assert member is not None
        schema = json.load(member)
    validator = jsonschema.validators.validator_for(schema)(schema)
    whole = json.loads(json.dumps(document()))
    assert [error.message for error in validator.iter_errors(whole)] == []
    whole["channels"]["alert"]["adress"] = "misspelt"
    assert not validator.is_valid(whole)
