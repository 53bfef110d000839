"""Fetching makes the twins from the float files: checked byte by byte, and nothing else takes their place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from edge.inference.conversion.make import make_twin
from edge.inference.conversion.quantized import int8_twin
from edge.inference.fetch import fetch
from edge.inference.manifest import Golden, Manifest, Model, ModelError
from tests.support.recipes import recipe_for
from tests.support.tiny_net import mesh_like

GOLDEN = Golden(seed=1, low=0.0, high=1.0, tolerance=0.1, outputs=())
FLOAT = mesh_like()


def entry(name: str, content: bytes, origin: str) -> Model:
    digest = hashlib.sha256(content).hexdigest()
    return Model(name, f"{name}.tflite", digest, len(content), origin, "Apache-2.0", (), (), GOLDEN)


@pytest.fixture(scope="module")
def recipe() -> bytes:
    made = recipe_for(FLOAT, ("points",), 12, {})
    return msgspec.json.encode(msgspec.structs.replace(made, source="floats"))


@pytest.fixture
def manifest(tmp_path: Path, recipe: bytes) -> Manifest:
    """A folder of models with a float network in the cache and the recipe of its twin."""
    models, cache = tmp_path / "models", tmp_path / "cache"
    models.mkdir()
    cache.mkdir()
    (cache / "floats.tflite").write_bytes(FLOAT)
    (models / "twin.recipe.json").write_bytes(recipe)
    twin = int8_twin(FLOAT, msgspec.json.decode(recipe, type=type(recipe_for(FLOAT, ("points",), 12, {}))))
    entries = (entry("floats", FLOAT, "wheel:mini==1:a"), entry("twin", twin, "made:floats:twin.recipe.json"))
    return Manifest(models / "manifest.json", entries, (), (models, cache))


def cache_of(manifest: Manifest) -> Path:
    return manifest.path.parent.parent / "cache"


def test_fetching_makes_the_twin_once(manifest: Manifest) -> None:
    said: list[str] = []
    fetch(said.append, manifest=manifest, target=cache_of(manifest))
    assert said == [f"made twin.tflite ({manifest['twin'].bytes:,} bytes, Apache-2.0)"]
    assert manifest.resolve("twin") == cache_of(manifest) / "twin.tflite"
    assert sorted(path.name for path in cache_of(manifest).iterdir()) == ["floats.tflite", "twin.tflite"]
    said.clear()
    fetch(said.append, manifest=manifest, target=cache_of(manifest))
    assert said == [f"all networks are in {cache_of(manifest)}"]


def test_a_damaged_twin_is_made_again(manifest: Manifest) -> None:
    fetch(lambda _: None, manifest=manifest, target=cache_of(manifest))
    path = cache_of(manifest) / "twin.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match=r"not the one that was measured .*; run `edge-dms models fetch`"):
        manifest.resolve("twin")
    fetch(lambda _: None, manifest=manifest, target=cache_of(manifest))
    assert manifest.resolve("twin") == path


def test_a_missing_twin_says_how_it_is_made(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match=r"twin.*is not installed; run `edge-dms models fetch`"):
        manifest.resolve("twin")


def test_a_damaged_float_file_makes_nothing(manifest: Manifest) -> None:
    (cache_of(manifest) / "floats.tflite").write_bytes(FLOAT[:-1] + b"?")
    with pytest.raises(ModelError, match=r"floats\.tflite is not the one that was measured"):
        make_twin(manifest, manifest["twin"])


def test_a_recipe_of_another_network_is_refused(manifest: Manifest, recipe: bytes) -> None:
    other = recipe.replace(manifest["floats"].sha256.encode(), b"0" * 64)
    assert other != recipe
    (manifest.path.parent / "twin.recipe.json").write_bytes(other)
    with pytest.raises(ModelError, match="was not calibrated on floats of the manifest"):
        make_twin(manifest, manifest["twin"])


def test_a_missing_recipe_is_said(manifest: Manifest) -> None:
    (manifest.path.parent / "twin.recipe.json").unlink()
    with pytest.raises(ModelError, match=r"recipe .*twin\.recipe\.json cannot be read"):
        make_twin(manifest, manifest["twin"])


def test_what_comes_out_otherwise_than_measured_never_takes_the_place(manifest: Manifest, recipe: bytes) -> None:
    changed = recipe.replace(b'"points":[', b'"points":[1')
    assert changed != recipe
    (manifest.path.parent / "twin.recipe.json").write_bytes(changed)
    with pytest.raises(ModelError, match="is not the file that was measured"):
        fetch(lambda _: None, manifest=manifest, target=cache_of(manifest))
    assert [path.name for path in cache_of(manifest).iterdir()] == ["floats.tflite"]


def test_a_recipe_that_does_not_fit_the_file_is_said(manifest: Manifest, recipe: bytes) -> None:
    (manifest.path.parent / "twin.recipe.json").write_bytes(recipe.replace(b'"points"', b'"pixels"'))
    with pytest.raises(ModelError, match=r"cannot be made from .*: 0 tensors are named 'pixels'"):
        make_twin(manifest, manifest["twin"])


def test_a_folder_that_cannot_be_written_is_said(manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    committed = entry("floats", FLOAT, "committed")
    ours = Manifest(manifest.path, (committed, manifest["twin"]), (), (cache_of(manifest),))
    with pytest.raises(ModelError, match=r"cannot be written: .*; free some space or set XDG_CACHE_HOME"):
        fetch(lambda _: None, manifest=ours, target=tmp_path / "file" / "cache")
