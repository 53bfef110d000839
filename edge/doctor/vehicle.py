"""Where speed and ignition come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, ok, warn

if TYPE_CHECKING:
    from edge.config.schema import Config

NAMES: Final = ("vehicle_bus",)


def look(config: Config) -> list[Finding]:
    """Return whether the vehicle's speed is known."""
    vehicle = config.vehicle
    if vehicle.source == "fixed":
        told = f"the speed is fixed at {vehicle.speed_kmh:g} km/h"
        return [warn("vehicle_bus", told, "for the bench only: set vehicle.source")]
    return [ok("vehicle_bus", "vehicle.source is none: speed unknown, the cautious rules apply")]
