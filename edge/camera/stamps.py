"""When a sensor's own stamp can be believed."""

from __future__ import annotations

from typing import Final

OLDEST_NS: Final = 2_000_000_000
"""A frame that waited longer in a driver's queue is a broken stamp or another clock (boot time, wall time) [D]."""
AHEAD_NS: Final = 5_000_000
"""Allowed lead before our own clock: rounding and the time between the two readings [D]."""


class SensorStamps:
    """Strictly increasing stamps: the sensor's where they are sane, the time of arrival otherwise."""

    def __init__(self) -> None:
        self._last_ns = -1
        self.distrusted = 0
        """Stamps that were absent, not later than the one before, too old or in the future."""

    def place(self, sensor_ns: int | None, arrived_ns: int) -> int:
        """Return the stamp for a frame: `sensor_ns` (monotonic, None when unknown) or `arrived_ns`, never backwards."""
        if sensor_ns is not None and -AHEAD_NS <= arrived_ns - sensor_ns <= OLDEST_NS and sensor_ns > self._last_ns:
            self._last_ns = sensor_ns
        else:
            self.distrusted += 1
            self._last_ns = max(arrived_ns, self._last_ns + 1)
        return self._last_ns
