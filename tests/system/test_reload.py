"""The real daemon told to read its file again (SIGHUP): what changes, what waits, what is refused; it never stops."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.usefixtures("fetched_models")]


@pytest.fixture
def daemon(broker: Mosquitto, fleet: Fleet, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(
        tmp_path,
        broker.port,
        camera={"pace": "realtime"},
        recording={"stream_file": str(tmp_path / "stream.jsonl")},
        outbox={"health_s": 1},
    )
    made.start()
    yield made
    made.close()


def test_sighup_reads_the_file_again_and_keeps_the_old_one_on_any_mistake(daemon: Daemon, fleet: Fleet) -> None:
    def logged(text: str) -> bool:
        return wait_for(lambda: text in daemon.log.read_text(), 60.0)

    def faults() -> list[str]:
        messages = fleet.of("health")
        return list(json.loads(messages[-1]).get("faults", [])) if messages else []

    def write(text: str) -> None:
        daemon.config.write_text(text)
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)

    assert logged("watching")
    assert wait_for(lambda: fleet.of("info"))
    first_hash = json.loads(fleet.of("info")[-1])["config_hash"]
    good = yaml.safe_load(daemon.config.read_text())

    write(yaml.safe_dump(good) + "rules: {closure: {microsleep_s: .nan, sleeps: 2}}\n")
    assert logged("refused for 2 problems; the running one is kept")
    assert logged("rules.closure.microsleep_s: `.nan` is not a number")
    assert wait_for(lambda: "config_refused" in faults())

    write(yaml.safe_dump(good | {"rules": {"closure": {"microsleep_s": 1.2}}, "camera": good["camera"] | {"fps": 25}}))
    assert logged("in force now: rules.closure.microsleep_s; waiting for a restart: camera.fps")
    stream = daemon.folder / "stream.jsonl"
    assert wait_for(lambda: '"changes":{"rules.closure.microsleep_s":1.2}' in stream.read_text())
    assert wait_for(lambda: "config_restart_needed" in faults() and "config_refused" not in faults())
    assert wait_for(lambda: json.loads(fleet.of("info")[-1])["config_hash"] != first_hash)

    daemon.config.unlink()
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)
    assert logged("there is no such file")
    assert daemon.process.poll() is None
    assert daemon.end(signal.SIGTERM) == 0
