"""The far end: what reaches a subscriber of the drill's vehicle, and what is missing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.drill.outcome import DrillError
from edge.fleet.ledger import Ledger
from edge.fleet.subscription import Access, SubscriptionError, follow

if TYPE_CHECKING:
    from edge.drill.broker import BenchBroker, OwnBroker


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, judged."""

    t_ns: int
    """When it came, CLOCK_MONOTONIC."""
    vehicle: str
    name: str
    """Of its topic: `alert`, `health`, …"""
    document: dict[str, Any]
    """For an alert the data inside the envelope."""


class FleetSide:
    """Subscribes at the broker itself, beyond the line that the drill cuts."""

    def __init__(self, broker: OwnBroker | BenchBroker, fleet: str, news: threading.Condition) -> None:
        """`fleet` is the first part of the topics; `news` is notified with every message."""
        self._news = news
        self.arrivals: list[Arrival] = []
        self._ledger = Ledger()
        self._ended = threading.Event()
        self._problem: str | None = None
        access = Access(host=broker.host, port=broker.port)
        self._thread = threading.Thread(
            target=self._follow, args=(access, [f"dms/1/{fleet}/#"]), name="drill fleet", daemon=True
        )
        self._thread.start()

    def missing(self) -> int:
        """Return how many alert messages have not come although later ones have."""
        return sum(count.missing for count in self._ledger.vehicles.values())

    def latest(self, vehicle: str, name: str) -> dict[str, Any] | None:
        """Return a vehicle's newest message of a topic. Raises `DrillError` when the subscription has failed."""
        if self._problem is not None:
            raise DrillError(self._problem)
        with self._news:
            wanted = (one.document for one in reversed(self.arrivals) if (one.vehicle, one.name) == (vehicle, name))
            return next(wanted, None)

    def close(self) -> None:
        """Unsubscribe."""
        self._ended.set()
        self._thread.join(5.0)

    def _follow(self, access: Access, topics: list[str]) -> None:
        try:
            follow(access, topics, self._take, until=self._ended.is_set, tell=lambda _: None)
        except SubscriptionError as error:
            self._problem = str(error)

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        now_ns = time.monotonic_ns()
        taken = self._ledger.take(topic, payload)
        # What a broker on the bench has retained of an earlier drill says nothing about this one.
        if taken is None or taken.document is None or taken.repeated or retained:
            return
        document = taken.document["data"] if taken.name == "alert" else taken.document
        with self._news:
            self.arrivals.append(Arrival(now_ns, taken.vehicle.partition("/")[2], taken.name, document))
            self._news.notify_all()
