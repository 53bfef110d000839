"""Brings alerts to the fleet: from the keeper, through the delivery window, to the broker; and takes its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.uplink.envelope import event, stored_without_expression
from edge.uplink.messages import CLOUD_EVENT, encode
from edge.uplink.mqtt import FAILURE, NO_SUBSCRIBER
from edge.uplink.window import DeliveryWindow

if TYPE_CHECKING:
    from edge.uplink.keeper import Keeper
    from edge.uplink.link import Link
    from edge.uplink.topics import Topics
    from edge.uplink.wallclock import Instant


class AlertPost:
    """The way of an alert to the broker. Used by the uplink's thread alone."""

    def __init__(
        self, keeper: Keeper, link: Link, topics: Topics, *, require_subscriber: bool, expression: bool = True
    ) -> None:
        """`expression` False: nothing that is sent speaks of it, whenever it was written."""
        self._keeper = keeper
        self._link = link
        self._topics = topics
        self._require_subscriber = require_subscriber
        self._expression = expression
        self._window = DeliveryWindow()

    @property
    def paused(self) -> bool:
        """True while the broker refuses alerts: nobody is subscribed, or it does not let us."""
        return self._window.paused

    @property
    def busy(self) -> bool:
        """True while an answer is due or a row waits."""
        return self._keeper.waiting > 0 or self._window.in_flight > 0

    def begin(self, now: Instant, receive_maximum: int | None) -> None:
        """Start on a fresh connection: nothing is in flight. The broker takes so many unanswered messages at once."""
        self._window.begin(now.mono_ns, self._keeper.last_seq, receive_maximum)

    def poll(self, now: Instant) -> None:
        """Send what may be sent now; all that waits once more when the rows have got other numbers."""
        if self._keeper.moved:
            self._keeper.moved = False
            self._window.start_over(now.mono_ns, self._keeper.last_seq)
        if not self._link.connected:
            return
        room = self._window.room(now.mono_ns)
        if room <= 0:
            return
        for seq, stored in self._keeper.rows(self._window.cursor, room, now):
            replayed = self._window.held_back(seq)
            told = stored if self._expression else stored_without_expression(stored)
            payload = encode(event(told, seq, self._topics.source, now, replayed=replayed))
            message_id = self._link.publish(
                self._topics.alert, payload, now.mono_ns, retain=False, content_type=CLOUD_EVENT
            )
            if message_id is None:
                return
            self._window.sent(message_id, seq, now.mono_ns)

    def answered(self, message_id: int, reason_code: int, now: Instant) -> bool:
        """Take the broker's answer; True when it has accepted an alert."""
        accepted = reason_code < FAILURE and not (reason_code == NO_SUBSCRIBER and self._require_subscriber)
        seq = self._window.answered(message_id, now.mono_ns, accepted=accepted)
        if seq is None or not accepted:
            return False
        self._keeper.accepted(seq, self._link.sent, now)
        return True
