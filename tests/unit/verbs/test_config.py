"""`edge-dms config`: what is in force and why, what differs, and files of earlier versions rewritten safely."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from edge.cli import main
from edge.config.load import load_config, load_text
from edge.uplink.remote.store import Accepted, SettingsStore

OLD_FILE = Path(__file__).parents[1] / "config" / "version_1.yaml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dms.yaml"
    path.write_text("version: 2\ncamera:\n  fps: 25\nmqtt: {username: canary}\n")
    return path


def test_show_tells_what_the_file_sets_and_effective_tells_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(file)]) == 0
    short = capsys.readouterr().out
    assert [line.split(":")[0].strip() for line in short.splitlines()] == [
        "version",
        "camera",
        "fps",
        "mqtt",
        "username",
    ]
    assert f"# {file}:3, restart" in short
    assert main(["config", "show", "--effective", "--config", str(file)]) == 0
    full = capsys.readouterr().out
    assert "  width: 640" in full
    assert load_text(full).camera.fps == 25.0
    assert "canary" not in short + full


def test_show_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--json", str(file)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] == "euro-ncap-2026"
    assert {
        "key": "camera.fps",
        "value": 25.0,
        "origin": "file",
        "file": str(file),
        "line": 3,
        "takes_effect": "restart",
    } in document["settings"]


def test_show_without_a_file_shows_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show"]) == 0
    assert "sets nothing" in capsys.readouterr().out
    assert main(["config", "show", "--effective"]) == 0
    assert load_text(capsys.readouterr().out) == load_text("")


def test_what_the_fleet_sent_lies_above_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dms.yaml"
    sections = ["remote: {configuration: true}", f"service: {{state_dir: {tmp_path}}}"]
    file.write_text("\n".join([*sections, "rules: {closure: {microsleep_s: 1.8}}"]))
    store = SettingsStore(tmp_path)
    store.prove(Accepted(version=7, settings={"rules": {"closure": {"microsleep_s": 1.2}}}))
    assert main(["config", "show", "--effective", str(file)]) == 0
    assert "    microsleep_s: 1.2                         # fleet version 7, live" in capsys.readouterr().out
    assert main(["config", "show", str(file)]) == 0
    assert "microsleep_s: 1.8" in capsys.readouterr().out
    store.prove(Accepted(version=8, settings={"rules": {"closure": {"microsleep_s": 9}}}))
    assert main(["config", "show", "--effective", str(file)]) == 0
    assert "version 8, do not go with this file" in capsys.readouterr().err


def test_show_refuses_two_files_and_a_bad_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(file), "--config", str(file)]) == 1
    file.write_text("camera: {fps: .nan, widht: 3}\n")
    assert main(["config", "show", str(file)]) == 1
    assert "2 problems in the configuration" in capsys.readouterr().err


def test_diff_tells_what_needs_a_restart(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "new.yaml"
    other.write_text("camera: {fps: 30}\nmqtt: {username: other}\nrules: {closure: {microsleep_s: 1.2}}\n")
    assert main(["config", "diff", str(file), str(other)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "camera.fps: 25 -> 30  (restart)",
        "rules.closure.microsleep_s: 1.5 -> 1.2  (live)",
        'mqtt.username: "(not shown)" -> "(not shown)"  (restart)',
    ]
    assert "need a restart" in captured.err
    assert main(["config", "diff", "--json", str(file), str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_migrate_prints_and_with_write_replaces_keeping_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dms.yaml"
    file.write_text(OLD_FILE.read_text())
    file.chmod(0o640)
    before = load_config(file)
    assert main(["config", "migrate", str(file)]) == 0
    printed = capsys.readouterr()
    assert "camera.driver_side is `wheel_side` now" in printed.err
    assert file.read_text() == OLD_FILE.read_text()
    assert main(["config", "migrate", str(file), "--write"]) == 0
    assert file.read_text() == printed.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert (tmp_path / "dms.yaml.v1").read_text() == OLD_FILE.read_text()
    assert load_config(file) == before
    assert main(["config", "migrate", str(file), "--write"]) == 0
    assert "version 2 already" in capsys.readouterr().err


def test_migrate_overwrites_no_earlier_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dms.yaml"
    file.write_text(OLD_FILE.read_text())
    (tmp_path / "dms.yaml.v1").write_text("mine")
    assert main(["config", "migrate", str(file), "--write"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == OLD_FILE.read_text()


def test_check_points_to_migrate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(OLD_FILE)]) == 0
    assert f"edge-dms config migrate {OLD_FILE}" in capsys.readouterr().err
