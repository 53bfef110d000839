"""The driver's answers: buttons on GPIO pins, through gpiozero. `wrong` contests an alert, `ack` silences it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import GpioButtons

logger = logging.getLogger(__name__)

UNAVAILABLE: Final = "buttons_unavailable"
"""The fault in health."""


class CabButtons:
    """Watches the pins; gpiozero calls from a thread of its own.

    A contact that bounces presses several times, which is the same as once: the second press says nothing new.
    """

    def __init__(self, settings: GpioButtons, press: Callable[[bool], None]) -> None:
        """`press` is told of each press: True for `wrong`, False for `ack`. It must not block."""
        self._settings = settings
        self._press = press
        self._buttons: list[Any] = []
        self.faults: tuple[str, ...] = ()

    def open(self) -> None:
        """Take the pins. A failure is logged with its remedy and told in health; the driver is warned all the same."""
        self.close()
        try:
            import gpiozero  # noqa: PLC0415 - an extra, there only where pins are configured
        except ImportError as error:
            self._fail(f"gpiozero cannot be loaded ({error})", "pip install edge-dms[gpio]")
            return
        settings = self._settings
        try:
            for pin, wrong in ((settings.wrong_pin, True), (settings.ack_pin, False)):
                if pin is not None:
                    button = gpiozero.Button(pin, pull_up=settings.active_low)
                    self._buttons.append(button)
                    button.when_pressed = self._teller(wrong=wrong)
        except (gpiozero.GPIOZeroError, OSError) as error:
            self.close()
            self._fail(
                f"the pins cannot be used ({error})",
                "install python3-lgpio, add the user to the group gpio, and check cab.buttons against what else uses "
                "the header",
            )

    def _teller(self, *, wrong: bool) -> Callable[[], None]:
        def tell() -> None:
            logger.info("the driver pressed %s", "wrong" if wrong else "ack")
            self._press(wrong)

        return tell

    def _fail(self, what: str, remedy: str) -> None:
        self.faults = (UNAVAILABLE,)
        logger.warning("buttons: %s; %s", what, remedy)

    def close(self) -> None:
        """Free the pins; harmless when repeated."""
        buttons, self._buttons, self.faults = self._buttons, [], ()
        for button in buttons:
            button.close()
