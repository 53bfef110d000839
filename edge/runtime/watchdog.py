"""Feeding systemd's watchdog only while work gets done: a timer alone would hide every hang."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.runtime.sdnotify import Notifier

logger = logging.getLogger(__name__)

PATIENCE_NS: Final = 2_000_000_000
"""Standing still for so long is worth a line in the log; systemd's WatchdogSec decides about the end [D]."""


class Watchdog:
    """Pings systemd when every counter moved since the last ping. Called by one thread."""

    def __init__(self, notifier: Notifier, counters: Sequence[Callable[[], int]]) -> None:
        """`counters` return how much work each part has done so far."""
        self._notifier = notifier
        self._counters = tuple(counters)
        self._at_last_ping: tuple[int, ...] | None = None
        self._last_ping_ns = 0
        self._complained = False

    def poll(self, now_ns: int, *, ready: bool) -> bool:
        """Look at the counters, ping if all moved, and return whether it did; `now_ns` is monotonic.

        Nothing is sent before `ready`: systemd's start time-out is responsible until then.
        """
        if not ready:
            return False
        counts = tuple(counter() for counter in self._counters)
        if self._at_last_ping is None:
            self._at_last_ping, self._last_ping_ns = counts, now_ns
            return False
        still = [index for index, pair in enumerate(zip(counts, self._at_last_ping, strict=True)) if pair[0] == pair[1]]
        if still:
            self._complain(still, now_ns)
            return False
        self._at_last_ping, self._last_ping_ns = counts, now_ns
        self._complained = False
        self._notifier.alive()
        return True

    def _complain(self, still: list[int], now_ns: int) -> None:
        if not self._complained and now_ns - self._last_ping_ns >= PATIENCE_NS:
            self._complained = True
            logger.error("watchdog not fed: counter %s of %d stands still", still, len(self._counters))
