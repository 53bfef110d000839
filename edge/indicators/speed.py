"""Vehicle speed with age, and the gates that depend on it.

Unknown (or older than 2 s) counts as fast for closures, fatigue and absence, as the relaxed tier for distraction and
as moving for displayed anger. A gate opens at its speed and shuts 3 km/h below it. [D]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.window import ns

if TYPE_CHECKING:
    from edge.config.rules import Alerts as AlertRules
    from edge.config.rules import Anger as AngerRules
    from edge.types import VehicleSample

SPEED_MAX_KMH: Final = 400.0
ACCELERATION_MAX_MPS2: Final = 30.0
"""Beyond these a reading is a fault of the bus [D]."""
MOVING_KMH: Final = 5.0
"""From here the vehicle moves; below it stands or is being parked [D]."""


class SpeedGate:
    """Whether a rule is active at this speed."""

    __slots__ = ("_hysteresis_kmh", "_min_kmh", "_unknown", "active")

    def __init__(self, min_kmh: float, hysteresis_kmh: float, *, unknown: bool = True) -> None:
        self.configure(min_kmh, hysteresis_kmh)
        self._unknown = unknown
        self.active = unknown

    def configure(self, min_kmh: float, hysteresis_kmh: float) -> None:
        """Take new thresholds from now on."""
        self._min_kmh = min_kmh
        self._hysteresis_kmh = hysteresis_kmh

    def update(self, speed_kmh: float | None, *, was_known: bool) -> None:
        """Judge the speed. The hysteresis holds only against a speed that was known before."""
        if speed_kmh is None:
            self.active = self._unknown
        elif self.active and was_known:
            self.active = speed_kmh >= self._min_kmh - self._hysteresis_kmh
        else:
            self.active = speed_kmh >= self._min_kmh


class SpeedWatch:
    """The last speed, its age, and the last harsh manoeuvre."""

    __slots__ = (
        "_fresh_ns",
        "_harsh_mps2",
        "_read_kmh",
        "_read_ns",
        "_stale_gates",
        "_was_known",
        "harsh_ns",
        "speed_kmh",
    )

    def __init__(self, alerts: AlertRules, anger: AngerRules) -> None:
        self.configure(alerts, anger)
        self._read_kmh: float | None = None
        self._read_ns = 0
        self._was_known = False
        self._stale_gates = True
        self.speed_kmh: float | None = None
        self.harsh_ns: int | None = None
        """When the driver last braked or accelerated harshly."""

    def configure(self, alerts: AlertRules, anger: AngerRules) -> None:
        """Take new thresholds from now on."""
        self._stale_gates = True
        self._fresh_ns = ns(alerts.speed_stale_s)
        self._harsh_mps2 = anger.harsh_mps2

    def read(self, sample: VehicleSample) -> bool:
        """Take one reading of the bus; False when it is older than the one before."""
        if self._read_ns > sample.t_ns and self._read_kmh is not None:
            return False
        speed_kmh = sample.speed_kmh
        if speed_kmh is not None and 0.0 <= speed_kmh <= SPEED_MAX_KMH:
            self._read_kmh = speed_kmh
            self._read_ns = sample.t_ns
        acceleration = sample.acceleration_mps2
        if acceleration is not None and self._harsh_mps2 <= abs(acceleration) <= ACCELERATION_MAX_MPS2:
            self.harsh_ns = sample.t_ns
        return True

    def at(self, t_ns: int, *gates: SpeedGate) -> None:
        """Judge the speed as known at `t_ns`; the gates follow."""
        fresh = self._read_kmh is not None and abs(t_ns - self._read_ns) <= self._fresh_ns
        speed_kmh = self._read_kmh if fresh else None
        was_known = self._was_known
        if speed_kmh == self.speed_kmh and was_known == fresh and not self._stale_gates:
            return
        self._stale_gates = False
        self.speed_kmh = speed_kmh
        self._was_known = speed_kmh is not None
        for gate in gates:
            gate.update(speed_kmh, was_known=was_known)
