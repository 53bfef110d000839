"""The hand-over between threads that prefers the newest to all: one place, overwritten, drops counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds the newest item until somebody takes it. Putting never waits; what was not taken in time is counted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._puts = 0
        self._drops = 0

    def put(self, item: T) -> None:
        """Store the item, replacing one that nobody took; after `close` it is counted and dropped."""
        with self._changed:
            self._puts += 1
            if self._closed:
                self._drops += 1
                return
            if self._item is not None:
                self._drops += 1
            self._item = item
            self._changed.notify()

    def get(self, timeout_s: float) -> T | None:
        """Take the item, waiting up to `timeout_s`; None when none came or the slot is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout=max(0.0, timeout_s))
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Say that nothing more will come: waiting readers wake at once, an item already there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True after `close`; an item may still be waiting."""
        with self._changed:
            return self._closed

    @property
    def exhausted(self) -> bool:
        """True when closed and empty: the reader has had everything."""
        with self._changed:
            return self._closed and self._item is None

    @property
    def puts(self) -> int:
        """Items put since the beginning."""
        with self._changed:
            return self._puts

    @property
    def drops(self) -> int:
        """Items that were overwritten, or came after `close`, and so were never seen."""
        with self._changed:
            return self._drops


class PatientSlot(LatestSlot[T]):
    """The hand-over for a file played as fast as it goes: putting waits until the place is free, nothing is dropped."""

    def put(self, item: T) -> None:
        """Wait until the last item was taken or the slot was closed, then store the item."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is None or self._closed)
            super().put(item)
