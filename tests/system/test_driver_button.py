"""The driver presses "wrong" while an alert sounds, the subscriber reads `contested`. Only the pin is simulated."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.brokers import Fleet, Mosquitto, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.broker, pytest.mark.models]

DRIVE = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.mp4"
DAEMON = """
import sys, threading, time
import gpiozero
from gpiozero.pins.mock import MockFactory
from edge.cli import main

pins = gpiozero.Device.pin_factory = MockFactory()

def press_again_and_again():
    while True:
        time.sleep(0.1)
        pins.pin(5).drive_low()
        pins.pin(5).drive_high()

threading.Thread(target=press_again_and_again, daemon=True).start()
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(mosquitto, tmp_path / "broker")
    made.start()
    yield made
    made.close()


def test_wrong_and_beyond_the_budget_reach_the_fleet(broker: Mosquitto, tmp_path: Path, fetched_models: None) -> None:
    config = tmp_path / "config.yaml"
    stream = tmp_path / "stream.jsonl"
    config.write_text(
        yaml.safe_dump(
            {
                "camera": {"source": "files", "path": str(DRIVE), "pace": "fast", "loop": True},
                "vehicle": {"source": "fixed", "speed_kmh": 80},
                "mqtt": {"host": "127.0.0.1", "port": broker.port, "fleet": "test", "vehicle": "van-1"},
                "cab": {"buttons": {"wrong_pin": 5}},
                "recording": {"stream_file": str(stream)},
                "service": {"state_dir": str(tmp_path / "state")},
            }
        )
    )
    fleet = Fleet(broker.port).ready()
    log = (tmp_path / "daemon.log").open("wb")
    process = subprocess.Popen([sys.executable, "-c", DAEMON, str(config)], stdout=log, stderr=log)
    try:

        def marked(flag: str) -> list[dict[str, object]]:
            told = [json.loads(payload)["data"] for payload in fleet.of("alert")]
            return [data for data in told if data.get(flag)]

        assert wait_for(lambda: marked("contested"), 60), (tmp_path / "daemon.log").read_text()
        # The drive has more audible alerts than one an hour.
        assert wait_for(lambda: marked("nuisance_suspect"), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()
        fleet.close()
    assert marked("contested")[0]["phase"] in {"updated", "closed"}
    assert b'{"type":"button","t_ns":' in stream.read_bytes(), "a recording holds what the driver pressed"
    assert b"the driver pressed wrong" in (tmp_path / "daemon.log").read_bytes()
