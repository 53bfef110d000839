"""Buzzer and light on GPIO pins, through gpiozero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge.actuators.base import ActuatorError

if TYPE_CHECKING:
    from edge.config.schema import GpioOutput
    from edge.types import AlertKind, Level


@dataclass(frozen=True, slots=True)
class Rhythm:
    """On and off in seconds; `times` None goes on until it is stopped, `off_s` 0 is steady."""

    on_s: float
    off_s: float
    times: int | None


STEADY: Final = Rhythm(1.0, 0.0, None)
LIGHT: Final[dict[int, Rhythm]] = {
    1: STEADY,
    2: Rhythm(0.5, 0.5, None),
    3: Rhythm(0.25, 0.25, None),
    4: Rhythm(0.17, 0.17, None),
    5: STEADY,
}
"""The faster, the more urgent [D], at most three flashes a second [S WCAG 2.3.1]."""
SOUND: Final[dict[int, Rhythm | None]] = {
    1: None,
    2: Rhythm(0.4, 0.1, 1),
    3: Rhythm(0.2, 0.1, 3),
    4: Rhythm(0.1, 0.05, None),
    5: STEADY,
}
"""An active buzzer has one pitch, so the rhythm tells the level: level 3 is repeated by the decision, levels 4 and 5
sound until they are stopped [D]."""
SIGN_OF_LIFE: Final = Rhythm(0.15, 0.1, 2)
"""Two short flashes and beeps at the start [D]."""


class GpioActuator:
    """Plays the patterns above; gpiozero toggles the pins in threads of its own, so `start` returns at once."""

    name = "gpio"
    note: str | None = None

    def __init__(self, output: GpioOutput) -> None:
        """`output` names the pins (BCM) and whether a high level switches on."""
        self._output = output
        self._light: Any = None
        self._buzzer: Any = None

    def gives(self, level: Level) -> bool:
        """Tell whether a pin shows this level: the light does, the buzzer is silent at a notice."""
        return self._output.led_pin is not None or (self._output.buzzer_pin is not None and SOUND[level] is not None)

    def open(self) -> None:
        """Take the pins, switched off. Raises `ActuatorError` with a remedy."""
        self.close()
        try:
            import gpiozero  # noqa: PLC0415 - an extra, there only where pins are configured
        except ImportError as error:
            raise ActuatorError(
                f"gpiozero cannot be loaded ({error}); install it with `pip install edge-dms[gpio]`"
            ) from error
        try:
            if self._output.led_pin is not None:
                self._light = gpiozero.LED(self._output.led_pin, active_high=self._output.active_high)
            if self._output.buzzer_pin is not None:
                self._buzzer = gpiozero.Buzzer(self._output.buzzer_pin, active_high=self._output.active_high)
        except (gpiozero.GPIOZeroError, OSError) as error:
            self.close()
            raise ActuatorError(
                f"the pins cannot be used ({error}); install python3-lgpio, add the user to the group gpio, "
                "and check cab.gpio against what else uses the header"
            ) from error

    def start(self, level: Level, kind: AlertKind) -> None:  # noqa: ARG002 - the level alone has a pattern
        """Begin the pattern of the level; levels beyond the table are held to its ends."""
        level = min(max(level, 1), 5)
        _play(self._light, LIGHT[level])
        _play(self._buzzer, SOUND[level])

    def stop(self) -> None:
        """Switch both off."""
        _play(self._light, None)
        _play(self._buzzer, None)

    def test(self) -> None:
        """Flash and beep twice."""
        _play(self._light, SIGN_OF_LIFE)
        _play(self._buzzer, SIGN_OF_LIFE)

    def check(self) -> bool:
        """Nothing can be learnt: a pin does not tell whether a buzzer hangs on it."""
        return False

    def close(self) -> None:
        """Switch off and free the pins."""
        light, buzzer, self._light, self._buzzer = self._light, self._buzzer, None, None
        for device in (light, buzzer):
            if device is not None:
                device.off()
                device.close()


def _play(device: Any, rhythm: Rhythm | None) -> None:
    if device is None:
        return
    if rhythm is None:
        device.off()
    elif rhythm.off_s == 0:
        device.on()
    else:
        device.blink(on_time=rhythm.on_s, off_time=rhythm.off_s, n=rhythm.times, background=True)
