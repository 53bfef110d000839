"""One vehicle: the daemon's message code, link and delivery window, with a list in place of the disk.

What is real: ids, envelopes, telemetry with its spacing and heartbeats, the last will, the order and pacing of alerts,
reconnecting with jitter. What is not: camera, networks and the outbox file. The driver lives through the recorded drive
several times a day and is calm in between.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from edge.types import AlertChange, DriverState
from edge.uplink.envelope import Register, event
from edge.uplink.ids import boot_id
from edge.uplink.link import Link
from edge.uplink.messages import CLOUD_EVENT, AlertContext, CabHealth, Health, InCab, OutboxHealth, VehicleData, encode
from edge.uplink.mqtt import FAILURE, NO_SUBSCRIBER, Answered, Connected, Ended
from edge.uplink.telemetry import STATE_SPACING_S, Telemetry
from edge.uplink.topics import Topics
from edge.uplink.wallclock import Instant
from edge.uplink.window import DeliveryWindow
from fleet_simulation.drive import NS_PER_S, rebased
from fleet_simulation.tally import key_of, packet_bytes

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from edge.config.schema import Mqtt, Outbox
    from edge.types import EvidenceStrip
    from edge.uplink.envelope import StoredAlert
    from edge.uplink.messages import Info
    from edge.uplink.mqtt import NetworkEvent
    from fleet_simulation.drive import Drive
    from fleet_simulation.hub import Hub, PolledConnection
    from fleet_simulation.tally import Sent

DAY_S: Final = 8 * 3600.0
"""A driver's day [D]."""
GOODBYE_S: Final = 30.0
"""Real seconds that the end of a day waits for its backlog."""
SHORTEST_OUTAGE_S, LONGEST_OUTAGE_S = 5.0, 600.0
"""How long a lost link stays away, in the vehicle's time [D]."""


class Day:
    """What happens to one vehicle in one day, drawn beforehand. Times are seconds of the vehicle's day."""

    def __init__(self, drive: Drive, chance: random.Random, length_s: float, episodes: int, outages: int) -> None:
        starts = sorted(chance.uniform(0.0, max(1.0, length_s - drive.length_s)) for _ in range(episodes))
        # One drive after another: a driver cannot live through two at a time.
        begins: list[float] = []
        for start in starts:
            begins.append(max(start, begins[-1] + drive.length_s if begins else 0.0))
        self.length_s = length_s
        self.moments = deque(
            (start + moment.at_s, start, moment)
            for start in begins
            for moment in drive.moments
            if start + moment.at_s < length_s
        )
        cuts = sorted(chance.uniform(0.0, length_s) for _ in range(outages))
        self.outages = deque((cut, chance.uniform(SHORTEST_OUTAGE_S, LONGEST_OUTAGE_S)) for cut in cuts)


class Vehicle:
    """Steps through its days; `step` is called when something is due, `hear` when the network told something."""

    def __init__(
        self,
        settings: Mqtt,
        outbox: Outbox,
        info: Info,
        drive: Drive,
        *,
        hub: Hub,
        sent: Sent,
        days: list[Day],
        speedup: float,
        chance: random.Random,
        wake: Callable[[Vehicle], None],
    ) -> None:
        self.done = False
        self._started = False
        self.left = 0
        """Alerts that could not be delivered in the time given."""
        self.connected_ns: list[int] = []
        """When each connection was accepted, for measuring a storm."""
        self.dropped_ns: list[int] = []
        """When each connection was lost."""
        self._topics = Topics(settings.fleet, settings.vehicle)
        self._settings, self._outbox, self._info, self._hub = settings, outbox, info, hub
        self._sent, self._days, self._speedup, self._chance = sent, deque(days), speedup, chance
        self._wake = wake
        self._calm = msgspec.structs.replace(drive.calm, fatigue_level=chance.uniform(5.0, 25.0))
        self._news: deque[NetworkEvent] = deque()
        self._rows: dict[int, StoredAlert] = {}
        self._seq = 0
        self._start = 0
        self._sim_base_ns = round(chance.uniform(10.0, 100.0) * NS_PER_S)

    # --- a day -------------------------------------------------------------------------------------------------

    def begin(self, real_ns: int) -> int:
        """Start a day as the daemon starts with the ignition; return when to call `step`, real ns."""
        self.done, self._started = False, True
        self._day = self._days.popleft()
        self._begin_ns = real_ns
        self._boot_id, self._start = boot_id(time.time_ns(), self._start)
        self._register = Register(self._boot_id, self._info)
        self._connection: PolledConnection | None = None
        self._link = Link(self._settings, self._topics, self._boot_id, self._tell, self._connect)
        self._window = DeliveryWindow()
        self._unproved: deque[tuple[int | None, int]] = deque()
        self._telemetry = Telemetry(
            _Line(self),  # type: ignore[arg-type]  # counts what goes through, and keeps real time for the link
            self._topics,
            self._info,
            self._boot_id,
            self._outbox,
            expression=True,
        )
        self._open: dict[str, AlertChange] = {}
        self._state: DriverState | None = self._calm
        self._next_state_s = self._next_health_s = 0.0
        self._away_until_ns = 0
        self._leaving = self._greeted = self._once = False
        self._deadline_ns = 0
        return self.step(real_ns)

    def step(self, real_ns: int) -> int:
        """Do what is due; return when something is next, real ns."""
        self._real_ns = real_ns
        sim_s = (real_ns - self._begin_ns) / NS_PER_S * self._speedup
        now = self._instant(sim_s)
        if not self._leaving:
            self._live(min(sim_s, self._day.length_s))
        if real_ns >= self._away_until_ns:
            self._link.poll(real_ns)
        self._send_alerts(now)
        if not self._leaving and sim_s >= self._day.length_s:
            self._leave(now)
        if self._leaving and self._try_to_end(real_ns):
            return real_ns
        return self._next(real_ns)

    def hear(self, real_ns: int) -> None:
        """Take what the network told since the last call."""
        self._real_ns = real_ns
        now = self._instant((real_ns - self._begin_ns) / NS_PER_S * self._speedup)
        while self._news:
            self._take(self._news.popleft(), now)
        self._send_alerts(now)
        if self._leaving:
            self._try_to_end(real_ns)

    @property
    def connected(self) -> bool:
        """True while the broker is there."""
        return self._started and self._link.connected

    @property
    def more_days(self) -> bool:
        """True when another day follows."""
        return bool(self._days)

    @property
    def waiting(self) -> int:
        """Alerts that the broker does not have yet."""
        return len(self._rows)

    def cut(self, for_s: float, real_ns: int) -> None:
        """Lose the link without a word, for so many real seconds."""
        self._away_until_ns = real_ns + round(for_s * NS_PER_S)
        if self._connection is not None:
            self._connection.lose()

    def retained_topics(self) -> tuple[str, ...]:
        """Return what the broker keeps of this vehicle."""
        topics = self._topics
        return (topics.status, topics.info, topics.state, topics.alerts_active, topics.health)

    # --- living ------------------------------------------------------------------------------------------------

    def _live(self, until_s: float) -> None:
        """Let happen what is due, each at its own time: a loop that comes late sends as much as one that is in time."""
        while (at_s := self._next_s()) <= until_s:
            day, now = self._day, self._instant(at_s)
            if day.outages and day.outages[0][0] <= at_s:
                _, length_s = day.outages.popleft()
                self.cut(length_s / self._speedup, self._real_ns)
            elif day.moments and day.moments[0][0] <= at_s:
                self._happen(at_s, now)
            elif self._next_state_s <= at_s:
                self._tell_state(at_s, now)
            else:
                self._next_health_s = at_s + self._outbox.health_s
                self._tell_health(now)

    def _happen(self, at_s: float, now: Instant) -> None:
        moments = self._day.moments
        _, start_s, moment = moments.popleft()
        start_ns = self._sim_base_ns + round(start_s * NS_PER_S)
        moved = rebased(moment.decision, start_ns)
        if isinstance(moved, AlertChange):
            strip = moment.strip
            if strip is not None:
                strip = msgspec.structs.replace(strip, start_ns=start_ns + strip.start_ns)
            self._raise(moved, now, strip)
        else:
            self._state = moved
            self._next_state_s = at_s
        if not moments or moments[0][1] != start_s:  # the drive is over
            self._state = self._drifted()
            self._next_state_s = at_s + STATE_SPACING_S

    def _next_s(self) -> float:
        day = self._day
        due_s = min(self._next_state_s, self._next_health_s)
        if day.moments:
            due_s = min(due_s, day.moments[0][0])
        return min(due_s, day.outages[0][0]) if day.outages else due_s

    def _drifted(self) -> DriverState:
        level = (self._calm.fatigue_level or 0.0) + self._chance.uniform(-3.0, 3.0)
        self._calm = msgspec.structs.replace(self._calm, fatigue_level=min(35.0, max(2.0, level)))
        return self._calm

    def _raise(self, change: AlertChange, now: Instant, strip: EvidenceStrip | None = None) -> None:
        if change.phase == "closed":
            self._open.pop(change.key, None)
        else:
            self._open[change.key] = change
        context = AlertContext(
            evidence_strip=strip,
            in_cab=InCab(played=change.level > 1, latency_ms=round(self._chance.uniform(25.0, 70.0), 1)),
            vehicle=VehicleData(speed_kmh=80.0, speed_source="fixed", speed_age_s=0.1, ignition=True),
        )
        self._seq += 1
        self._rows[self._seq] = self._register.store(change, context, now)
        key = key_of(self._topics.alert, msgspec.json.encode({"id": f"{self._boot_id}.{self._seq}"}))
        self._sent.owed[key] += 1
        self._sent.alerts.add(key)
        self._telemetry.tell_active(self._register.active(now), now)

    def _tell_state(self, sim_s: float, now: Instant) -> None:
        self._next_state_s = sim_s + self._outbox.heartbeat_s
        if not self._day.moments or self._day.moments[0][0] - sim_s > self._outbox.heartbeat_s:
            self._state = self._drifted() if not self._open else self._state
        if self._state is not None and self._link.connected:
            self._telemetry.tell_state(msgspec.structs.replace(self._state, t_ns=now.mono_ns), now)

    def _tell_health(self, now: Instant, *, last: bool = False) -> None:
        if not self._link.connected:
            return
        chance = self._chance
        health = Health(
            camera="ok",
            fps=round(chance.uniform(29.6, 30.1), 2),
            inference_ms=round(chance.uniform(11.0, 16.0), 3),
            light="infrared",
            ir_power=round(chance.uniform(0.3, 0.7), 3),
            ir_lit=True,
            delegate="xnnpack",
            detector="face_detection_short_range_int8",
            temperature_c=round(chance.uniform(52.0, 68.0), 1),
            frames=max(0, round((now.mono_ns - self._sim_base_ns) / NS_PER_S * 30)),
            cpu_ms_per_frame=round(chance.uniform(14.0, 19.0), 3),
            peak_rss_mb=round(chance.uniform(118.0, 130.0), 1),
            observability="ok",
            observability_reason="ok",
            throttling="none",
            in_cab=CabHealth(
                outputs={"audio": "ok", "gpio": "ok"},
                warnings=self._seq,
                latency_p50_ms=41.2,
                latency_p99_ms=68.9,
                decision_p50_ms=16.4,
                decision_p99_ms=31.7,
            ),
        )
        outbox = OutboxHealth(depth=len(self._rows), dropped_info=0, dropped_critical=0, dropped_queue_full=0)
        self._telemetry.tell_health(health, outbox, self._link.faults, now, last=last)

    # --- the network -------------------------------------------------------------------------------------------

    def _connect(
        self, settings: Mqtt, number: int, will: tuple[str, bytes], tell: Callable[[NetworkEvent], None]
    ) -> PolledConnection:
        self._connection = self._hub.connect(settings, number, will, tell)
        return self._connection

    def _tell(self, news: NetworkEvent) -> None:
        self._news.append(news)
        self._wake(self)

    def _take(self, news: NetworkEvent, now: Instant) -> None:
        was_connected = self._link.connected
        if not self._link.take(news, self._real_ns):
            return
        match news:
            case Connected():
                self.connected_ns.append(self._real_ns)
                self._window.begin(self._real_ns, self._seq, news.receive_maximum)
                self._once = not self._greeted
                self._greeted = True
                self._telemetry.greet(self._register.active(now), now)
                if self._state is not None:
                    self._telemetry.tell_state(msgspec.structs.replace(self._state, t_ns=now.mono_ns), now)
                self._tell_health(now)
                self._once = False
            case Answered():
                self._prove(news.message_id)
                accepted = news.reason_code < FAILURE and news.reason_code != NO_SUBSCRIBER
                seq = self._window.answered(news.message_id, self._real_ns, accepted=accepted)
                if seq is not None and accepted:
                    self._rows.pop(seq, None)
            case Ended():
                if was_connected:
                    self.dropped_ns.append(self._real_ns)
                self._unproved.clear()
                self._connection = None

    def _prove(self, message_id: int) -> None:
        """Everything written before an answered message has reached the broker: one connection keeps the order."""
        if not any(number == message_id for number, _ in self._unproved):
            return
        while self._unproved:
            number, key = self._unproved.popleft()
            self._sent.owed[key] += 1
            if number == message_id:
                return

    def _send_alerts(self, now: Instant) -> None:
        if not self._link.connected or not self._rows:
            return
        room = self._window.room(self._real_ns)
        for seq in [seq for seq in self._rows if seq > self._window.cursor][: max(0, room)]:
            document = event(self._rows[seq], seq, self._topics.source, now, replayed=self._window.held_back(seq))
            message_id = self.publish(self._topics.alert, encode(document), retain=False, content_type=CLOUD_EVENT)
            if message_id is None:
                return
            self._window.sent(message_id, seq, self._real_ns)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = True,
        content_type: str = "application/json",
    ) -> int | None:
        """Send one message through the link and book it."""
        now_ns = time.monotonic_ns()
        if not self._link.connected:
            return None
        key = key_of(topic, payload)
        message_id = self._link.publish(
            topic, payload, self._real_ns, qos=qos, retain=retain, content_type=content_type
        )
        if message_id is None:
            return None
        self._sent.wrote(key, now_ns, packet_bytes(topic, payload, qos, content_type), once=self._once)
        if topic != self._topics.alert:
            self._unproved.append((message_id if qos else None, key))
        return message_id

    # --- the end of a day --------------------------------------------------------------------------------------

    def _leave(self, now: Instant) -> None:
        self._leaving = True
        self._deadline_ns = self._real_ns + round(GOODBYE_S * NS_PER_S)
        self._away_until_ns = 0
        for change in list(self._open.values()):
            self._raise(
                msgspec.structs.replace(
                    change,
                    t_ns=now.mono_ns,
                    ended_ns=now.mono_ns,
                    phase="closed",
                    level=change.peak_level,
                    revision=change.revision + 1,
                    reason="shutdown",
                ),
                now,
            )
        self._said_goodbye = False

    def _try_to_end(self, real_ns: int) -> bool:
        """Say goodbye when all is delivered; True when the day is over."""
        if self.done:
            return True
        over = real_ns >= self._deadline_ns
        if not over and (self._rows or self._window.in_flight or not self._link.connected) and not self._said_goodbye:
            return False
        if not self._said_goodbye and self._link.connected:
            self._said_goodbye = self._once = True
            now = self._instant(self._day.length_s)
            if self._state is not None:
                self._telemetry.tell_state(msgspec.structs.replace(self._state, t_ns=now.mono_ns), now, last=True)
            self._tell_health(now, last=True)
            self._telemetry.announce("offline", now)
            return False
        if not over and self._link.connected and self._link.unanswered:
            return False
        if not over and self._link.connected:
            self._link.close()
            return False
        self._link.abandon()
        self.left = len(self._rows)
        self.done = True
        return True

    def _instant(self, sim_s: float) -> Instant:
        return Instant(
            mono_ns=self._sim_base_ns + round(sim_s * NS_PER_S),
            wall_ns=time.time_ns(),
            synced=True,
            error_ms=5.0,
            domain=self._boot_id,
        )

    def _next(self, real_ns: int) -> int:
        """When something is due again; a vehicle that has no link, or alerts to send, looks after it often."""
        if self._leaving or self._rows or not self._link.connected:
            return real_ns + NS_PER_S // 10
        due_s = min(self._next_s(), self._day.length_s)
        due_ns = self._begin_ns + round(due_s / self._speedup * NS_PER_S)
        return max(real_ns + 1, min(due_ns, real_ns + NS_PER_S))


class _Line:
    """What the telemetry takes for its link."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle

    @property
    def session_id(self) -> str:
        """Id of the current connection."""
        return self._vehicle._link.session_id  # noqa: SLF001 - two halves of one thing

    @property
    def reconnects(self) -> int:
        """How often a connection was made again."""
        return self._vehicle._link.reconnects  # noqa: SLF001

    @property
    def last_answer_ns(self) -> None:
        """When the broker last answered: not on the vehicle's clock, so it is not told."""

    def publish(self, topic: str, payload: bytes, _now_ns: int, *, qos: int = 1, retain: bool = True) -> int | None:
        """Send in real time; the telemetry's own stamps are the vehicle's."""
        return self._vehicle.publish(topic, payload, qos=qos, retain=retain)
