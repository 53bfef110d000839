from __future__ import annotations

import pytest

from edge.config.schema import CanSignal, CanVehicle, Vehicle
from edge.types import VehicleSample
from edge.vehicle.absent import AbsentVehicle
from edge.vehicle.base import VehicleSource
from edge.vehicle.fixed import FixedVehicle
from edge.vehicle.live import LiveVehicle
from edge.vehicle.open import vehicle_for

S = 1_000_000_000


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        (Vehicle(), AbsentVehicle),
        (Vehicle(source="fixed"), FixedVehicle),
        (Vehicle(source="can", can=CanVehicle(speed=CanSignal(id="0x1A0"))), LiveVehicle),
        (Vehicle(source="obd"), LiveVehicle),
        (Vehicle(source="gpsd"), LiveVehicle),
        (Vehicle(source="gpio"), LiveVehicle),
    ],
)
def test_each_configured_source_gives_its_kind(section: Vehicle, kind: type) -> None:
    source = vehicle_for(section)
    assert type(source) is kind
    assert isinstance(source, VehicleSource)
    source.close()
    source.close()


def test_a_fixed_vehicle_tells_its_speed_once_a_second_and_no_ignition() -> None:
    source = vehicle_for(Vehicle(source="fixed", speed_kmh=42.5))
    samples = [source.poll(index * S // 4) for index in range(9)]
    assert [sample for sample in samples if sample] == [
        VehicleSample(t_ns=second * S, speed_kmh=42.5, ignition=None, speed_source="fixed") for second in range(3)
    ]
    assert [index for index, sample in enumerate(samples) if sample] == [0, 4, 8]


def test_an_absent_vehicle_says_nothing_ever() -> None:
    source = vehicle_for(Vehicle())
    assert [source.poll(second * S) for second in range(5)] == [None] * 5
