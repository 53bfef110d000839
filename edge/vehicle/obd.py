"""Speed asked of the vehicle over OBD: service 01, PID 0D, in single frames of ISO 15765.

Every vehicle sold in the EU since 2001 (petrol) or 2004 (diesel) answers it, in whole km/h. [S: SAE J1979]
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.vehicle.bus import Bus
from edge.vehicle.live import Reading

if TYPE_CHECKING:
    from edge.config.schema import ObdVehicle

REQUEST: Final = bytes((0x02, 0x01, 0x0D, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC))
"""Two bytes follow: service 01, PID 0D; the rest is padding [S: ISO 15765-2]."""
NARROW: Final = (0x7DF, tuple(range(0x7E8, 0x7F0)))
"""Everybody is asked; who may answer (11 bit)."""
WIDE: Final = (0x18DB33F1, (0x18DAF110, 0x18DAF111, 0x18DAF118, 0x18DAF100, 0x18DAF101))
"""The same with 29 bit: engine, and other usual addresses."""


class ObdFeed:
    """Asks twice a second."""

    name = "obd"

    def __init__(self, settings: ObdVehicle) -> None:
        self._settings = settings
        self._request, self._answers = WIDE if settings.extended else NARROW
        self._bus: Bus | None = None
        self._asked_s = 0.0
        self._refused = False

    def open(self) -> None:
        """Open the bus for the answers."""
        wide = self._settings.extended
        self._bus = Bus(self._settings.bus, [(number, wide) for number in self._answers])
        self._asked_s = -self._settings.period_s
        self._refused = False

    def read(self, timeout_s: float) -> Reading | None:
        """Ask when it is time, and return the next answer."""
        bus = self._bus
        if bus is None:
            return None
        now_s = time.monotonic()
        due_s = self._asked_s + self._settings.period_s - now_s
        if due_s <= 0:
            self._asked_s = now_s
            bus.send(self._request, REQUEST, extended=self._settings.extended)
            due_s = self._settings.period_s
        frame = bus.receive(min(timeout_s, due_s))
        return None if frame is None else self._answer(frame[1])

    def _answer(self, data: bytes) -> Reading | None:
        if data[:3] == bytes((0x03, 0x41, 0x0D)) and len(data) > 3:
            return Reading(speed_kmh=float(data[3]))
        self._refused = self._refused or data[1:3] == bytes((0x7F, 0x01))
        return None

    def silence(self) -> str:
        """Say what was asked in vain."""
        channel = self._settings.bus.channel
        if self._refused:
            return f"OBD on {channel}: the vehicle refuses PID 0D; use vehicle.source can or gpsd"
        other = "false" if self._settings.extended else "true"
        return (
            f"OBD on {channel}: no answer to PID 0D; is the ignition on, the bitrate right (500000 or 250000), "
            f"or vehicle.obd.extended: {other} needed?"
        )

    def close(self) -> None:
        """Close the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()
