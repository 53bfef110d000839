"""Power of the infrared light (`ir_power`, 0 to 1): the darker the picture would be, the more light.

Exposure time times gain says how much light the camera's own control lacks. Power is linear in it between a low and a
high mark, smoothed with a time constant so that driver and camera never see it jump, and **0 when frames stop for more
than a second**: a light that nobody looks through only wears and warms. [S: openpilot, in its camera's own units]

More light shortens exposure and lowers gain, which asks for less power: the loop settles by itself.
"""

from __future__ import annotations

from math import exp
from typing import Final

from edge.indicators.window import NS_PER_S

SILENCE_NS: Final = NS_PER_S
"""Without a frame for longer the light is off [S]."""

FULL: Final = 1.0


class IrPower:
    """The closed loop on exposure times gain."""

    __slots__ = ("_frame_ns", "_high", "_low", "_power", "_tau_ns")

    def __init__(self, low: float, high: float, tau_s: float) -> None:
        """`low`, `high`: exposure in microseconds times gain, at which power is 0 and 1; `low` < `high`."""
        self._low, self._high = low, high
        self._tau_ns = tau_s * NS_PER_S
        self._power = 0.0
        self._frame_ns: int | None = None

    def demand(self, exposure_us: float | None, gain: float | None) -> float:
        """Return the power that this exposure asks for, 0 to 1; full where the camera does not tell it."""
        if exposure_us is None or gain is None or not exposure_us * gain >= 0.0:
            return FULL
        return min(max((exposure_us * gain - self._low) / (self._high - self._low), 0.0), FULL)

    def frame(self, t_ns: int, exposure_us: float | None, gain: float | None) -> float:
        """Take one frame's exposure and gain; return the power from now on.

        The first frame, and the first after a silence, is answered at once: the driver must be seen.
        """
        wanted = self.demand(exposure_us, gain)
        if self._frame_ns is None or t_ns - self._frame_ns > SILENCE_NS:
            self._power = wanted
        elif t_ns > self._frame_ns:
            self._power += (wanted - self._power) * (1.0 - exp((self._frame_ns - t_ns) / self._tau_ns))
        self._frame_ns = t_ns
        return self._power

    def at(self, t_ns: int) -> float:
        """Return the power at a moment, 0 to 1: that of the last frame, or 0 when none came for a second."""
        if self._frame_ns is None or t_ns - self._frame_ns > SILENCE_NS:
            return 0.0
        return self._power
