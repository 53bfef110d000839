"""A network's file is opened only when it is the one that was measured."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.inference.manifest import Manifest, ModelError, cache_dir, search_dirs

OURS = "expression"


@pytest.fixture
def folder(tmp_path: Path, checkout: Path) -> Path:
    """A folder with the manifest and our own network."""
    manifest = json.loads((checkout / "models" / "manifest.json").read_text(encoding="utf-8"))
    file = next(model["file"] for model in manifest["models"] if model["name"] == OURS)
    shutil.copy(checkout / "models" / "manifest.json", tmp_path)
    shutil.copy(checkout / "models" / file, tmp_path / file)
    return tmp_path


def file_of(manifest: Manifest, folder: Path) -> Path:
    return folder / manifest[OURS].file


def test_the_committed_manifest_names_every_network_with_its_labels() -> None:
    manifest = Manifest.load()
    assert {"face_short_range", "face_full_range", "face_mesh", "iris", OURS} <= set(manifest.models)
    assert manifest[OURS].labels[:2] == ("neutral", "happiness")
    assert all(model.golden.outputs for model in manifest.models.values())


def test_a_right_file_is_resolved_in_the_configured_folder_first(folder: Path) -> None:
    manifest = Manifest.load(str(folder))
    assert manifest.path == folder / "manifest.json"
    assert manifest.resolve(OURS) == file_of(manifest, folder)


def test_the_environment_names_a_folder_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_DMS_MODELS", str(folder))
    assert Manifest.load().resolve(OURS).parent == folder


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_one_flipped_bit_is_refused(folder: Path, place: int) -> None:
    manifest = Manifest.load(str(folder))
    content = bytearray(file_of(manifest, folder).read_bytes())
    content[place] ^= 1
    file_of(manifest, folder).write_bytes(content)
    with pytest.raises(ModelError, match="not the one that was measured"):
        manifest.resolve(OURS)


def test_a_cut_file_is_refused_with_both_sizes(folder: Path) -> None:
    manifest = Manifest.load(str(folder))
    file_of(manifest, folder).write_bytes(b"TFL3")
    with pytest.raises(ModelError, match=f"has 4 bytes instead of {manifest[OURS].bytes}"):
        manifest.resolve(OURS)


def test_a_missing_third_party_network_says_how_to_get_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    manifest = Manifest.load(str(folder))
    with pytest.raises(ModelError, match="edge-dms models fetch"):
        manifest.resolve("iris")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"known are .*face_mesh"):
        Manifest.load()["gaze"]


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"version": 1, "wheels": [], "models": [{"name": "x"}]}')
    with pytest.raises(ModelError, match=r"manifest\.json cannot be read.*models\[0\]"):
        Manifest.load(str(tmp_path))


def test_a_relative_cache_home_is_ignored_as_its_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_dir() == Path.home() / ".cache" / "edge-dms" / "models"
    assert search_dirs()[-1] == cache_dir()


def test_origin_splits_into_requirement_and_path() -> None:
    manifest = Manifest.load()
    assert manifest[OURS].wheel_path is None
    found = manifest["iris"].wheel_path
    assert found is not None
    requirement, path = found
    assert requirement in manifest.wheels
    assert path.endswith(manifest["iris"].file)


def rewritten(folder: Path, **fields: Any) -> None:
    """Change fields of our network's entry."""
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    (entry,) = [model for model in document["models"] if model["name"] == OURS]
    entry |= fields
    path.write_text(json.dumps(document), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        Manifest.load(str(folder))
    said = str(refused.value)
    assert "\n" not in said
    assert str(folder / "manifest.json") in said
    return said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read: Input data was truncated; restore"),
        (b"{", "cannot be read: Input data was truncated; restore"),
        (b"\x00" * 4096, "cannot be read: JSON is malformed"),
        (b"<html>Sign in</html>", "cannot be read: JSON is malformed"),
        (b'{"version": "\xff\xfe"}', "cannot be read: "),
        (b"[" * 100_000, "cannot be read: "),
        (b"[]", "cannot be read: Expected `object`, got `array`"),
        (b"{}", "missing required field `version`"),
        (b'{"version": 1, "wheels": [], "models": []} x', "cannot be read: JSON is malformed"),
        (b'{"version": 1, "wheels": [], "models": [], "more": 1}', "unknown field `more`"),
        (b'{"version": 2, "networks": {}}', "has format 2, this edge-dms reads 1; update edge-dms or restore"),
        (b" " * (1 << 20) + b"{}", "is larger than 1048576 bytes"),
    ],
)
def test_a_manifest_that_is_none_of_ours_is_one_sentence(folder: Path, content: bytes, said: str) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert said in refusal(folder)


def test_a_manifest_that_is_a_folder_or_a_pipe_is_not_passed_over(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    assert "is no regular file; restore" in refusal(folder)
    (folder / "manifest.json").rmdir()
    os.mkfifo(folder / "manifest.json")
    assert "is no regular file; restore" in refusal(folder)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"colour": "red"}, "unknown field `colour`"),
        ({"sha256": "F" * 64}, r"matching regex '^[0-9a-f]{64}$'"),
        ({"file": "../../etc/passwd"}, "matching regex"),
        ({"file": "/etc/passwd"}, "matching regex"),
        ({"bytes": "many"}, "Expected `int`, got `str`"),
        ({"outputs": []}, f"network {OURS} has golden numbers for other outputs than its own"),
        ({"origin": "wheel:nets==1:a.tflite"}, f"network {OURS} comes from the unknown wheel nets==1"),
        ({"reference_ratio": {"x86_64": 0.0}}, "has a reference ratio that is not above zero"),
    ],
)
def test_an_entry_that_cannot_be_is_named(folder: Path, fields: dict[str, Any], said: str) -> None:
    rewritten(folder, **fields)
    assert said in refusal(folder)


@pytest.mark.parametrize(
    "decision",
    [
        {"output": "gaze", "rule": "top", "expected": 0},
        {"output": "logits", "rule": "top", "expected": 8},
        {"output": "logits", "rule": "top", "expected": 7, "among": 7},
        {"output": "logits", "rule": "top", "expected": 0, "among": 1},
        {"output": "logits", "rule": "top", "expected": 0, "among": 9},
        {"output": "logits", "rule": "above", "expected": True, "at": 8},
        {"output": "logits", "rule": "above", "expected": True, "at": 0, "minus": -1},
    ],
)
def test_a_golden_decision_must_fit_the_network(folder: Path, decision: dict[str, Any]) -> None:
    manifest = Manifest.load(str(folder))
    assert manifest[OURS].outputs[0].name == "logits"
    golden = msgspec.to_builtins(manifest[OURS].golden)
    rewritten(folder, golden=golden | {"decisions": [{"frame": "face", **decision}]})
    assert "has a golden decision that does not fit its outputs" in refusal(folder)


def test_a_golden_decision_on_an_unknown_frame_is_refused(folder: Path) -> None:
    golden = msgspec.to_builtins(Manifest.load(str(folder))[OURS].golden)
    decision = {"frame": "sunset", "output": "logits", "rule": "top", "expected": 0}
    rewritten(folder, golden=golden | {"decisions": [decision]})
    assert "sunset" in refusal(folder)


def test_a_network_named_twice_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["models"].append(document["models"][0])
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "names a network twice" in refusal(folder)


def test_an_entry_of_the_first_days_still_loads(folder: Path) -> None:
    """Everything that came later has a default."""
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for model in document["models"]:
        for later in ("purpose", "card", "reference_ratio"):
            model.pop(later, None)
        model["golden"].pop("decisions", None)
        for output in model["golden"]["outputs"]:
            output.pop("tolerance", None)
    path.write_text(json.dumps(document), encoding="utf-8")
    model = Manifest.load(str(folder))[OURS]
    assert (model.purpose, model.card, model.reference_ratio, model.golden.decisions) == ("", "", {}, ())
    assert model.golden.tolerance_of("logits") == model.golden.tolerance


def test_every_committed_network_says_what_it_does_and_has_its_card(checkout: Path) -> None:
    for model in Manifest.load().models.values():
        assert model.purpose, model.name
        assert (checkout / "models" / model.card).is_file(), model.name
