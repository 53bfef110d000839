"""The schemas are valid, describe what the program really reads, and speak for themselves."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from edge.cli import main
from edge.config.schema import Config
from edge.types import StreamMember


def schema(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["schema", name]) == 0
    loaded: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(loaded)
    return loaded


def test_without_a_name_all_are_listed_and_each_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["files"] == ["config", "decisions", "stream"]
    assert "alert" in listed["messages"]
    for name in (*listed["files"], *listed["messages"]):
        assert schema(name, capsys)["title"]


def test_the_stream_schema_accepts_its_examples_and_so_does_the_reader(capsys: pytest.CaptureFixture[str]) -> None:
    stream = schema("stream", capsys)
    for example in stream["examples"]:
        jsonschema.validate(example, stream)
        msgspec.convert(example, StreamMember)
    for wrong in ({"type": "face"}, {"type": "fase", "t_ns": 1}, {"type": "face", "t_ns": "soon"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, stream)


def test_every_fields_text_is_in_the_stream_schema(capsys: pytest.CaptureFixture[str]) -> None:
    fields = schema("stream", capsys)["$defs"]["FaceObservation"]["properties"]
    assert "0 closed" in fields["eye_openness_left"]["description"]
    assert "positive up" in fields["pitch_deg"]["description"]


def test_the_config_schema_accepts_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema.validate(json.loads(msgspec.json.encode(Config())), schema("config", capsys))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"camera": {"fps": 500}}, schema("config", capsys))


def test_an_unknown_name_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "steam"]) == 1
    assert capsys.readouterr().err == "edge-dms schema: there is no schema `steam`; did you mean `stream`\n"
