"""`edge-dms doctor`: one line a part, exit codes by the worst, and a bundle without secrets or pictures."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from edge.cli import main
from edge.doctor import camera
from edge.doctor.finding import fail
from edge.verbs import doctor
from edge.verbs.doctor import finding_lines

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "c4n4ry-S3cr3t"
NAMES = {
    "configuration", "board", "os", "python", "service", "last_start", "camera", "frames", "exposure", "infrared_lamp",
    "runtime", "models", "accelerator", "disk", "storage_health", "temperature", "throttling", "clock", "rtc", "broker",
    "tls", "commands", "signed_models", "kept_files", "watched", "vehicle_bus", "audio", "gpio",
}  # fmt: skip


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(camera, "WATCH_S", 0.2)
    monkeypatch.setattr(doctor, "DEFAULT_FILE", tmp_path / "none.yaml")


def test_json_is_the_promised_document_and_every_fault_has_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dms.yaml"
    file.write_text(f"camera: {{source: synthetic}}\nmqtt: {{enabled: false}}\nservice: {{state_dir: {tmp_path}}}\n")
    code = main(["doctor", "--json", "--config", str(file)])
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["checks"]
    checks = document["checks"]
    assert {check["name"] for check in checks} == NAMES
    assert len(checks) == len(NAMES)
    for check in checks:
        assert list(check) == ["name", "status", "detail", "remedy"]
        assert (check["remedy"] is None) == (check["status"] == "ok")
    statuses = {check["status"] for check in checks}
    assert code == (2 if "fail" in statuses else 1 if "warn" in statuses else 0)


def test_text_with_everything_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "FAIL  camera" in out
    assert "-> sudo apt install python3-picamera2" in out
    assert out.rstrip().endswith("failures")


def test_a_narrow_terminal_gets_what_was_found_below_its_name() -> None:
    finding = fail(
        "camera", "picamera 0: picamera2 cannot be loaded (No module named 'picamera2')", "sudo apt install x"
    )
    assert finding_lines(finding, None) == [
        f"FAIL  camera          {finding.detail}",
        "                      -> sudo apt install x",
    ]
    assert finding_lines(finding, 40) == [
        "FAIL  camera",
        "      picamera 0: picamera2 cannot be",
        "      loaded (No module named",
        "      'picamera2')",
        "      -> sudo apt install x",
    ]
    wide = finding_lines(finding, 80)
    assert wide[0].startswith("FAIL  camera          picamera 0")
    assert max(len(line) for line in wide) <= 80


def test_a_refused_configuration_is_the_first_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dms.yaml"
    file.write_text("camera: {fps: .nan}\nmqtt: {enabled: false}\n")
    assert main(["doctor", "--config", str(file)]) == 2
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"FAIL  configuration   1 problem, the first: {file}:1:15: camera.fps")
    assert f"edge-dms check {file}" in second


def test_the_bundle_holds_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "commands"
    folder.mkdir()
    log = f"mqtt://u:{CANARY}@host password={CANARY} said {CANARY} -----BEGIN PRIVATE KEY----- {CANARY}-key"
    (folder / "journalctl").write_text(f"#!/bin/sh\necho '{log}'\n")
    (folder / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    (tmp_path / "password").write_text(f"{CANARY}\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "outbox.db").write_text("an alert")
    file = tmp_path / "dms.yaml"
    file.write_text(
        f"camera: {{source: synthetic}}\nservice: {{state_dir: {tmp_path}}}\n"
        f"mqtt: {{username: {CANARY}-user, password_file: {tmp_path}/password, host: 127.0.0.1, port: 1}}\n"
    )
    bundle = tmp_path / "support.zip"
    main(["doctor", "--config", str(file), "--bundle", str(bundle), "--json"])
    assert CANARY not in "".join(capsys.readouterr())
    with zipfile.ZipFile(bundle) as archive:
        parts: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    assert "(redacted)" in parts["daemon.log"].decode()
    assert "password_file" in parts["configuration.yaml"].decode()
    assert "outbox.db" in parts["state.txt"].decode()
    for name, content in parts.items():
        assert CANARY.encode() not in content, name
        assert b"an alert" not in content, name
        content.decode()
        assert not content.startswith((b"\xff\xd8", b"\x89PNG"))


def test_a_bundle_that_cannot_be_written_is_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--bundle", "/nonexistent/out.zip"]) == 1
    assert "cannot be written" in capsys.readouterr().err
