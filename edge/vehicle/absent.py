"""No vehicle bus: speed and ignition are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.types import VehicleSample


class AbsentVehicle:
    """Never tells anything, so that no rule takes unknown for standing still."""

    def poll(self, t_ns: int) -> VehicleSample | None:  # noqa: ARG002 - the contract's
        """Return None."""
        return None

    def close(self) -> None:
        """Nothing is held."""
