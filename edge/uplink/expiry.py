"""What has waited for the broker for longer than it may be kept is deleted, at the start and once an hour."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge.uplink.database import OutboxError

if TYPE_CHECKING:
    from edge.config.purposes import MessageRetention
    from edge.uplink.outbox import AlertOutbox
    from edge.uplink.wallclock import Instant

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
EVERY_S: Final = 3600.0
"""Limits are days: an hour more is nothing [D]."""


class Expiry:
    """Keeps the outbox within its retention. Used by the uplink's thread alone."""

    def __init__(self, outbox: AlertOutbox, retention: MessageRetention) -> None:
        self._outbox = outbox
        self._retention = retention
        self._due_ns: int | None = None

    def poll(self, now: Instant) -> int:
        """Delete what is over, when it is time to look; return how many messages went."""
        if not self._outbox.is_open or (self._due_ns is not None and now.mono_ns < self._due_ns):
            return 0
        self._due_ns = now.mono_ns + round(EVERY_S * NS_PER_S)
        try:
            gone = self._outbox.expire(now, self._retention.alert_days, self._retention.trips_days)
        except OutboxError as error:
            logger.warning("old messages cannot be deleted now: %s", error)
            return 0
        if gone:
            logger.warning("%d messages were deleted: the broker did not take them within their retention", gone)
        return gone
