"""What the machine says about itself. Whatever a board does not offer is None."""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.runtime.clock import NS_PER_S, Clock, SystemClock

THERMAL: Final = Path("/sys/class/thermal")
THROTTLED: Final = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
"""The Raspberry Pi firmware's word, without starting a process."""
STATUS: Final = Path("/proc/self/status")
COOLEST_C: Final = -40.0
HOTTEST_C: Final = 150.0
"""Outside of what a processor survives a reading is a broken sensor [D]."""
PROCESSOR_ZONES: Final = ("cpu", "soc", "x86_pkg", "core")
THROTTLING_BITS: Final = {0: "under_voltage", 1: "frequency_capped", 2: "throttled", 3: "soft_temperature_limit"}
"""Bits of `vcgencmd get_throttled` for now; 16 higher they tell what happened since boot [S Raspberry Pi]."""
VCGENCMD_S: Final = 1.0
THROTTLING_EVERY_S: Final = 10.0
"""Asking may start a process [D]."""


@dataclass(frozen=True, slots=True)
class Board:
    """One reading of the machine."""

    temperature_c: float | None
    throttling: str | None
    """`none`, or what limits the board now, comma separated; None when the board does not tell."""
    rss_mb: float | None
    """Resident memory of this process, MiB."""
    peak_rss_mb: float


class BoardSensors:
    """Reads the machine; cheap enough for once a second."""

    def __init__(self, clock: Clock | None = None, *, thermal: Path = THERMAL, throttled: Path = THROTTLED) -> None:
        self._clock = clock or SystemClock()
        self._thermal = thermal
        self._throttled = throttled
        self._throttling: str | None = None
        self._throttling_due_ns: int | None = None

    def read(self) -> Board:
        """Return what there is now; never raises."""
        now_ns = self._clock.monotonic_ns()
        if self._throttling_due_ns is None or now_ns >= self._throttling_due_ns:
            self._throttling = throttling(self._throttled)
            self._throttling_due_ns = now_ns + round(THROTTLING_EVERY_S * NS_PER_S)
        return Board(
            temperature_c=temperature_c(self._thermal),
            throttling=self._throttling,
            rss_mb=rss_mb(),
            peak_rss_mb=peak_rss_mb(),
        )


def temperature_c(thermal: Path = THERMAL) -> float | None:
    """Return the hottest processor zone in degrees Celsius, else the hottest of all, None without any."""
    processor: list[float] = []
    others: list[float] = []
    for zone in sorted(thermal.glob("thermal_zone*")):
        # A zone may vanish, be switched off or answer with an error while it is read.
        with contextlib.suppress(OSError, ValueError):
            degrees = int((zone / "temp").read_text(encoding="ascii")) / 1000
            if not COOLEST_C <= degrees <= HOTTEST_C:
                continue
            name = (zone / "type").read_text(encoding="utf-8", errors="replace").lower()
            (processor if any(part in name for part in PROCESSOR_ZONES) else others).append(degrees)
    return max(processor or others, default=None)


def throttling(firmware: Path = THROTTLED) -> str | None:
    """Return what holds the board back now, `none` when nothing does, None when it cannot be asked."""
    word = firmware_word(firmware)
    if word is None:
        return None
    return ",".join(name for bit, name in THROTTLING_BITS.items() if word >> bit & 1) or "none"


def firmware_word(firmware: Path = THROTTLED) -> int | None:
    """Return the bits of `get_throttled`, now and since boot; None when the board does not tell."""
    try:
        return int(firmware.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        pass
    try:
        answer = subprocess.run(
            ["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=VCGENCMD_S, check=True
        ).stdout
        return int(answer.partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def rss_mb() -> float | None:
    """Return the resident memory of this process in MiB, None without /proc."""
    return _status_mb("VmRSS:")


def peak_rss_mb() -> float:
    """Return the largest resident memory this process has had, in MiB."""
    peak = _status_mb("VmHWM:")
    # The second best source also counts what the parent held before this program was started.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if peak is None else peak


def _status_mb(key: str) -> float | None:
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    kibibytes = next((line.split()[1] for line in lines if line.startswith(key)), None)
    return None if kibibytes is None else int(kibibytes) / 1024


class RateMeter:
    """Events per second over the last `window_s`, from their stamps."""

    def __init__(self, window_s: float = 2.0) -> None:
        self._window_ns = round(window_s * NS_PER_S)
        self._stamps_ns: deque[int] = deque()
        self._since_ns: int | None = None

    def mark(self, t_ns: int) -> None:
        """Count one event; stamps that run back start anew."""
        if self._since_ns is None or (self._stamps_ns and t_ns < self._stamps_ns[-1]):
            self._stamps_ns.clear()
            self._since_ns = t_ns
        self._stamps_ns.append(t_ns)
        self._forget(t_ns)

    def rate_hz(self, now_ns: int) -> float | None:
        """Return the rate up to now, on the time line of the stamps: None before two events, 0.0 in a long silence."""
        if self._since_ns is None:
            return None
        self._forget(now_ns)
        if now_ns - self._since_ns >= self._window_ns:
            return len(self._stamps_ns) * NS_PER_S / self._window_ns
        span_ns = self._stamps_ns[-1] - self._stamps_ns[0]
        return None if span_ns == 0 else (len(self._stamps_ns) - 1) * NS_PER_S / span_ns

    def _forget(self, now_ns: int) -> None:
        while self._stamps_ns and now_ns - self._stamps_ns[0] >= self._window_ns:
            self._stamps_ns.popleft()
