"""A vehicle that moves is not drilled: its driver would hear alarms that mean nothing, and miss those that do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.drill.outcome import DrillError
from edge.vehicle.open import vehicle_for

if TYPE_CHECKING:
    from edge.config.schema import Vehicle
    from edge.vehicle.base import VehicleSource

MOVING_KMH: Final = 5.0
"""A GNSS receiver at rest wanders by less [D]."""
FIRST_SAMPLE_S: Final = 3.0
"""Every source tells something once a second, if it tells at all."""
LOOK_S: Final = 0.05
TOLD: Final = frozenset({"can", "obd", "gpsd", "gpio"})
"""Sources that look at a vehicle; the others make the speed up or know none."""


class VehicleMovesError(DrillError):
    """The vehicle moves."""


class Standstill:
    """Watches the vehicle while it is drilled, where the configuration says how."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.is_told = vehicle.source in TOLD
        """False: nothing here knows whether the vehicle moves."""
        self._source: VehicleSource | None = vehicle_for(vehicle) if self.is_told else None

    def begin(self) -> None:
        """Wait for the first reading. Raises `VehicleMovesError`."""
        if self._source is None:
            return
        self._source.start()
        deadline_s = time.monotonic() + FIRST_SAMPLE_S
        while not self._look() and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)

    def check(self) -> None:
        """Raise `VehicleMovesError` when the vehicle moves now."""
        if self._source is not None:
            self._look()

    def close(self) -> None:
        """Stop watching."""
        if self._source is not None:
            self._source.close()

    def _look(self) -> bool:
        sample = None if self._source is None else self._source.poll(time.monotonic_ns())
        if sample is None or sample.speed_kmh is None:
            return False
        if sample.speed_kmh >= MOVING_KMH:
            raise VehicleMovesError(
                f"the vehicle moves ({sample.speed_kmh:.0f} km/h): park it, then drill; nothing is left running"
            )
        return True
