"""The newest of something, for any number of readers: one that is slow skips some, nobody is waited for."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S: Final = 1.0
"""A reader that hears nothing wakes so often, to look whether its own listener is still there."""


class Newest:
    """Holds one value of bytes; thread-safe."""

    def __init__(self) -> None:
        self._value = b""
        self._number = 0
        self._readers = 0
        self._closed = False
        self._news = threading.Condition()

    @property
    def readers(self) -> int:
        """How many are following now."""
        return self._readers

    def put(self, value: bytes) -> None:
        """Replace the value."""
        with self._news:
            self._value = value
            self._number += 1
            self._news.notify_all()

    def follow(self) -> Iterator[bytes | None]:
        """Yield each newer value, None after a second without one; ends, the last value told, when closed."""
        seen = 0
        with self._counted():
            while True:
                with self._news:
                    if self._number == seen and not self._closed:
                        self._news.wait(WAIT_S)
                    newer = self._value if self._number > seen else None
                    seen, closed = self._number, self._closed
                if newer is not None or not closed:
                    yield newer
                if closed:
                    return

    def close(self, patience_s: float) -> None:
        """End every reader, once he has the last value; wait for them no longer than `patience_s`."""
        with self._news:
            self._closed = True
            self._news.notify_all()
            self._news.wait_for(lambda: self._readers == 0, patience_s)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._news:
            self._readers += 1
        try:
            yield
        finally:
            with self._news:
                self._readers -= 1
                self._news.notify_all()
