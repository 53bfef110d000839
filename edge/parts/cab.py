"""The part in the cab: what plays warnings, and the driver's buttons where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.actuators.buttons import CabButtons
from edge.actuators.player import CabPlayer
from edge.types import Button

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Cab
    from edge.surroundings import Surroundings


class CabPart:
    """Outputs to the driver and answers from him."""

    def __init__(self, cab: Cab, around: Surroundings, put: Callable[[Button], None]) -> None:
        """`put` takes what the driver presses into the stream, from any thread."""
        self.player = CabPlayer(around.actuators(cab), around.clock, self_test=cab.self_test)
        self.buttons = None
        if cab.buttons is not None:
            self.buttons = CabButtons(cab.buttons, lambda wrong: put(Button(t_ns=0, name="wrong" if wrong else "ack")))
