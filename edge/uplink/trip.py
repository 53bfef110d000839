"""One drive summed up: what was seen and warned of from ignition on to ignition off. No judgement of anybody."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from edge.config.purposes import speaks_of_expression
from edge.types import AlertChange, DriverState, VehicleSample
from edge.uplink.ids import alert_id
from edge.uplink.messages import ClockQuality, Info, Trip
from edge.uplink.wallclock import Instant, rfc3339

NS_PER_S: Final = 1_000_000_000
LONGEST_STEP_NS: Final = 2 * NS_PER_S
"""A longer silence of the stream is no time of the drive: the machine slept [D]."""
DRIVING_KMH: Final = 5.0
"""From here the vehicle moves [D]; slower readings are a receiver's noise."""
SHORTEST_S: Final = 10.0
"""A shorter one is a start of the daemon that was thought better of: not told [D]."""

TripEnd = Literal["ignition_off", "shutdown"]


class TripSum(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finished drive, on the monotonic clock."""

    started_ns: int
    ended_ns: int
    reason: TripEnd
    driving_s: float | None = None
    observed_ratio: float | None = None
    peaks: dict[str, int] = {}
    peak_fatigue: float | None = None
    alerts: dict[str, int] = {}
    acknowledged: int = 0
    contested: int = 0


class StoredTrip(msgspec.Struct, frozen=True):
    """A finished drive as it waits on disk for the broker."""

    trip_id: str
    boot_id: str
    sums: TripSum
    written: Instant
    software: str
    config_hash: str
    profile: str


class TripMeter:
    """Sums up the stream and the decisions; `take` returns the sum when a drive ended.

    Where the ignition cannot be read, a drive lasts from the first member of the stream to `finish`.
    """

    def __init__(self) -> None:
        self._under_way = False
        self._ignition: bool | None = None
        self._speed_kmh: float | None = None
        self._peak_fatigue: float | None = None
        self._begin(0)

    def take(self, member: object, t_ns: int) -> TripSum | None:
        """Take a member of the stream."""
        if isinstance(member, VehicleSample):
            self._speed_kmh = member.speed_kmh
            if member.ignition is not None and member.ignition != self._ignition:
                self._ignition = member.ignition
                if not member.ignition:
                    self._advance(t_ns)
                    return self._end("ignition_off")
        if not self._under_way and self._ignition is not False:
            self._begin(t_ns)
            self._under_way = True
        self._advance(t_ns)
        return None

    def note(self, decision: object) -> None:
        """Take a decision."""
        if isinstance(decision, AlertChange):
            if decision.phase == "opened":
                self._alerts[decision.kind] = self._alerts.get(decision.kind, 0) + 1
            if decision.acknowledged:
                self._acknowledged.add(decision.key)
            if decision.contested:
                self._contested.add(decision.key)
        elif isinstance(decision, DriverState):
            self.note_state(decision)

    def note_state(self, state: DriverState) -> None:
        """Take a judged state, decided or asked for."""
        self._observed = state.observability == "ok"
        levels = {
            "closure": state.closure_alert_level,
            "fatigue": state.fatigue_alert_level,
            "distraction": state.distraction_alert_level,
            "absence": state.absence_alert_level,
            "displayed_anger": state.displayed_anger_alert_level,
        }
        for name, level in levels.items():
            self._peaks[name] = max(self._peaks.get(name, 0), level)
        if state.fatigue_level is not None:
            self._peak_fatigue = max(self._peak_fatigue or 0.0, state.fatigue_level)

    def finish(self) -> TripSum | None:
        """End the drive that is under way, because the daemon ends."""
        return self._end("shutdown")

    def _begin(self, t_ns: int) -> None:
        self._started_ns = self._last_ns = t_ns
        self._known_ns = self._driving_ns = self._observed_ns = self._seen_ns = 0
        self._observed = False
        self._peaks: dict[str, int] = {}
        self._peak_fatigue = None
        self._alerts: dict[str, int] = {}
        self._acknowledged: set[str] = set()
        self._contested: set[str] = set()

    def _advance(self, t_ns: int) -> None:
        step_ns = t_ns - self._last_ns
        if step_ns <= 0:
            return
        self._last_ns = t_ns
        if step_ns > LONGEST_STEP_NS:
            return
        self._seen_ns += step_ns
        self._observed_ns += step_ns if self._observed else 0
        if self._speed_kmh is not None:
            self._known_ns += step_ns
            self._driving_ns += step_ns if self._speed_kmh >= DRIVING_KMH else 0

    def _end(self, reason: TripEnd) -> TripSum | None:
        if not self._under_way:
            return None
        self._under_way = False
        if self._last_ns - self._started_ns < SHORTEST_S * NS_PER_S and not self._alerts:
            return None
        return TripSum(
            started_ns=self._started_ns,
            ended_ns=self._last_ns,
            reason=reason,
            driving_s=self._driving_ns / NS_PER_S if self._known_ns else None,
            observed_ratio=self._observed_ns / self._seen_ns if self._seen_ns else None,
            peaks=dict(self._peaks),
            peak_fatigue=self._peak_fatigue,
            alerts=dict(self._alerts),
            acknowledged=len(self._acknowledged),
            contested=len(self._contested),
        )


def stored_trip(sums: TripSum, boot_id: str, info: Info, now: Instant, *, expression: bool) -> StoredTrip:
    """Give a finished drive its id and what it needs to be sent later; without `expression` nothing speaks of it."""
    sums = sums if expression else _without_expression(sums)
    return StoredTrip(
        trip_id=alert_id(sums.started_ns + now.offset_ns),
        boot_id=boot_id,
        sums=sums,
        written=now,
        software=info.software,
        config_hash=info.config_hash,
        profile=info.profile,
    )


def trip_message(stored: StoredTrip, now: Instant, *, expression: bool = True) -> Trip:
    """Make the message to send now; a clock that was set since corrects the times of the same kernel boot."""
    written, sums = stored.written, stored.sums if expression else _without_expression(stored.sums)
    corrected = now.synced and not written.synced and now.domain == written.domain
    clock = now if corrected else written
    return Trip(
        trip_id=stored.trip_id,
        started=rfc3339(sums.started_ns + clock.offset_ns),
        ended=rfc3339(sums.ended_ns + clock.offset_ns),
        duration_s=(sums.ended_ns - sums.started_ns) / NS_PER_S,
        driving_s=sums.driving_s,
        observed_ratio=sums.observed_ratio,
        peaks=sums.peaks,
        peak_fatigue=sums.peak_fatigue,
        alerts=sums.alerts,
        acknowledged=sums.acknowledged,
        contested=sums.contested,
        reason=sums.reason,
        boot_id=stored.boot_id,
        software=stored.software,
        config_hash=stored.config_hash,
        profile=stored.profile,
        clock=ClockQuality.of(clock, corrected=corrected),
    )


def _without_expression(sums: TripSum) -> TripSum:
    return msgspec.structs.replace(
        sums,
        peaks={name: level for name, level in sums.peaks.items() if not speaks_of_expression(name)},
        alerts={kind: count for kind, count in sums.alerts.items() if not speaks_of_expression(kind)},
    )
