"""Which source of speed and ignition a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.vehicle.absent import AbsentVehicle
from edge.vehicle.fixed import FixedVehicle

if TYPE_CHECKING:
    from edge.config.schema import Vehicle
    from edge.vehicle.base import VehicleSource


def vehicle_for(vehicle: Vehicle) -> VehicleSource:
    """Return the configured source."""
    if vehicle.source == "fixed":
        return FixedVehicle(vehicle.speed_kmh)
    return AbsentVehicle()
