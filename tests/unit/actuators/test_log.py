from __future__ import annotations

import logging

import pytest

from edge.actuators.base import Actuator
from edge.actuators.log import LogActuator


def test_each_warning_and_its_end_are_written_once(caplog: pytest.LogCaptureFixture) -> None:
    actuator = LogActuator()
    assert isinstance(actuator, Actuator)
    with caplog.at_level(logging.INFO):
        actuator.open()
        actuator.stop()
        actuator.start(2, "fatigue")
        actuator.start(4, "sleep")
        actuator.stop()
        actuator.stop()
        actuator.start(1, "health")
        actuator.close()
        actuator.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "cab warning: level 2, fatigue"),
        ("WARNING", "cab warning: level 4, sleep"),
        ("INFO", "cab warning: silent"),
        ("INFO", "cab warning: level 1, health"),
        ("INFO", "cab warning: silent"),
    ]
