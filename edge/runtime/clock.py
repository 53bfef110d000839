"""Time as a thing that is handed over, so that tests own it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import threading

NS_PER_S: Final = 1_000_000_000


class Clock(Protocol):
    """Where the shell of the daemon takes time from; the pure half receives stamps and never asks."""

    def monotonic_ns(self) -> int:
        """Nanoseconds on the clock that camera stamps use (CLOCK_MONOTONIC); its zero means nothing."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970 UTC, as far as this machine knows; may jump either way."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait until the event is set, at most `timeout_s` (<= 0 only looks); True when it is set."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        """Read CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Read CLOCK_REALTIME."""
        return time.time_ns()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Block the calling thread."""
        return event.wait(max(0.0, timeout_s))


class ManualClock:
    """A clock that stands still until told: a wait advances it instead of blocking.

    Made for one thread that waits; several waiting threads would each advance it.
    """

    def __init__(self, monotonic_ns: int = 0, wall_ns: int = 0) -> None:
        self._monotonic_ns = monotonic_ns
        self._wall_ns = wall_ns
        self.waits_s: list[float] = []
        """Every wait that was asked for while its event was not set, in order."""

    def monotonic_ns(self) -> int:
        """Return the time set so far."""
        return self._monotonic_ns

    def wall_ns(self) -> int:
        """Return the wall time set so far."""
        return self._wall_ns

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Advance by the whole time-out unless the event is set already."""
        if event.is_set():
            return True
        self.waits_s.append(timeout_s)
        self.advance(max(0.0, timeout_s))
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let both clocks run on; never backwards."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock cannot go back by {-seconds} s; use set_wall_ns for wall time")
        step_ns = round(seconds * NS_PER_S)
        self._monotonic_ns += step_ns
        self._wall_ns += step_ns

    def set_wall_ns(self, wall_ns: int) -> None:
        """Let wall time jump, as NTP or a missing RTC does; the monotonic clock does not notice."""
        self._wall_ns = wall_ns
