"""`run` lays its options over the configuration and hands over to the wiring."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

import edge.app
from edge.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.config.schema import Config


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Config]]:
    configs: list[Config] = []
    before = signal.getsignal(signal.SIGINT)

    def run_daemon(config: Config, *, config_path: Path | None, layered: Callable[..., Config]) -> int:
        assert config_path is not None
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL, "Ctrl-C ends it at once while it is loaded"
        configs.append(config)
        configs.append(layered({"rules": {"closure": {"microsleep_s": 1.2}}}))
        return 0

    monkeypatch.setattr(edge.app, "run_daemon", run_daemon)
    yield configs
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text("camera: {source: v4l2, device: 2, neutral_yaw_deg: 12}\n")
    return path


def test_without_options_the_configuration_stands(started: list[Config], config: Path) -> None:
    assert main(["run", "--config", str(config)]) == 0
    assert started[0].camera.source == "v4l2"
    assert started[0].camera.device == "2"


def test_an_input_takes_the_cameras_place_and_keeps_its_pose(started: list[Config], config: Path) -> None:
    assert main(["run", "--config", str(config), "--input", "drive.mp4", "--pace", "fast"]) == 0
    assert started[1].rules.closure.microsleep_s == 1.2
    camera = started[0].camera
    assert camera == started[1].camera, "options stand above settings from outside too"
    assert (camera.source, camera.path, camera.pace, camera.loop) == ("files", "drive.mp4", "fast", False)
    assert camera.neutral_yaw_deg == 12.0


def test_an_input_plays_in_real_time_unless_told_otherwise(started: list[Config], config: Path) -> None:
    assert main(["run", "--config", str(config), "--input", "drive.mp4"]) == 0
    assert started[0].camera.pace == "realtime"
