"""The verb `models` tells what is there and what is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edge.cli import main
from edge.inference.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_list_names_every_network_of_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in document["models"]] == list(Manifest.load().models)
    assert all(len(model["sha256"]) == 64 for model in document["models"])
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(Manifest.load().models)


def test_a_missing_network_fails_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "manifest.json").write_bytes(Manifest.load().path.read_bytes())
    config = tmp_path / "c.yaml"
    config.write_text(f"inference: {{models_dir: {folder}}}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["models", "verify", "--json", "--config", str(config)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    missing = {model["name"] for model in document["models"] if "not installed" in model["detail"]}
    assert "face_mesh" in missing


def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text("{")
    config = tmp_path / "c.yaml"
    config.write_text(f"inference: {{models_dir: {tmp_path}}}")
    assert main(["models", "list", "--config", str(config)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("edge-dms models: ")
    assert error.count("\n") == 1
