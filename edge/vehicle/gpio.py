"""Ignition and speed pulses on GPIO pins, through gpiozero."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from edge.vehicle.live import FeedError, Reading

if TYPE_CHECKING:
    from edge.config.schema import GpioVehicle

PERIOD_S: Final = 0.5
"""The pins are looked at so often [D]."""
WINDOW_S: Final = 1.0
"""Pulses are counted over so long: 1 km/h at 4000 pulses a km is about one pulse [D]."""
S_PER_H: Final = 3600.0


class GpioFeed:
    """Reads a line that is high (or low) while the ignition is on, and counts pulses of the speed sensor."""

    name = "gpio"

    def __init__(self, settings: GpioVehicle) -> None:
        self._settings = settings
        self._ignition: Any = None
        self._wheel: Any = None
        self._pulses = 0
        self._counts: deque[tuple[float, int]] = deque()

    def open(self) -> None:
        """Take the pins."""
        try:
            import gpiozero  # noqa: PLC0415 - an extra, there only where pins are configured
        except ImportError as error:
            raise FeedError(f"gpiozero cannot be loaded ({error})", "pip install edge-dms[gpio]") from error
        settings = self._settings
        try:
            if settings.ignition_pin is not None:
                self._ignition = gpiozero.DigitalInputDevice(
                    settings.ignition_pin, pull_up=None, active_state=settings.ignition_active_high
                )
            if settings.speed_pin is not None:
                self._wheel = gpiozero.DigitalInputDevice(settings.speed_pin, pull_up=None, active_state=True)
                self._wheel.when_activated = self._pulse
        except (gpiozero.GPIOZeroError, OSError) as error:
            raise FeedError(
                f"the pins cannot be used ({error})",
                "install python3-lgpio, add the user to the group gpio, and check vehicle.gpio against what else uses "
                "the header",
            ) from error
        self._pulses = 0
        self._counts.clear()

    def _pulse(self) -> None:
        self._pulses += 1

    def read(self, timeout_s: float) -> Reading | None:
        """Look at the pins after `timeout_s`."""
        time.sleep(min(timeout_s, PERIOD_S))
        ignition = None if self._ignition is None else bool(self._ignition.value)
        return Reading(self._speed_kmh(time.monotonic()), ignition)

    def _speed_kmh(self, now_s: float) -> float | None:
        """Return the speed of the last second; None before the first pulse: a broken wire must not say "standing"."""
        if self._wheel is None:
            return None
        counts, pulses = self._counts, self._pulses
        counts.append((now_s, pulses))
        while len(counts) > 2 and now_s - counts[1][0] >= WINDOW_S:
            counts.popleft()
        since_s, before = counts[0]
        if not pulses or now_s <= since_s or now_s - since_s < WINDOW_S:
            return None
        return (pulses - before) / self._settings.pulses_per_km * S_PER_H / (now_s - since_s)

    def silence(self) -> str:
        """Say what has not come."""
        return (
            f"GPIO {self._settings.speed_pin}: no pulse yet; it counts once the vehicle has moved, else check the wire"
        )

    def close(self) -> None:
        """Free the pins."""
        ignition, wheel, self._ignition, self._wheel = self._ignition, self._wheel, None, None
        for device in (ignition, wheel):
            if device is not None:
                device.close()
