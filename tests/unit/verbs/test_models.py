"""The verb `models` tells what is there, what is wrong with it and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.inference.manifest import Manifest

OURS = "expression"


@pytest.fixture
def models(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed networks, looked in first; no fetched ones anywhere."""
    folder = tmp_path / "models"
    folder.mkdir()
    for file in (checkout / "models").iterdir():
        if file.suffix in {".tflite", ".json"}:
            shutil.copy(file, folder)
    monkeypatch.setenv("EDGE_DMS_MODELS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def listed(capsys: pytest.CaptureFixture[str], *only: str) -> dict[str, Any]:
    assert main(["models", "list", "--json", *(["--only", *only] if only else [])]) == 0
    return {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}


def verified(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    code = main(["models", "verify", "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def test_list_says_of_every_network_what_it_is_and_where(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys)
    assert list(found) == list(Manifest.load().models)
    ours = found[OURS]
    assert ours["state"] == "present"
    assert ours["file"] == str(models / Manifest.load()[OURS].file)
    assert ours["delegates"] == ["xnnpack", "cpu"]
    assert ours["problem"] is None
    assert found["iris"]["state"] == "missing"
    assert found["iris"]["file"] is None
    assert found["iris"]["problem"].endswith("run `edge-dms models fetch`")
    assert all(model["purpose"] and model["licence"] and model["card"] for model in found.values())
    assert all(len(model["sha256"]) == 64 for model in found.values())


def test_list_for_people_says_the_same(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / Manifest.load()[OURS].file).write_bytes(b"TFL3")
    assert main(["models", "list", "--only", OURS, "iris"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    heads = [line.split() for line in lines if not line.startswith(" ")]
    assert [(head[0], head[1]) for head in heads] == [(OURS, "damaged"), ("iris", "missing")]
    assert "has 4 bytes instead of" in lines[1]
    assert lines[2].startswith("    our own, Apache-2.0")
    assert "from mediapipe==0.10.14, Apache-2.0; card iris_landmark.card.md" in shown.out
    assert shown.err == "2 networks are missing or damaged\n"


def test_a_compiled_twin_is_listed(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = models / Manifest.load()[OURS].file
    shutil.copy(file, file.with_name(f"{file.stem}_edgetpu.tflite"))
    assert listed(capsys, OURS)[OURS]["delegates"] == ["edgetpu", "xnnpack", "cpu"]


def test_verify_gives_numbers_and_one_sentence_a_network(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = verified(capsys, "--only", OURS, "--delegate", "cpu")
    assert code == 0
    assert (document["ok"], document["delegate"]) == (True, "cpu")
    (ours,) = document["models"]
    assert (ours["ok"], ours["delegate"], ours["fault"], ours["differing_decisions"]) == (True, "cpu", None, [])
    assert 0.0 <= ours["difference_over_tolerance"] < 0.1
    assert ours["time_over_builtin"] is None
    assert main(["models", "verify", "--only", OURS, "--delegate", "cpu"]) == 0
    assert capsys.readouterr().out.startswith(f"ok   {OURS}: {models}")


def test_a_missing_network_fails_verify(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = verified(capsys)
    assert code == 1
    assert document["ok"] is False
    missing = {model["name"] for model in document["models"] if "not installed" in model["detail"]}
    assert {"face_mesh", "iris"} <= missing
    assert OURS not in missing


def test_a_damaged_network_fails_verify_with_the_remedy(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / Manifest.load()[OURS].file).write_bytes(b"TFL3")
    assert main(["models", "verify", "--only", OURS]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"FAIL {OURS}: network ")
    assert said.endswith("restore it from the repository or reinstall edge-dms\n")


def test_a_back_end_that_was_named_must_be_the_one(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = verified(capsys, "--only", OURS, "--delegate", "edgetpu")
    assert code == 1
    assert "not on what was asked for (edgetpu: no " in document["models"][0]["detail"]


def test_the_configured_back_end_is_the_one_that_is_verified(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("inference: {delegate: cpu}")
    code, document = verified(capsys, "--only", OURS, "--config", str(config))
    assert (code, document["models"][0]["delegate"]) == (0, "cpu")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--only", "gaze"], "no network named 'gaze'"),
        (["list", "--delegate", "cpu"], "--delegate belongs to verify"),
        (["fetch", "--untimed"], "--untimed belongs to verify"),
        (["fetch", "--only", OURS], "leave --only out"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    models: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["models", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("edge-dms models: ")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("what", ["list", "verify", "fetch"])
def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    (tmp_path / "manifest.json").write_text("{")
    config = tmp_path / "c.yaml"
    config.write_text(f"inference: {{models_dir: {tmp_path}}}")
    assert main(["models", what, "--config", str(config)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("edge-dms models: ")
    assert error.endswith("restore the file that came with edge-dms\n")
    assert error.count("\n") == 1


def test_verify_can_leave_the_speed_out(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = verified(capsys, "--only", OURS, "--delegate", "xnnpack", "--untimed")
    assert code == 0
    (ours,) = document["models"]
    assert (ours["delegate"], ours["time_over_builtin"]) == ("xnnpack", None)
