"""The uplink: one thread that owns the disk and the way to the fleet. Nobody else waits for either."""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from edge.config.schema import Remote
from edge.runtime.worker import Worker
from edge.uplink import homeassistant
from edge.uplink.alert_post import AlertPost
from edge.uplink.counters import DrainResult, UplinkCounters
from edge.uplink.database import OutboxError
from edge.uplink.envelope import (
    context_without_expression,
    info_without_expression,
    withhold_expression,
)
from edge.uplink.expiry import Expiry
from edge.uplink.keeper import Keeper
from edge.uplink.link import Link
from edge.uplink.messages import OutboxHealth
from edge.uplink.mqtt import FAILURE, NOT_AUTHORISED, Answered, Connected, Received, check
from edge.uplink.outbox import AlertOutbox
from edge.uplink.remote.desk import RemoteDesk, listens_to
from edge.uplink.remote.settings import config_hash
from edge.uplink.telemetry import Telemetry
from edge.uplink.topics import Topics
from edge.uplink.trip import stored_trip
from edge.uplink.trip_post import TripPost
from edge.uplink.wallclock import KernelWallClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.config.purposes import MessageRetention
    from edge.config.schema import Config, Mqtt, Outbox
    from edge.types import AlertChange, DriverState
    from edge.uplink.messages import AlertContext, Health, InCab, Info
    from edge.uplink.mqtt import NetworkEvent
    from edge.uplink.remote.desk import Hands
    from edge.uplink.remote.settings import RemoteSettings
    from edge.uplink.trip import TripSum
    from edge.uplink.wallclock import Instant, WallClock

    InCabAnswer = Callable[[], InCab]

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
QUEUE_LENGTH: Final = 256
"""Alerts on their way to the disk; at ten a second this is a disk that hangs for half a minute [D]."""
IDLE_S: Final = 0.2
"""Longest sleep of the thread; new work wakes it at once."""
ALERTS_NS: Final = 50_000_000
"""Longest that alerts are gathered for one commit: a power cut must not find a burst of them in memory [D]."""
GOODBYE_S: Final = 1.0
"""How long the end waits for the broker to take `offline`, and again to close [D]."""


class Uplink:
    """Alerts to the fleet, nothing lost uncounted. All `offer_*` methods return at once, from any thread."""

    def __init__(
        self,
        mqtt: Mqtt,
        outbox: Outbox,
        *,
        state_dir: Path,
        info: Info,
        clock: WallClock | None = None,
        expression: bool = True,
        retention: MessageRetention | None = None,
        remote: Remote | None = None,
        settings: RemoteSettings | None = None,
        hands: Hands | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        """`hands` are what commands and settings of the fleet move; without them nothing is listened to.

        `retention` None: messages wait as long as there is space.
        """
        self._mqtt = mqtt
        self._settings = outbox
        self._info = info if expression else info_without_expression(info)
        self._clock: WallClock = clock or KernelWallClock()
        self._expression = expression
        self._on_failure = on_failure
        self._topics = Topics(mqtt.fleet, mqtt.vehicle)
        self._state_dir = state_dir
        self._outbox = AlertOutbox(state_dir, outbox)
        self._expiry = None if retention is None else Expiry(self._outbox, retention)
        self._remote_settings = (remote or Remote(), settings, hands)
        self._trips: queue.SimpleQueue[TripSum] = queue.SimpleQueue()
        self._alerts: queue.Queue[tuple[AlertChange, AlertContext, InCabAnswer | None]] = queue.Queue(QUEUE_LENGTH)
        self._network: queue.SimpleQueue[NetworkEvent | None] = queue.SimpleQueue()
        self._worker = Worker("uplink", self._run, self._failed)
        self._deadline_s: float | None = None
        self._faults: set[str] = set()
        self._delivered = 0
        self._queue_full = 0
        self._clean = False
        self._state: DriverState | None = None
        self._health: Health | None = None
        self._counters = UplinkCounters()
        self._counting = threading.Lock()
        self._keeper: Keeper
        self._link: Link
        self._telemetry: Telemetry
        self._alert_post: AlertPost
        self._trip_post: TripPost
        self._remote: RemoteDesk | None = None
        self._reloaded: Config | None = None

    def start(self) -> None:
        """Open the outbox, close what a crash left open, start the thread.

        Raises `MqttSettingsError` when a file of the settings is unusable, `SigningError` when a key is, and
        `OutboxBusyError` when another daemon holds the outbox. Any other trouble with the disk or the network is
        retried for ever and told in `health`.
        """
        check(self._mqtt)
        now = self._clock.now()
        self._keeper = Keeper(self._outbox, self._info, now)
        boot_id, topics, mqtt = self._keeper.boot_id, self._topics, self._mqtt
        remote, settings, hands = self._remote_settings
        listen = () if hands is None else listens_to(remote, topics, settings)
        self._link = Link(mqtt, topics, boot_id, self._network.put, listen=listen)
        self._telemetry = Telemetry(
            self._link,
            topics,
            self._info,
            boot_id,
            self._settings,
            expression=self._expression,
            discovery=self._discovery(),
        )
        self._alert_post = AlertPost(
            self._keeper,
            self._link,
            topics,
            require_subscriber=mqtt.require_subscriber,
            expression=self._expression,
        )
        self._trip_post = TripPost(
            self._outbox,
            self._link,
            topics,
            require_subscriber=mqtt.require_subscriber,
            expression=self._expression,
        )
        if hands is not None and listen:
            self._remote = RemoteDesk(
                remote,
                mqtt,
                settings,
                state_dir=self._state_dir,
                topics=topics,
                link=self._link,
                keeper=self._keeper,
                telemetry=self._telemetry,
                trips=self._trip_post,
                hands=hands,
                now=now,
            )
        self._worker.start()

    def offer_alert(self, change: AlertChange, context: AlertContext, in_cab: InCabAnswer | None = None) -> bool:
        """Take an alert on its way; False when the queue is full, which is counted, or the uplink has stopped.

        `in_cab` is asked in the uplink's own thread, where it may wait a moment for an output in the cab.
        """
        if not self._expression:
            kept = withhold_expression(change)
            if kept is None:
                return False
            change, context = kept, context_without_expression(context)
        if self._worker.stopping:
            return False
        try:
            self._alerts.put_nowait((change, context, in_cab))
        except queue.Full:
            with self._counting:
                self._queue_full += 1
            return False
        self._wake()
        return True

    def offer_state(self, state: DriverState, t_ns: int) -> None:
        """Replace the judged state; published when a level changed, and as a heartbeat."""
        self._state = msgspec.structs.replace(state, t_ns=t_ns)
        self._wake()

    def offer_health(self, health: Health) -> None:
        """Replace the health; published when something in it changed for the worse or better, and now and then."""
        self._health = health
        self._wake()

    def offer_trip(self, sums: TripSum) -> None:
        """Take a finished drive on its way."""
        self._trips.put(sums)
        self._wake()

    def offer_configuration(self, config: Config) -> None:
        """Take note of what runs since the vehicle's file was read again; `info` tells its hash."""
        self._reloaded = config
        self._wake()

    def stop(self, drain_s: float) -> DrainResult:
        """Deliver what can be delivered within `drain_s`, say goodbye, end the thread. The rest stays on disk."""
        self._deadline_s = time.monotonic() + drain_s
        self._worker.stop()
        self._wake()
        ended = self._worker.join(drain_s + 2 * GOODBYE_S + 1.0)
        return DrainResult(
            delivered=self._delivered, left=self._outbox.depth + self._alerts.qsize(), clean=ended and self._clean
        )

    def counters(self) -> UplinkCounters:
        """Return what has been done up to the thread's last round."""
        return self._counters

    def failure(self) -> BaseException | None:
        """Return what ended the thread before its time; None while all is well."""
        return self._worker.failure

    def _failed(self, _worker: Worker, failure: BaseException) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)

    def _discovery(self) -> tuple[str, bytes] | None:
        mqtt = self._mqtt
        if not mqtt.homeassistant:
            return None
        message = homeassistant.discovery(
            self._topics, mqtt.fleet, mqtt.vehicle, self._info.software, expression=self._expression
        )
        return homeassistant.topic(mqtt.fleet, mqtt.vehicle), homeassistant.encoded(message)

    def _wake(self) -> None:
        # One is enough, and a thread that hangs must not fill memory.
        if self._network.empty():
            self._network.put(None)

    def _run(self, worker: Worker) -> None:
        try:
            while True:
                now = self._round(self._wait(IDLE_S))
                worker.beat()
                if worker.stopping and self._drained():
                    break
            self._goodbye(now)
            if self._keeper.pending:
                logger.error(
                    "%d alert messages could neither be written to the disk nor sent: they are lost",
                    self._keeper.pending,
                )
        finally:
            self._link.abandon()
            self._outbox.close()

    def _wait(self, timeout_s: float) -> list[NetworkEvent]:
        """Sleep until there is work; return what the network told, in order."""
        events: list[NetworkEvent] = []
        try:
            item = self._network.get(timeout=timeout_s)
            while True:
                if item is not None:
                    events.append(item)
                item = self._network.get_nowait()
        except queue.Empty:
            return events

    def _round(self, events: list[NetworkEvent]) -> Instant:
        now = self._clock.now()
        for news in events:
            self._take(news, now)
        self._take_alerts(now)
        self._take_trips(now)
        if self._link.connected:
            self._keeper.settle(self._link.answered, now)
        else:
            self._keeper.unsettle()
        if self._keeper.flush(now):
            # Told only now: what is published must be on disk, where there is one.
            self._telemetry.tell_active(self._keeper.register.active(now), now)
        if self._expiry is not None and self._expiry.poll(now):
            self._trip_post.read_again()
        if self._mqtt.enabled:
            self._link.poll(now.mono_ns)
        self._alert_post.poll(now)
        self._trip_post.poll(now)
        if self._remote is not None:
            self._remote.poll(now, seeing=self._health is not None and bool(self._health.frames))
        self._take_configuration(now)
        self._count(now)
        self._tell(now)
        return now

    def _take_alerts(self, now: Instant) -> None:
        """Take what was offered, until an output in the cab lets it wait: what was taken goes to the disk first."""
        until_ns = self._clock.now().mono_ns + ALERTS_NS
        while self._clock.now().mono_ns <= until_ns:
            try:
                change, context, in_cab = self._alerts.get_nowait()
            except queue.Empty:
                return
            if in_cab is not None:
                context = msgspec.structs.replace(context, in_cab=in_cab())
            self._keeper.put(change, context, now)
        self._wake()

    def _take_configuration(self, now: Instant) -> None:
        config, self._reloaded = self._reloaded, None
        if config is None:
            return
        info = msgspec.structs.replace(self._telemetry.info, config_hash=config_hash(config))
        self._telemetry.info = self._keeper.register.info = info
        self._telemetry.tell_info(now)
        if self._remote is not None:
            self._remote.reloaded(config, now)

    def _take_trips(self, now: Instant) -> None:
        while True:
            try:
                sums = self._trips.get_nowait()
            except queue.Empty:
                return
            info = self._telemetry.info
            self._trip_post.put(stored_trip(sums, self._keeper.boot_id, info, now, expression=self._expression))

    def _take(self, news: NetworkEvent, now: Instant) -> None:
        if not self._link.take(news, now.mono_ns):
            return
        if isinstance(news, Connected):
            self._alert_post.begin(now, news.receive_maximum)
            self._trip_post.begin(now)
            self._telemetry.greet(self._keeper.register.active(now), now)
            if self._remote is not None:
                self._remote.greet(now)
        elif isinstance(news, Answered):
            self._answered(news, now)
        elif isinstance(news, Received) and self._remote is not None:
            self._remote.take(news, now)

    def _answered(self, answer: Answered, now: Instant) -> None:
        self._keeper.settle(self._link.answered, now)
        code = answer.reason_code
        if code >= FAILURE:
            self._faults.add("mqtt_not_authorised" if code == NOT_AUTHORISED else "mqtt_refused")
        if self._trip_post.answered(answer.message_id, code, now):
            return
        if self._alert_post.answered(answer.message_id, code, now):
            self._delivered += 1
            self._faults.clear()

    def _count(self, now: Instant) -> None:
        faults = self._faults | self._link.faults | self._keeper.faults
        keeper, answer_ns = self._keeper, self._link.last_answer_ns
        self._counters = UplinkCounters(
            connected=self._link.connected,
            outbox_depth=keeper.waiting,
            pending=keeper.pending,
            delivered=self._delivered,
            dropped_info=keeper.dropped(critical=False),
            dropped_critical=keeper.dropped(critical=True),
            dropped_queue_full=self._queue_full,
            reconnects=self._link.reconnects,
            last_ack_age_s=None if answer_ns is None else (now.mono_ns - answer_ns) / NS_PER_S,
            waiting_for_subscriber=self._alert_post.paused,
            faults=tuple(sorted(faults)),
            progress=self._worker.progress,
        )

    def _tell(self, now: Instant, *, last: bool = False) -> None:
        if not self._link.connected:
            return
        state, health, counters = self._state, self._health, self._counters
        if state is not None:
            self._telemetry.tell_state(state, now, last=last)
        if health is not None:
            outbox = OutboxHealth(
                depth=counters.outbox_depth,
                dropped_info=counters.dropped_info,
                dropped_critical=counters.dropped_critical,
                dropped_queue_full=counters.dropped_queue_full,
            )
            commands = None if self._remote is None else self._remote.health()
            self._telemetry.tell_health(health, outbox, counters.faults, now, commands=commands, last=last)

    def _drained(self) -> bool:
        """Nothing more can be done before the end: all delivered, nobody to deliver to, or no time left."""
        if self._deadline_s is None or time.monotonic() >= self._deadline_s:
            return True
        if self._keeper.pending or not self._alerts.empty() or not self._trips.empty():
            return False
        if self._link.connecting:
            return False
        hopeless = not self._link.connected or self._alert_post.paused
        delivered = not self._alert_post.busy and not self._trip_post.busy
        return hopeless or delivered

    def _goodbye(self, now: Instant) -> None:
        """Say `offline` and DISCONNECT, in this order, so that the last will stays unspoken."""
        if not self._link.connected:
            return
        self._tell(now, last=True)
        self._telemetry.announce("offline", now)
        told = self._until(lambda: self._link.connected and not self._link.unanswered)
        self._keeper.flush(self._clock.now())
        with suppress(OutboxError):  # they go out once more at the next start
            self._trip_post.settle(self._clock.now())
        self._link.close()
        self._clean = self._until(lambda: not self._link.connected) and told

    def _until(self, done: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + GOODBYE_S
        while not done() and time.monotonic() < deadline_s:
            for news in self._wait(IDLE_S):
                self._take(news, self._clock.now())
        return done()
