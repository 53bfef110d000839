from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import sign_command
import sign_models

from edge.config.load import load_text
from edge.inference.manifest import Manifest, ModelError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(checkout: Path, tmp_path: Path) -> Path:
    made = tmp_path / "my-models"
    made.mkdir()
    for name in ("manifest.json", "eye_state_int8.tflite"):
        shutil.copy(checkout / "models" / name, made)
    assert sign_command.main(["key", "depot-2026", "--folder", str(tmp_path)]) == 0
    return made


def test_a_fleet_signs_its_networks_and_its_vehicles_take_no_others(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ["--key", str(tmp_path / "depot-2026.key"), str(folder)]
    assert sign_models.main(["--check", *key]) == 1
    assert "it is not signed" in capsys.readouterr().err
    assert sign_models.main(key) == 0
    told = capsys.readouterr()
    assert "eye_state: " in told.err
    assert "named, not here (wheel)" in told.err
    assert sign_models.main(["--check", *key]) == 0
    inference = load_text(told.out, "printed").inference
    assert Manifest.load(inference.models_dir, inference.manifest_keys).path == folder / "manifest.json"
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"abstain_below"', '"abstain_below" '))
    with pytest.raises(ModelError, match="it was changed since"):
        Manifest.load(inference.models_dir, inference.manifest_keys)


def test_a_file_that_is_not_the_named_one_is_not_signed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "eye_state_int8.tflite").write_bytes(b"TFL3")
    assert sign_models.main(["--key", str(tmp_path / "depot-2026.key"), str(folder)]) == 1
    assert "has 4 bytes instead of" in capsys.readouterr().err
    assert not (folder / "manifest.json.sig").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"no key", "is no key that can be used"), (None, "is no key that can be used: [Errno 2]")],
)
def test_a_key_that_cannot_be_used_is_one_sentence(
    folder: Path, tmp_path: Path, content: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "other.key"
    if content is not None:
        key.write_bytes(content)
    capsys.readouterr()
    assert sign_models.main(["--key", str(key), str(folder)]) == 1
    assert told in capsys.readouterr().err
