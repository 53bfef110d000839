"""A speed from the configuration, for benches, demos and vehicles without a bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.types import VehicleSample
from edge.vehicle.base import SampleClock

if TYPE_CHECKING:
    from edge.vehicle.base import Trouble


class FixedVehicle:
    """Tells the same speed once a second; ignition stays unknown, nobody has seen it."""

    def __init__(self, speed_kmh: float) -> None:
        self._speed_kmh = speed_kmh
        self._clock = SampleClock()

    def start(self) -> None:
        """Nothing is read."""

    @property
    def trouble(self) -> Trouble | None:
        """Nothing can ail it."""
        return None

    @property
    def driver_token(self) -> str | None:
        """Nobody is named."""
        return None

    def poll(self, t_ns: int) -> VehicleSample | None:
        """Return the configured speed when a second has passed."""
        if not self._clock.due(t_ns):
            return None
        return VehicleSample(t_ns=t_ns, speed_kmh=self._speed_kmh, speed_source="fixed")

    def close(self) -> None:
        """Nothing is held."""
