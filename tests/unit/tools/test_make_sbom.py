"""The bill of materials names all that a device runs, fits the schema and is the same every time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import make_sbom
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edge.inference.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, dict[str, Any]]:
    assert make_sbom.main(arguments) == 0
    text = capsys.readouterr().out
    return text, json.loads(text)


def test_it_fits_the_schema_and_is_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    text, document = made(capsys)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert made(capsys)[0] == text
    assert "timestamp" not in document["metadata"]


def test_every_network_is_there_with_licence_and_hash(capsys: pytest.CaptureFixture[str], checkout: Path) -> None:
    _, document = made(capsys)
    networks = {one["name"]: one for one in document["components"] if one["type"] == "machine-learning-model"}
    manifest = Manifest.read(checkout / "models" / "manifest.json")
    assert set(networks) == set(manifest.models)
    for name, model in manifest.models.items():
        assert networks[name]["hashes"] == [{"alg": "SHA-256", "content": model.sha256}]
        (licence,) = networks[name]["licenses"]
        assert model.licence in json.dumps(licence)


def test_every_pin_is_there_with_the_hashes_of_its_wheels(capsys: pytest.CaptureFixture[str], checkout: Path) -> None:
    _, document = made(capsys)
    lock = (checkout / "tools" / "lock" / "device.txt").read_text()
    libraries = [one for one in document["components"] if one["type"] == "library"]
    assert sum(len(one["hashes"]) for one in libraries) == lock.count("--hash=sha256:")
    told = {one["name"]: one.get("licenses") for one in libraries}
    assert told["msgspec"], "its licence is known where it is installed"
    (root,) = (one for one in document["dependencies"] if one["ref"] == "edge-dms")
    assert len(root["dependsOn"]) == len(document["components"])


def test_a_board_gets_what_is_meant_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, document = made(capsys, "--python", "3.13", "--machine", "aarch64")
    names = [one["name"] for one in document["components"]]
    assert names.count("numpy") == 1
    assert "tflite-runtime" not in names
    assert make_sbom.main(["--python", "3.13"]) == 1
    assert "go together" in capsys.readouterr().err


def test_a_document_that_does_not_fit_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    found = make_sbom.bom([("msgspec", "1", ["no hash"])], [])
    with pytest.raises(ValueError, match="does not fit the schema"):
        make_sbom.written(found)
