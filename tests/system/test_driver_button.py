"""The driver presses "wrong" while an alert sounds, the subscriber reads `contested`. Only the pin is simulated."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.broker, pytest.mark.models]

PRESSED = """
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
sys.exit(main())
"""


@pytest.fixture
def daemon(broker: Mosquitto, tmp_path: Path) -> Iterator[Daemon]:
    """The daemon with a button that is pressed ten times a second."""
    stream = {"stream_file": str(tmp_path / "stream.jsonl")}
    made = Daemon(tmp_path, broker.port, cab={"buttons": {"wrong_pin": 5}}, recording=stream)
    made.command = [sys.executable, "-c", PRESSED]
    yield made
    made.close()


def test_wrong_and_beyond_the_budget_reach_the_fleet(fleet: Fleet, daemon: Daemon, fetched_models: None) -> None:
    def marked(flag: str) -> list[dict[str, object]]:
        return [data for data in (json.loads(payload)["data"] for payload in fleet.of("alert")) if data.get(flag)]

    daemon.start()
    assert wait_for(lambda: marked("contested"), 60), daemon.said()
    # The drive has more audible alerts than one an hour.
    assert wait_for(lambda: marked("nuisance_suspect"), 60)
    assert daemon.end(signal.SIGTERM) == 0
    assert marked("contested")[0]["phase"] in {"updated", "closed"}
    stream = (daemon.folder / "stream.jsonl").read_bytes()
    assert b'{"type":"button","t_ns":' in stream, "a recording holds what the driver pressed"
    assert "the driver pressed wrong" in daemon.said()
