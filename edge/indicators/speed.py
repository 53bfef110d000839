"""Vehicle speed with age, and the gates that depend on it.

Unknown (or older than 2 s) counts as fast for closures, fatigue and absence, as the relaxed tier for distraction and
as moving for displayed anger. A gate opens at its speed and shuts 3 km/h below it. [D]

Harsh braking or acceleration: from 3.5 m/s2 on, as told by the bus, else from the speeds of about a second. [D]
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.indicators.window import NS_PER_S, ns

if TYPE_CHECKING:
    from edge.config.rules import Alerts as AlertRules
    from edge.config.rules import Anger as AngerRules
    from edge.types import VehicleSample

SPEED_MAX_KMH: Final = 400.0
ACCELERATION_MAX_MPS2: Final = 30.0
"""Beyond these a reading is a fault of the bus [D]."""
DERIVED_MAX_MPS2: Final = 12.0
"""A speed that changes faster is a jump of its source: tyres hold a road vehicle to about 1.2 g [D]."""
DERIVE_NS: Final = 8 * NS_PER_S // 10
"""Speeds nearer to each other in time give no acceleration: a step of 1 km/h in 0.1 s would be 2.8 m/s2 [D]."""
KMH_PER_MPS: Final = 3.6
MOVING_KMH: Final = 5.0
"""From here the vehicle moves; below it stands or is being parked [D]."""


class Harsh(NamedTuple):
    """A harsh manoeuvre."""

    t_ns: int
    acceleration_mps2: float
    """Longitudinal, negative when braking."""
    limit_mps2: float
    """What it was harsh by."""


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
        "_speeds",
        "_stale_gates",
        "_was_known",
        "harsh",
        "speed_kmh",
    )

    def __init__(self, alerts: AlertRules, anger: AngerRules) -> None:
        self.configure(alerts, anger)
        self._read_kmh: float | None = None
        self._read_ns = 0
        self._was_known = False
        self._stale_gates = True
        self.speed_kmh: float | None = None
        self._speeds: deque[tuple[int, float]] = deque()
        """Stamp and speed of what was read within the time that a speed is fresh."""
        self.harsh: Harsh | None = None
        """The last harsh braking or acceleration."""

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
        acceleration, most = sample.acceleration_mps2, ACCELERATION_MAX_MPS2
        if acceleration is None:
            acceleration, most = self._derived(sample.t_ns, speed_kmh), DERIVED_MAX_MPS2
        if acceleration is not None and self._harsh_mps2 <= abs(acceleration) <= most:
            self.harsh = Harsh(sample.t_ns, acceleration, self._harsh_mps2)
        return True

    def _derived(self, t_ns: int, speed_kmh: float | None) -> float | None:
        """Acceleration against the nearest speed that is old enough; None without one."""
        speeds = self._speeds
        if speed_kmh is None or not 0.0 <= speed_kmh <= SPEED_MAX_KMH:
            return None
        while speeds and (t_ns - speeds[0][0] > self._fresh_ns or t_ns < speeds[0][0]):
            speeds.popleft()
        # Of those old enough only the newest is of use, now and later.
        while len(speeds) > 1 and t_ns - speeds[1][0] >= DERIVE_NS:
            speeds.popleft()
        acceleration = None
        if speeds and t_ns - speeds[0][0] >= DERIVE_NS:
            before_ns, before_kmh = speeds[0]
            acceleration = (speed_kmh - before_kmh) / KMH_PER_MPS / ((t_ns - before_ns) / NS_PER_S)
        speeds.append((t_ns, speed_kmh))
        return acceleration

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
