"""No vehicle bus: speed and ignition are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.types import VehicleSample
    from edge.vehicle.base import Trouble


class AbsentVehicle:
    """Never tells anything, so that no rule takes unknown for standing still."""

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

    def poll(self, t_ns: int) -> VehicleSample | None:  # noqa: ARG002 - the contract's
        """Return None."""
        return None

    def close(self) -> None:
        """Nothing is held."""
