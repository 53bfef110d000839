"""Which outputs a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.actuators.audio import AudioActuator
from edge.actuators.gpio import GpioActuator
from edge.actuators.log import LogActuator

if TYPE_CHECKING:
    from edge.actuators.base import Actuator
    from edge.config.schema import Cab


def actuators_for(cab: Cab) -> list[Actuator]:
    """Return the configured outputs, not yet opened; what makes itself heard comes before the log."""
    actuators: list[Actuator] = []
    if cab.gpio is not None:
        actuators.append(GpioActuator(cab.gpio))
    if cab.audio is not None:
        actuators.append(AudioActuator(cab.audio))
    if cab.log:
        actuators.append(LogActuator())
    return actuators
