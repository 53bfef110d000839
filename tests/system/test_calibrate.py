"""`edge-dms calibrate` beside the real daemon, and on real films."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from edge.drivers.file import FILE
from tests.support.brokers import wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    vehicle = {"driver_token": "anna-17", "source": None, "speed_kmh": None}
    made = Daemon(tmp_path, None, vehicle=vehicle, rules={"baseline": {"learn_s": 15}})
    yield made
    made.close()


def calibrate(daemon: Daemon, *arguments: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "calibrate", "--config", str(daemon.config), "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_the_daemon_is_watched_until_all_is_learnt_and_takes_a_step_back(daemon: Daemon) -> None:
    daemon.start()
    assert wait_for(lambda: "watching" in daemon.log.read_text(), 60.0), daemon.log.read_text()
    code, document, err = calibrate(daemon)
    assert code == 0, err
    assert document["complete"]
    assert [part["progress_percent"] for part in document["learning"]] == [100] * 4
    known = {part["part"].partition("/")[0]: part for part in document["known"]}
    assert {"eyes", "mouth", "pose", "neutral_expression"} <= set(known)
    assert known["eyes"]["camera"] == "drive.mp4"
    assert "open eyes" in err, "progress is told while it is watched"

    code, _, err = calibrate(daemon, str(daemon.folder / "another.mp4"), "--driver", "anna-17")
    assert code == 1
    assert "a daemon works in" in err

    code, shown, _ = calibrate(daemon, "--show")
    steps_back = shown["drivers"][0]["steps_back"]
    assert steps_back >= 2
    code, answer, _ = calibrate(daemon, "--relearn")
    assert code == 0
    assert answer["done"]
    code, shown, _ = calibrate(daemon, "--undo")
    assert shown["done"]
    assert {part.partition("/")[0] for part in shown["parts"]} >= {"eyes", "mouth", "pose"}
    assert daemon.end(signal.SIGTERM) == 0
    assert "anna-17" not in daemon.log.read_text() + (daemon.folder / "state" / FILE).read_text()

    code, shown, _ = calibrate(daemon, "--show")
    assert code == 0
    assert {part["part"].partition("/")[0] for part in shown["drivers"][0]["known"]} >= {"eyes", "mouth", "pose"}


@pytest.mark.parametrize(
    ("clip", "waiting", "at_least_s"),
    [
        ("blinks_then_long_closure_A", ("eyes", "eyes_closed"), 4.0),
        pytest.param("look_aside_A", ("eyes", "head_turn"), 2.0, marks=pytest.mark.full),
        pytest.param("face_then_no_face_I", ("pose", "no_face"), 1.0, marks=pytest.mark.full),
        pytest.param("incar_talking_C", ("neutral_expression", "speech"), 5.0, marks=pytest.mark.full),
    ],
)
def test_real_films_say_what_was_waited_for(
    data_dir: Path, clip: str, waiting: tuple[str, str], at_least_s: float
) -> None:
    film = data_dir / "clips" / f"{clip}.mp4"
    done = subprocess.run(
        [sys.executable, "-m", "edge", "calibrate", str(film), "--dry-run", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    parts = {one["part"]: one for one in json.loads(done.stdout)["learning"]}
    part, wait = waiting
    assert parts[part]["waited_s"][wait] >= at_least_s
    assert parts[part]["progress_percent"] < 50
