"""The part in the cab: what plays warnings, and the driver's buttons where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.actuators.buttons import CabButtons
from edge.actuators.player import CabPlayer

if TYPE_CHECKING:
    from edge.config.schema import Cab
    from edge.hands import FleetHands
    from edge.surroundings import Surroundings


class CabPart:
    """Outputs to the driver and answers from him."""

    def __init__(self, cab: Cab, around: Surroundings, hands: FleetHands) -> None:
        self.player = CabPlayer(around.actuators(cab), around.clock, self_test=cab.self_test)
        self.buttons = None if cab.buttons is None else CabButtons(cab.buttons, lambda wrong: hands.press(wrong=wrong))
