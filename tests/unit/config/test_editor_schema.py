"""An editor with the schema takes what the loader takes, refuses what it refuses, and knows when a change counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from edge.config.editor_schema import FILE_NAME, TAKES_EFFECT, editor_schema
from edge.config.load import load_text

SAMPLES = sorted((Path(__file__).parents[3] / "firmware_config").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return editor_schema()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_samples_are_right_for_an_editor_too(sample: Path, schema: dict[str, Any]) -> None:
    jsonschema.validate(yaml.safe_load(sample.read_text()), schema)


def test_the_samples_lead_an_editor_to_the_schema_beside_them(schema: dict[str, Any]) -> None:
    for sample in SAMPLES:
        assert sample.read_text().startswith(f"# yaml-language-server: $schema={FILE_NAME}\n"), sample.name
    beside = json.loads((SAMPLES[0].parent / FILE_NAME).read_text())
    assert beside == json.loads(json.dumps(schema)), f"run: edge-dms schema config > firmware_config/{FILE_NAME}"


def test_numbers_may_stand_where_text_is_wanted_as_in_the_file(schema: dict[str, Any]) -> None:
    text = "camera: {device: 0}\nmqtt: {protocol: 5, username: 17}\n"
    jsonschema.validate(yaml.safe_load(text), schema)
    assert load_text(text).camera.device == "0"


@pytest.mark.parametrize(
    "text",
    ["camera: {fps: 1}", "camera: {fpx: 30}", "version: 1", "camera: {source: no}", "rules: {closure: {sleep_s: 9}}"],
)
def test_mistakes_are_mistakes_for_an_editor(text: str, schema: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), schema)


def test_an_editor_shows_the_safety_floor_and_why(schema: dict[str, Any]) -> None:
    microsleep = schema["$defs"]["Closure"]["properties"]["microsleep_s"]
    assert microsleep["description"].endswith("At most 2 is a safety floor: Euro NCAP ends a microsleep at 2 s.")
    assert microsleep["maximum"] == 2.0
    assert "safety floor" not in schema["$defs"]["Anger"]["properties"]["hostility"]["description"]


def test_every_setting_says_when_a_change_takes_effect(schema: dict[str, Any]) -> None:
    definitions = schema["$defs"]
    assert definitions["Closure"]["properties"]["microsleep_s"][TAKES_EFFECT] == "live"
    assert definitions["Rules"]["properties"]["zones"][TAKES_EFFECT] == "restart"
    assert definitions["Tls"]["properties"]["ca_file"][TAKES_EFFECT] == "restart"
    for name, definition in definitions.items():
        if name in {"PublicKey", "Zone"}:
            continue  # items of a list, which changes as a whole
        for key, described in definition["properties"].items():
            assert TAKES_EFFECT in described or "$ref" in str(described), f"{name}.{key}"
