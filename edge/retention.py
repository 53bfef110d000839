"""Keeps files within their retention while the daemon runs: recordings, and what was damaged and put aside.

Messages that wait for the broker are the uplink's (`edge.uplink.expiry`), drivers their store's (`edge.drivers`).
Age is told by the wall clock, so nothing is deleted while no time service has set it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge.drivers.file import DAMAGED
from edge.drivers.file import FILE as DRIVERS_FILE
from edge.uplink.database import FILE_NAME as OUTBOX_FILE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from edge.config.schema import Retention
    from edge.recordings import RecordingList
    from edge.runtime.worker import Worker
    from edge.uplink.wallclock import Instant, WallClock

logger = logging.getLogger(__name__)

S_PER_DAY: Final = 86_400.0
NS_PER_S: Final = 1_000_000_000
EVERY_S: Final = 3600.0
"""Limits are days: an hour more is nothing [D]."""
WAIT_S: Final = 1.0
RETRY_S: Final = 60.0
"""While no clock is to be trusted [D]."""


class FileRetention:
    """Deletes files that are over."""

    def __init__(
        self,
        settings: Retention,
        state_dir: Path,
        recordings: RecordingList,
        clock: WallClock,
        *,
        running: Collection[Path] = (),
    ) -> None:
        """Take what is to be watched; `running` are recordings that are written now and begin anew by themselves."""
        self._settings = settings
        self._state_dir = state_dir
        self._recordings = recordings
        self._clock = clock
        self._running = running

    def enforce(self, now: Instant) -> int:
        """Delete what is over and return how many files went; nothing while the clock is not to be trusted."""
        if not now.synced:
            return 0
        now_s = now.wall_ns / NS_PER_S
        gone = self._recordings.expire(now_s, self._settings.recordings_days * S_PER_DAY, spared=self._running)
        for path in damaged_files(self._state_dir):
            try:
                if now_s - path.stat().st_mtime > self._settings.damaged_days * S_PER_DAY:
                    path.unlink()
                    gone += 1
            except OSError as error:
                logger.warning("%s cannot be deleted: %s", path, error.strerror)
        return gone

    def run(self, worker: Worker) -> None:
        """Look once an hour: the target of the thread."""
        due_s = 0.0
        while not worker.stopping:
            now = self._clock.now()
            if now.mono_ns / NS_PER_S >= due_s:
                self.enforce(now)
                due_s = now.mono_ns / NS_PER_S + (EVERY_S if now.synced else RETRY_S)
            worker.beat()
            worker.stop_event.wait(WAIT_S)


def damaged_files(state_dir: Path) -> list[Path]:
    """Return the files that were damaged and put aside."""
    found = [*state_dir.glob(f"{OUTBOX_FILE}*.damaged.*")]
    drivers = (state_dir / DRIVERS_FILE).with_suffix(DAMAGED)
    return [*found, drivers] if drivers.exists() else found


def day_of(now: Instant) -> int | None:
    """Return the number of days since 1970, None while the clock is not to be trusted."""
    return int(now.wall_ns // (S_PER_DAY * NS_PER_S)) if now.synced else None
