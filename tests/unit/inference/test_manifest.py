"""A network's file is opened only when it is the one that was measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

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
