"""The measurement of latency runs the daemon's own objects; no figure is judged here."""

from __future__ import annotations

import measure_latency
import pytest

from edge.actuators.base import Actuator
from edge.config.schema import Cab, Config


def test_its_outputs_keep_the_protocol() -> None:
    assert isinstance(measure_latency.Probe(), Actuator)
    assert isinstance(measure_latency.StuckOutput(), Actuator)


@pytest.mark.full
@pytest.mark.models
def test_warnings_pass_a_slow_disk_a_missing_broker_and_a_hung_output() -> None:
    figures = measure_latency.measure(Config(cab=Cab(log=False)), measure_latency.SAMPLE, 8.0)
    assert figures["warning_ms"]["n"] > 5
    assert figures["warning_ms"]["p50"] > 0.0
    assert figures["outputs"]["probe"] == "ok"
    assert "does not return" in figures["outputs"]["stuck"]
