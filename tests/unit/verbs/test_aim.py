"""What `edge-dms aim` refuses before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main
from edge.config.load import load_config
from edge.runtime.instance import SingleInstance
from edge.verbs import aim
from edge.verbs.outcome import NOT_DONE


def test_the_running_daemon_keeps_its_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text(f"service: {{state_dir: {tmp_path}}}\ncamera: {{source: v4l2, device: /dev/video99}}\n")
    with SingleInstance(tmp_path):
        assert main(["aim", "--config", str(path), "--bind", "127.0.0.1"]) == NOT_DONE
    assert "systemctl stop edge-dms" in capsys.readouterr().err


def test_without_a_choice_the_ways_to_reach_this_board_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = {"lo": "127.0.0.1", "wlan0": "192.168.43.7"}
    monkeypatch.setattr("edge.runtime.interfaces.addresses", lambda: known)
    assert main(["aim", "drive.mp4"]) == NOT_DONE
    assert "--interface wlan0 (192.168.43.7); or without a browser: --terminal" in capsys.readouterr().err


def test_the_report_stands_with_the_daemons_state_unless_it_is_a_trial(tmp_path: Path) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text(f"service: {{state_dir: {tmp_path}/state}}\n")
    config = load_config(path)
    assert aim._report_path(None, config, trial=False).parent == tmp_path / "state" / "aim"
    assert aim._report_path(None, config, trial=True).parent == Path()
    assert aim._report_path(tmp_path / "mine.yaml", config, trial=False) == tmp_path / "mine.yaml"
