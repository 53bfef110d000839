"""When nobody is observed: the vehicle stands for long, or its ignition is off.

- Speed known and below 2 km/h for `privacy_after_s` (3 min), or the ignition off for 5 s in a vehicle that stands. [D]
- It ends when the vehicle moves (5 km/h), when the ignition comes on, and when the speed becomes unknown: a speed that
  nobody knows may be any. So it never begins while the speed is unknown.

Pure: the answer depends on what was read and on the moment asked for, and asking changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.speed import MOVING_KMH, SPEED_MAX_KMH
from edge.indicators.window import NS_PER_S, ns

if TYPE_CHECKING:
    from edge.config.rules import Alerts as AlertRules
    from edge.types import VehicleSample

STANDING_KMH: Final = 2.0
"""Below this a vehicle stands; receivers of satellites show up to 1 km/h then [D]."""
IGNITION_OFF_NS: Final = 5 * NS_PER_S
"""A shorter gap of the ignition is a start of the engine [D]."""


class PrivacyWatch:
    """Since when the vehicle stands, and its ignition is off."""

    __slots__ = ("_after_ns", "_fresh_ns", "_ignition_ns", "_off_since_ns", "_speed_ns", "_standing_since_ns")

    def __init__(self, rules: AlertRules, after_s: float | None) -> None:
        """`after_s` is how long the vehicle must stand; None: never."""
        self._after_ns = None if after_s is None else ns(after_s)
        self.configure(rules)
        self._speed_ns: int | None = None
        self._standing_since_ns: int | None = None
        self._ignition_ns: int | None = None
        self._off_since_ns: int | None = None

    def configure(self, rules: AlertRules) -> None:
        """Take how old a reading may be."""
        self._fresh_ns = ns(rules.speed_stale_s)

    def read(self, sample: VehicleSample) -> None:
        """Take one reading of the bus; older ones than the last are passed over."""
        t_ns = sample.t_ns
        if sample.ignition is not None:
            self._read_ignition(t_ns, on=sample.ignition)
        speed_kmh = sample.speed_kmh
        if speed_kmh is None or not 0.0 <= speed_kmh <= SPEED_MAX_KMH:
            return
        last_ns = self._speed_ns
        if last_ns is not None and t_ns < last_ns:
            return
        if last_ns is None or t_ns - last_ns > self._fresh_ns:
            # Nobody knows whether it stood in between.
            self._standing_since_ns = None
        self._speed_ns = t_ns
        if speed_kmh >= MOVING_KMH:
            self._standing_since_ns = None
        elif self._standing_since_ns is None and speed_kmh < STANDING_KMH:
            self._standing_since_ns = t_ns

    def _read_ignition(self, t_ns: int, *, on: bool) -> None:
        last_ns = self._ignition_ns
        if last_ns is not None and t_ns < last_ns:
            return
        if last_ns is None or t_ns - last_ns > self._fresh_ns:
            self._off_since_ns = None
        self._ignition_ns = t_ns
        if not on:
            if self._off_since_ns is None:
                self._off_since_ns = t_ns
        elif self._off_since_ns is not None:
            self._off_since_ns = None
            if self._standing_since_ns is not None:
                # Somebody is going to drive: the standstill counts anew.
                self._standing_since_ns = t_ns

    def at(self, t_ns: int) -> bool:
        """Whether nobody is to be observed at `t_ns`."""
        after_ns, speed_ns, standing_ns = self._after_ns, self._speed_ns, self._standing_since_ns
        if after_ns is None or speed_ns is None or standing_ns is None or t_ns - speed_ns > self._fresh_ns:
            return False
        if t_ns - standing_ns >= after_ns:
            return True
        ignition_ns, off_ns = self._ignition_ns, self._off_since_ns
        if ignition_ns is None or off_ns is None or t_ns - ignition_ns > self._fresh_ns:
            return False
        return t_ns - off_ns >= IGNITION_OFF_NS
