"""Brings finished drives to the fleet: on disk until the broker has them, one after the other.

As with alerts, an answer counts once it has settled (`edge.uplink.settling`), and a disk that takes none does not keep
them from being sent.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from edge.uplink.database import OutboxError
from edge.uplink.messages import encode
from edge.uplink.mqtt import FAILURE, NO_SUBSCRIBER
from edge.uplink.settling import Settling
from edge.uplink.trip import trip_message

if TYPE_CHECKING:
    from edge.uplink.link import Link
    from edge.uplink.outbox import AlertOutbox
    from edge.uplink.topics import Topics
    from edge.uplink.trip import StoredTrip
    from edge.uplink.wallclock import Instant

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 60.0
MAX_UNWRITTEN: Final = 8
"""Drives held in memory while the disk does not take them: a day's [D]."""


class TripPost:
    """The way of a finished drive to the broker. Used by the uplink's thread alone."""

    def __init__(
        self, outbox: AlertOutbox, link: Link, topics: Topics, *, require_subscriber: bool, expression: bool = True
    ) -> None:
        """`expression` False: nothing that is sent speaks of it, whenever it was written."""
        self._expression = expression
        self._outbox = outbox
        self._link = link
        self._topic = topics.trip
        self._require_subscriber = require_subscriber
        self._unwritten: deque[StoredTrip] = deque(maxlen=MAX_UNWRITTEN)
        self._waiting: list[tuple[int, StoredTrip]] | None = None
        """Row id and trip; None: not read from disk yet."""
        self._in_flight: tuple[int, int | None, StoredTrip] | None = None
        """Message id, row id (None: on no disk) and trip."""
        self._settling = Settling()
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = 0
        self._complained = ""

    def put(self, trip: StoredTrip) -> None:
        """Take a finished drive; on disk after the next `poll` that could write."""
        self._unwritten.append(trip)

    @property
    def busy(self) -> bool:
        """True while something is on its way and nothing speaks against waiting for it."""
        return self._in_flight is not None or bool(self._unwritten)

    def forget(self) -> None:
        """Drop what waits in memory too: it was purged."""
        self._unwritten.clear()
        self.read_again()

    def read_again(self) -> None:
        """Look at the disk once more: something on it was deleted."""
        self._waiting = None

    def begin(self, now: Instant) -> None:
        """Start on a fresh connection: nothing is in flight, and what had not settled is sent again."""
        self._in_flight = None
        self._settling.clear()
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = now.mono_ns

    def poll(self, now: Instant) -> None:
        """Write what is new, forget what the broker is sure to have, send what is due."""
        try:
            self.settle(now)
            self._to_disk()
        except OutboxError as error:
            if str(error) != self._complained:
                logger.warning("a trip cannot be written: %s", error)
                self._complained = str(error)
        else:
            self._complained = ""
        if self._in_flight is not None or not self._link.connected or now.mono_ns < self._resume_ns:
            return
        found = self._next()
        if found is not None:
            row, trip = found
            message = encode(trip_message(trip, now, expression=self._expression))
            message_id = self._link.publish(self._topic, message, now.mono_ns, retain=False)
            self._in_flight = None if message_id is None else (message_id, row, trip)

    def settle(self, now: Instant) -> None:
        """Delete the rows that the broker is sure to have. Raises `OutboxError`: they go out once more then."""
        if not self._link.connected:
            return
        for row in self._settling.settled(self._link.answered, now.mono_ns):
            self._waiting = None
            self._outbox.delete_trip(row)

    def answered(self, message_id: int, reason_code: int, now: Instant) -> bool:
        """Take the broker's answer; False when it is not about a trip."""
        if self._in_flight is None or self._in_flight[0] != message_id:
            return False
        _, row, trip = self._in_flight
        self._in_flight = None
        if reason_code >= FAILURE or (reason_code == NO_SUBSCRIBER and self._require_subscriber):
            self._resume_ns = now.mono_ns + round(self._pause_s * NS_PER_S)
            self._pause_s = min(LONGEST_PAUSE_S, 2.0 * self._pause_s)
            return True
        self._pause_s = FIRST_PAUSE_S
        if row is not None:
            self._settling.add(row, self._link.sent, now.mono_ns)
        elif trip in self._unwritten:
            self._unwritten.remove(trip)
        return True

    def _to_disk(self) -> None:
        # One that is on its way from memory stays there until it is answered for, or it would go out twice.
        from_memory = self._in_flight is not None and self._in_flight[1] is None
        while self._outbox.is_open and self._unwritten and not from_memory:
            self._outbox.add_trip(self._unwritten[0])
            self._unwritten.popleft()
            self._waiting = None
        if self._waiting is None and self._outbox.is_open:
            self._waiting = self._outbox.trips()

    def _next(self) -> tuple[int | None, StoredTrip] | None:
        """Return what goes next: from the disk, or what it does not take."""
        waiting = (one for one in self._waiting or () if one[0] not in self._settling)
        return next(waiting, (None, self._unwritten[0]) if self._unwritten else None)
