"""The place is told only when the owner wants it, and only when it is one."""

from __future__ import annotations

from typing import Any

import pytest

from edge.config.schema import GpsdVehicle
from edge.vehicle.gpsd import GpsdFeed

REPORT = {"class": "TPV", "mode": 3, "speed": 10.0, "lat": 52.5, "lon": 13.25}


def place(report: dict[str, Any], *, wanted: bool = True) -> tuple[float, float] | None:
    import json

    reading = GpsdFeed(GpsdVehicle(location=wanted))._report(json.dumps(report).encode())
    assert reading is not None
    assert reading.speed_kmh == pytest.approx(36.0)
    return reading.location


def test_the_place_is_opt_in() -> None:
    assert GpsdVehicle().location is False
    assert place(REPORT, wanted=False) is None
    assert place(REPORT) == (52.5, 13.25)


@pytest.mark.parametrize("odd", [{"lat": 91}, {"lon": -181}, {"lat": None}, {"lon": "13"}, {"lat": True}])
def test_what_is_no_place_is_left_out(odd: dict[str, Any]) -> None:
    assert place(REPORT | odd) is None
