"""The real daemon after the ignition: watches through the grace, ends in good order, asks for the end of the board."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from edge.power import FILE_NAME
from tests.support.brokers import Mosquitto, wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.usefixtures("fetched_models"), pytest.mark.full]

IGNITION_OFF = """\
import edge.vehicle.gpio as gpio
from edge.vehicle.live import Reading

class Feed:
    name = "gpio"
    def __init__(self, settings): pass
    def open(self): pass
    def read(self, timeout_s):
        import time
        time.sleep(timeout_s)
        return Reading(ignition=False)
    def silence(self): return "silent"
    def close(self): pass

gpio.GpioFeed = Feed
"""
"""Pins are truly absent here; everything behind them is real."""


def test_the_board_goes_off_after_the_ignition(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "sitecustomize.py").write_text(IGNITION_OFF)
    daemon = Daemon(
        tmp_path,
        broker.port,
        camera={"pace": "realtime"},
        vehicle={"source": "gpio", "gpio": {"ignition_pin": 5}},
        power={"off_with_ignition": True, "grace_s": 10},
    )
    wish = tmp_path / "state" / FILE_NAME
    wish.parent.mkdir()
    wish.write_text("of an earlier drive")
    begun = time.monotonic()
    daemon.start(PYTHONPATH=str(tmp_path / "pins"))
    try:
        assert daemon.process is not None
        assert wait_for(lambda: "watching" in daemon.log.read_text(), 60.0)
        assert not wish.exists()
        assert daemon.process.wait(60.0) == 0
        assert time.monotonic() - begun >= 10.0
    finally:
        daemon.close()
    assert wish.exists()
    assert "the ignition is off for 10 s" in daemon.log.read_text()
