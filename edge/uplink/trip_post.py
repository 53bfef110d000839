"""Brings finished drives to the fleet: on disk until the broker has them, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from edge.uplink.database import OutboxError
from edge.uplink.messages import encode
from edge.uplink.mqtt import FAILURE, NO_SUBSCRIBER
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
        self._waiting: deque[tuple[int, StoredTrip]] | None = None
        """Row id and trip; None: not read from disk yet."""
        self._in_flight: tuple[int, int] | None = None  # message id, row id
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = 0

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
        self._waiting = None

    def read_again(self) -> None:
        """Look at the disk once more: something on it was deleted."""
        self._waiting = None

    def begin(self, now: Instant) -> None:
        """Start on a fresh connection: nothing is in flight."""
        self._in_flight = None
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = now.mono_ns

    def poll(self, now: Instant) -> None:
        """Write what is new, send what is due."""
        if not self._outbox.is_open:
            return
        try:
            while self._unwritten:
                self._outbox.add_trip(self._unwritten[0])
                self._unwritten.popleft()
                self._waiting = None
            if self._waiting is None:
                self._waiting = deque(self._outbox.trips())
        except OutboxError as error:
            logger.warning("a trip cannot be written: %s", error)
            return
        if self._waiting and self._in_flight is None and self._link.connected and now.mono_ns >= self._resume_ns:
            row, trip = self._waiting[0]
            message_id = self._link.publish(
                self._topic, encode(trip_message(trip, now, expression=self._expression)), now.mono_ns, retain=False
            )
            self._in_flight = None if message_id is None else (message_id, row)

    def answered(self, message_id: int, reason_code: int, now: Instant) -> bool:
        """Take the broker's answer; False when it is not about a trip."""
        if self._in_flight is None or self._in_flight[0] != message_id:
            return False
        row, self._in_flight = self._in_flight[1], None
        if reason_code >= FAILURE or (reason_code == NO_SUBSCRIBER and self._require_subscriber):
            self._resume_ns = now.mono_ns + round(self._pause_s * NS_PER_S)
            self._pause_s = min(LONGEST_PAUSE_S, 2.0 * self._pause_s)
            return True
        self._pause_s = FIRST_PAUSE_S
        try:
            self._outbox.delete_trip(row)
        except OutboxError as error:  # it goes out once more then, with the same id
            logger.warning("a delivered trip cannot be deleted: %s", error)
        self._waiting = None
        return True
