"""How `edge-dms aim` writes a configuration: whole, with the old one kept, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config.load import load_config
from edge.verbs.aim_result import write_settings

SETTINGS: dict[str, Any] = {
    "camera.neutral_yaw_deg": 12.5,
    "rules.zones": [
        {"name": "cluster", "yaw_deg": 0.0, "pitch_deg": -18.0, "half_width_deg": 8.0, "half_height_deg": 8.0}
    ],
}


def test_the_settings_are_written_and_the_file_is_kept_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text("# mine\ncamera: {fps: 25}   # slow\n")
    path.chmod(0o640)
    assert write_settings(path, SETTINGS) is None
    assert load_config(path).camera.neutral_yaw_deg == 12.5
    assert "# slow" in path.read_text()
    kept = tmp_path / "dms.yaml.before-aim"
    assert kept.read_text() == "# mine\ncamera: {fps: 25}   # slow\n"
    assert {file.stat().st_mode & 0o777 for file in (path, kept)} == {0o640}


def test_what_is_written_already_keeps_the_kept_one(tmp_path: Path) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text("camera: {fps: 25}\n")
    for _ in range(2):
        assert write_settings(path, SETTINGS) is None
    assert "fps: 25}" in (tmp_path / "dms.yaml.before-aim").read_text()
    assert "neutral" not in (tmp_path / "dms.yaml.before-aim").read_text()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "dms.yaml", tmp_path / "link.yaml"
    path.write_text("camera: {fps: 25}\n")
    link.symlink_to(path)
    assert write_settings(link, SETTINGS) is None
    assert link.is_symlink()
    assert load_config(path).camera.neutral_yaw_deg == 12.5


@pytest.mark.parametrize(
    ("settings", "said"), [({"camera.neutral_yaw_deg": 99.0}, "neutral_yaw_deg"), ({"camera.nothing": 1}, "nothing")]
)
def test_a_file_is_left_alone_when_the_result_would_be_refused(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text("camera: {fps: 25}\n")
    assert said in (write_settings(path, settings) or "")
    assert [file.name for file in tmp_path.iterdir()] == ["dms.yaml"]
    assert path.read_text() == "camera: {fps: 25}\n"


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.runtime import safe_file

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "dms.yaml"
    path.write_text("camera: {fps: 25}\n")
    monkeypatch.setattr(safe_file.os, "fsync", full)
    assert "No space left" in (write_settings(path, SETTINGS) or "")
    assert path.read_text() == "camera: {fps: 25}\n"
