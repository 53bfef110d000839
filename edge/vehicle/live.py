"""A source that reads from outside: a thread that opens a feed, reads it, and opens it anew when it is lost."""

from __future__ import annotations

import logging
import threading
from typing import Final, NamedTuple, Protocol

from edge.runtime.clock import NS_PER_S, Clock, SystemClock
from edge.types import VehicleSample
from edge.vehicle.base import Trouble

logger = logging.getLogger(__name__)

READ_S: Final = 0.25
"""Longest time a feed may block in one reading, so that the end is never waited for [D]."""
TELL_NS: Final = NS_PER_S // 2
"""A new speed is told twice a second: enough to see harsh braking, and the recorded stream stays small [D]."""
SPEED_MAX_KMH: Final = 400.0
"""Beyond is a fault of the bus [D]."""


class FeedError(Exception):
    """The feed cannot be opened or was lost; trying again may help. The message says what and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")


class Reading(NamedTuple):
    """What one message told; None is not told."""

    speed_kmh: float | None = None
    ignition: bool | None = None
    location: tuple[float, float] | None = None
    """Latitude and longitude, degrees; told with a speed."""
    driver: str | None = None
    """Token of whoever drives."""


class Feed(Protocol):
    """One way to ask a vehicle. Used by one thread."""

    name: str
    """`can`, `obd`, `gpsd` or `gpio`: the source of the speed in alerts."""

    def open(self) -> None:
        """Connect. Raises `FeedError`."""

    def read(self, timeout_s: float) -> Reading | None:
        """Return what came, None when nothing of use came within `timeout_s`. Raises `FeedError` when it is lost."""

    def silence(self) -> str:
        """Say why nothing may be coming, and what to look at."""

    def close(self) -> None:
        """Disconnect; harmless when repeated or never opened."""


class LiveVehicle:
    """Reads a feed in a thread of its own and hands on what is new and fresh. Nothing that comes can end it."""

    def __init__(
        self,
        feed: Feed,
        clock: Clock | None = None,
        *,
        fresh_s: float = 2.0,
        retry_s: tuple[float, float] = (1.0, 30.0),
    ) -> None:
        """`fresh_s` is how old a reading may be; `retry_s` are the first and the longest wait for a new connection."""
        self._feed = feed
        self._clock: Clock = clock or SystemClock()
        self._fresh_ns = round(fresh_s * NS_PER_S)
        self._retry_s = retry_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vehicle", daemon=True)
        self._speed: tuple[float, int] | None = None
        self._location: tuple[float, float] | None = None
        self._ignition: tuple[bool, int] | None = None
        self._driver: str | None = None
        self._told_speed_ns = 0
        self._told_ignition: bool | None = None
        self._told_ns: int | None = None
        self._stamp_ns: int | None = None
        self._trouble: Trouble | None = None
        self._complained = ""
        self._heard = False
        """Anything since the feed was last opened."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def driver_token(self) -> str | None:
        """Who was named last."""
        return self._driver

    @property
    def trouble(self) -> Trouble | None:
        """What ails the feed."""
        return self._trouble

    def poll(self, t_ns: int) -> VehicleSample | None:
        """Return a new speed at most twice a second, a change of the ignition at once."""
        now_ns = self._clock.monotonic_ns()
        speed, ignition = self._speed, self._ignition
        on = ignition[0] if ignition is not None and now_ns - ignition[1] <= self._fresh_ns else None
        due = self._told_ns is None or now_ns - self._told_ns >= TELL_NS
        if speed is not None and speed[1] > self._told_speed_ns and due and now_ns - speed[1] <= self._fresh_ns:
            self._told_speed_ns = speed[1]
            return self._tell(t_ns, now_ns, speed[1], speed[0], on)
        if on is not None and ignition is not None and (due or on is not self._told_ignition):
            return self._tell(t_ns, now_ns, ignition[1], None, on)
        return None

    def close(self) -> None:
        """Stop the thread; it is not waited for longer than a reading takes."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(4 * READ_S)

    def _tell(
        self, t_ns: int, now_ns: int, read_ns: int, speed_kmh: float | None, ignition: bool | None
    ) -> VehicleSample:
        # The frame's stamp and our clock may differ; the age of the reading is the same on both.
        stamp_ns = t_ns - max(0, now_ns - read_ns)
        if self._stamp_ns is not None:
            stamp_ns = max(stamp_ns, self._stamp_ns)
        self._told_ns, self._told_ignition, self._stamp_ns = now_ns, ignition, stamp_ns
        return VehicleSample(
            t_ns=stamp_ns,
            speed_kmh=speed_kmh,
            ignition=ignition,
            speed_source=self._feed.name,
            location=None if speed_kmh is None else self._location,
        )

    def _run(self) -> None:
        first_s, longest_s = self._retry_s
        wait_s = first_s
        while not self._stop.is_set():
            self._heard = False
            try:
                self._feed.open()
                self._read()
            except FeedError as error:
                self._note(Trouble("vehicle_unreachable", str(error)))
            except Exception as error:  # noqa: BLE001 - whatever a driver throws: the vehicle is asked again
                self._note(Trouble("vehicle_failed", f"{self._feed.name}: {type(error).__name__}: {error}"), error)
            self._disconnect()
            if self._heard:
                wait_s = first_s
            if self._clock.wait(self._stop, wait_s):
                return
            wait_s = min(2 * wait_s, longest_s)

    def _read(self) -> None:
        heard_ns = self._clock.monotonic_ns()
        while not self._stop.is_set():
            reading = self._feed.read(READ_S)
            now_ns = self._clock.monotonic_ns()
            if reading is not None and self._take(reading, now_ns):
                heard_ns = now_ns
                self._heard = True
                self._note(None)
            elif now_ns - heard_ns > self._fresh_ns:
                self._note(Trouble("vehicle_silent", self._feed.silence()))

    def _disconnect(self) -> None:
        try:
            self._feed.close()
        except Exception:
            logger.debug("vehicle: %s did not close", self._feed.name, exc_info=True)

    def _take(self, reading: Reading, now_ns: int) -> bool:
        speed = reading.speed_kmh
        if speed is not None and 0.0 <= speed <= SPEED_MAX_KMH:
            self._location = reading.location
            self._speed = (round(speed, 2), now_ns)
        else:
            speed = None
        if reading.ignition is not None:
            self._ignition = (reading.ignition, now_ns)
        if reading.driver is not None:
            self._driver = reading.driver
        return speed is not None or reading.ignition is not None

    def _note(self, trouble: Trouble | None, error: Exception | None = None) -> None:
        """Keep what ails it, and say it in the log when it changes."""
        self._trouble = trouble
        said = "" if trouble is None else trouble.fault
        if said == self._complained:
            return
        self._complained = said
        if trouble is None:
            logger.info("vehicle: %s tells", self._feed.name)
        else:
            logger.warning("vehicle: %s", trouble.reason, exc_info=error)
