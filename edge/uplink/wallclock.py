"""Wall time with its quality: the only place where the daemon asks what o'clock it is."""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import msgspec

NS_PER_US: Final = 1_000
EARLIEST_PLAUSIBLE_NS: Final = 1_735_689_600_000_000_000
"""1 January 2025 UTC: an earlier wall time is that of a machine without a battery-backed clock [D]."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KERNEL_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_CLOCK_IS_WRONG: Final = 5
"""TIME_ERROR, the return value of adjtimex(2) while nobody disciplines the clock."""


class Instant(msgspec.Struct, frozen=True):
    """One moment on both clocks, and how far the wall clock can be trusted."""

    mono_ns: int
    """CLOCK_MONOTONIC, the clock of camera stamps."""
    wall_ns: int
    """Nanoseconds since 1970 UTC."""
    synced: bool
    """True when a time service disciplines the wall clock."""
    error_ms: float | None = None
    """The kernel's bound of the error; None when not synced."""
    domain: str = ""
    """The kernel's boot: monotonic stamps compare only within the same one."""

    @property
    def offset_ns(self) -> int:
        """What to add to a monotonic stamp of this domain to get wall time."""
        return self.wall_ns - self.mono_ns

    @property
    def source(self) -> str:
        """`ntp` for a disciplined clock, `free` for one that runs as it likes."""
        return "ntp" if self.synced else "free"


def age_ns(then: Instant, now: Instant) -> int | None:
    """Return how long ago a moment was; None where no clock can tell.

    Within one boot of the kernel the monotonic clock counts. Across boots both wall times must have been disciplined: a
    clock that was never set, or is set to another century, makes nothing old.
    """
    if then.domain and then.domain == now.domain:
        return now.mono_ns - then.mono_ns
    return now.wall_ns - then.wall_ns if then.synced and now.synced else None


class WallClock(Protocol):
    """Tells the time; tests hand in their own."""

    def now(self) -> Instant:
        """Read both clocks."""


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2) as far as it is read; the rest is room for what the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror_us", ctypes.c_long),
        ("unread", ctypes.c_byte * 256),
    )


class KernelWallClock:
    """The machine's clocks; whether NTP, chrony or PTP has set them is asked of the kernel itself."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._domain = _KERNEL_BOOT.read_text(encoding="ascii").strip()
        except OSError:  # a container without /proc: stamps of an earlier process are then never compared
            self._domain = f"process-{time.monotonic_ns()}"

    def now(self) -> Instant:
        """Read CLOCK_MONOTONIC, CLOCK_REALTIME and the kernel's opinion of the latter."""
        timex = _Timex(modes=0)
        answer = self._libc.adjtimex(ctypes.byref(timex))
        wall_ns = time.time_ns()
        synced = 0 <= answer != _CLOCK_IS_WRONG and wall_ns >= EARLIEST_PLAUSIBLE_NS
        return Instant(
            mono_ns=time.monotonic_ns(),
            wall_ns=wall_ns,
            synced=synced,
            error_ms=timex.maxerror_us / 1000 if synced else None,
            domain=self._domain,
        )


def rfc3339(wall_ns: int) -> str:
    """Write a wall time as RFC 3339 in UTC with milliseconds."""
    moment = _EPOCH + timedelta(microseconds=wall_ns // NS_PER_US)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
