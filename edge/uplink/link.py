"""Keeps a connection to the broker: opens, judges whether it is alive, gives up, tries again.

A connection is believed only while it answers. One that owes an answer (to CONNECT or to any QoS 1 message) for
`STALL_S` is given up, whatever the client library thinks of it; an idle one is judged by MQTT's own keep-alive.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from typing import TYPE_CHECKING, Final

from edge.uplink.messages import Status, encode
from edge.uplink.mqtt import Answered, Connected, Connection, Ended, Listening, MqttSettingsError, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.config.schema import Mqtt
    from edge.uplink.mqtt import NetworkEvent
    from edge.uplink.topics import Topics

    Connect = Callable[[Mqtt, int, tuple[str, bytes], Callable[[NetworkEvent], None]], Connection]

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
STALL_S: Final = 10.0
"""An answer that is so late will not come; recovery is then complete within 15 s [D]."""
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
STEADY_S: Final = 2.0
"""A connection that lasted so long was a good one: the next attempt waits as little as the first [D]."""
UNSTEADY: Final = 5
UNSTEADY_S: Final = 300.0
"""So many connections that were made and lost within so long are told: on a good road there is not one [D]."""
STALL_TOLD_S: Final = 5.0
"""A stall is over for the fleet so long into a connection that answers: health, which tells of changes a second apart,
has told of it by then [D]."""
NOT_TAKEN: Final = 0
"""Stands for the id of a message that the client did not take; MQTT counts ids from 1."""


class Link:
    """The current connection, if any. `poll` and `take` are called by one thread."""

    def __init__(
        self,
        settings: Mqtt,
        topics: Topics,
        boot_id: str,
        tell: Callable[[NetworkEvent], None],
        connect: Connect | None = None,
        *,
        listen: Sequence[str] = (),
    ) -> None:
        """`connect` makes a connection; a simulation of many vehicles hands in one without a thread of its own."""
        self.connected = False
        self.reconnects = 0
        """How often a connection was made again."""
        self.faults: set[str] = set()
        self.last_answer_ns: int | None = None
        """When the broker last answered anything."""
        self.sent = 0
        """Number of the newest QoS 1 message that was sent, counted over all connections."""
        self.answered = 0
        """Number of the newest one that was answered."""
        self._settings = settings
        self._topics = topics
        self._boot_id = boot_id
        self._tell = tell
        self._connect: Connect = connect or Connection
        self._listen = tuple(listen)
        self._number = 0
        self._connection: Connection | None = None
        self._since_ns = 0
        self._answers = False
        self._unanswered: dict[int, tuple[int, int]] = {}  # message id -> when it was sent, its number
        self._lost_ns: deque[int] = deque(maxlen=UNSTEADY)
        self._retry_s = FIRST_RETRY_S
        self._retry_ns = 0
        self._jitter = random.Random()  # noqa: S311 - spreads a fleet's attempts, guards nothing
        self._complained = ""
        self._leaving = False

    @property
    def session_id(self) -> str:
        """Id of the current connection; later ones sort after it."""
        return f"{self._boot_id}.{self._number:06d}"

    def poll(self, now_ns: int) -> None:
        """Open a connection when it is time, give one up that does not answer."""
        self._judge_steadiness(now_ns)
        if self._connection is None:
            if now_ns >= self._retry_ns:
                self._open(now_ns)
        elif self._connection.broken is not None:
            self._give_up(now_ns, f"a callback failed: {self._connection.broken}")
        elif now_ns - self._oldest_debt_ns(now_ns) > STALL_S * NS_PER_S:
            self._give_up(now_ns, f"no answer for {STALL_S:g} s")
        elif self._answers and now_ns - self._since_ns >= STALL_TOLD_S * NS_PER_S:
            self.faults.discard("mqtt_stalled")

    def take(self, event: NetworkEvent, now_ns: int) -> bool:
        """Note what the network told; False for news of a connection that is no more."""
        if self._connection is None or event.number != self._connection.number:
            return False
        match event:
            case Connected():
                self.reconnects += self.last_answer_ns is not None
                self.connected = True
                if self._listen:
                    self._connection.subscribe(self._listen)
                self._since_ns = self.last_answer_ns = now_ns
                self.faults.discard("mqtt_not_authorised")
                logger.info("connected to %s:%d", self._settings.host, self._settings.port)
                self._complained = ""
            case Answered():
                return self._note_answer(event.message_id, now_ns)
            case Received():
                pass
            case Listening():
                self._note_listening(refused=event.refused)
            case Ended():
                if event.not_authorised:
                    self.faults.add("mqtt_not_authorised")
                self._lost(now_ns, event.why)
        return True

    def _note_answer(self, message_id: int, now_ns: int) -> bool:
        debt = self._unanswered.pop(message_id, None)
        if debt is None:
            return False
        self.answered = max(self.answered, debt[1])
        self.last_answer_ns = now_ns
        self._answers = True
        return True

    def _note_listening(self, *, refused: bool) -> None:
        if not refused:
            self.faults.discard("mqtt_not_heard")
        elif "mqtt_not_heard" not in self.faults:
            self.faults.add("mqtt_not_heard")
            logger.warning("the broker does not let us listen to %s: commands cannot be heard", ", ".join(self._listen))

    def publish(
        self,
        topic: str,
        payload: bytes,
        now_ns: int,
        *,
        qos: int = 1,
        retain: bool = True,
        content_type: str = "application/json",
        correlation: bytes | None = None,
    ) -> int | None:
        """Send; return the message id, None when there is no connection."""
        if self._connection is None or not self.connected:
            return None
        message_id = self._connection.publish(
            topic, payload, qos=qos, retain=retain, content_type=content_type, correlation=correlation
        )
        if message_id is None:
            # The news that it ended is on its way, or whoever should have brought it is dead: a debt like any other.
            self._unanswered.setdefault(NOT_TAKEN, (now_ns, self.sent))
        elif qos:
            self.sent += 1
            self._unanswered[message_id] = (now_ns, self.sent)
        return message_id

    @property
    def connecting(self) -> bool:
        """True while an attempt is under way."""
        return self._connection is not None and not self.connected

    @property
    def unanswered(self) -> int:
        """How many QoS 1 messages wait for an answer."""
        return len(self._unanswered)

    def close(self) -> bool:
        """Say goodbye; False when nobody was there to hear it. `Ended` follows."""
        if self._connection is None:
            return False
        if not self.connected:
            self._connection.give_up()
            return False
        self._leaving = True
        self._connection.close()
        return True

    def abandon(self) -> None:
        """Cut the line, for the end of the process."""
        if self._connection is not None:
            self._connection.give_up()
            self._connection = None
        self.connected = False

    def _open(self, now_ns: int) -> None:
        self._number += 1
        self._since_ns = now_ns
        will = Status(status="offline", session_id=self.session_id, boot_id=self._boot_id, reason="lost")
        try:
            self._connection = self._connect(
                self._settings, self._number, (self._topics.status, encode(will)), self._tell
            )
        except MqttSettingsError as error:  # a certificate or password file changed under us: it may come back
            self._lost(now_ns, str(error))
            return
        self._connection.open()

    def _judge_steadiness(self, now_ns: int) -> None:
        lost = self._lost_ns
        if len(lost) < UNSTEADY or now_ns - lost[0] > UNSTEADY_S * NS_PER_S:
            self.faults.discard("mqtt_unsteady")
        elif "mqtt_unsteady" not in self.faults:
            self.faults.add("mqtt_unsteady")
            logger.warning(
                "%d connections were lost within %g s: a bad line, or another device with the same mqtt.vehicle, %s",
                UNSTEADY,
                UNSTEADY_S,
                self._settings.vehicle,
            )

    def _oldest_debt_ns(self, now_ns: int) -> int:
        if not self.connected:
            return self._since_ns
        return next(iter(self._unanswered.values()), (now_ns, 0))[0]

    def _give_up(self, now_ns: int, why: str) -> None:
        if self._connection is not None:
            if self.connected or self._connection.broken is not None:
                self.faults.add("mqtt_stalled")
            self._connection.give_up()
        self._lost(now_ns, why)

    def _lost(self, now_ns: int, why: str) -> None:
        if self.connected and not self._leaving:
            self._lost_ns.append(now_ns)
        if self.connected and now_ns - self._since_ns >= STEADY_S * NS_PER_S:
            self._retry_s = FIRST_RETRY_S
        # Half to full: a whole fleet must not return in step when its broker does.
        pause_s = self._retry_s * self._jitter.uniform(0.5, 1.0)
        self._retry_ns = now_ns + round(pause_s * NS_PER_S)
        self._retry_s = min(LONGEST_RETRY_S, 2.0 * self._retry_s)
        self._connection = None
        self.connected = self._answers = False
        self._unanswered.clear()
        if why != self._complained and not self._leaving:  # once, not with every attempt of a long night
            logger.warning("%s:%d: %s; trying again", self._settings.host, self._settings.port, why)
            self._complained = why
