"""Which source of speed and ignition a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.vehicle.absent import AbsentVehicle
from edge.vehicle.can_frames import CanFeed
from edge.vehicle.fixed import FixedVehicle
from edge.vehicle.gpio import GpioFeed
from edge.vehicle.gpsd import GpsdFeed
from edge.vehicle.live import LiveVehicle
from edge.vehicle.obd import ObdFeed

if TYPE_CHECKING:
    from edge.config.schema import Vehicle
    from edge.vehicle.base import VehicleSource


def vehicle_for(vehicle: Vehicle) -> VehicleSource:
    """Return the configured source; nothing is opened yet."""
    if vehicle.source == "fixed":
        return FixedVehicle(vehicle.speed_kmh)
    if vehicle.source == "can" and vehicle.can is not None:
        return LiveVehicle(CanFeed(vehicle.can))
    if vehicle.source == "obd":
        return LiveVehicle(ObdFeed(vehicle.obd))
    if vehicle.source == "gpsd":
        return LiveVehicle(GpsdFeed(vehicle.gpsd))
    if vehicle.source == "gpio":
        return LiveVehicle(GpioFeed(vehicle.gpio))
    return AbsentVehicle()
