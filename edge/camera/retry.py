"""How long to wait before a camera is tried again."""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0
"""1, 2, 4 ... 30 s: a replugged camera is back quickly, a missing one does not fill the log [D]."""
STEADY_S: Final = 10.0
"""Frames for so long end the trouble; a camera that dies after each opening must not be opened every second [D]."""


class BackOff:
    """Waiting times that double from 1 s to 30 s and start over after `STEADY_S` of frames."""

    def __init__(self) -> None:
        self._next_s = FIRST_S
        self._steady_since_ns: int | None = None

    def failed(self) -> float:
        """Return how long to wait now, in seconds, and double it for the next time."""
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        self._steady_since_ns = None
        return wait_s

    def delivered(self, now_ns: int) -> None:
        """Note a good frame at monotonic `now_ns`."""
        if self._steady_since_ns is None:
            self._steady_since_ns = now_ns
        elif now_ns - self._steady_since_ns >= STEADY_S * 1_000_000_000:
            self._next_s = FIRST_S
