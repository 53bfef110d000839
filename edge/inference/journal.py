"""The crash journal: a delegate that took the whole process down is not tried again at once.

A driver library may abort the process, at its first invoke or hours later, and then no exception handler runs. So its
name is on disk while it is tried and for as long as it is used: a name that nobody holds any more is the culprit.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from edge.runtime.safe_file import replace_file

RETRY_AFTER_S: Final = 600.0
"""A bus or power fault may pass; ten minutes keep a restart loop out of it [D]."""
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
"""Differs from one boot of the kernel to the next."""
TRIED: Final = b"tried"


class CrashJournal:
    """One small file for each delegate, in the daemon's state folder, locked by the process that tries or uses it.

    The kernel drops the lock however the process ends; the file goes only when it ends well. A folder that cannot be
    written switches the journal off: it protects the daemon, it must not stop it.
    """

    def __init__(self, state_dir: str | Path) -> None:
        self._folder = Path(state_dir)
        self._locks: dict[str, int] = {}
        """Descriptor of each file that is ours."""
        self._used: set[str] = set()

    def _file(self, delegate: str) -> Path:
        return self._folder / f"trying-{delegate}"

    def blocks(self, delegate: str) -> bool:
        """Tell whether a process died with this delegate after it began with it less than ten minutes ago."""
        if delegate in self._locks:
            return False
        try:
            descriptor = os.open(self._file(delegate), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # Wall time: the file outlives a reboot. A clock set back must not block for ever, hence the lower bound.
            if not 0.0 <= time.time() - os.fstat(descriptor).st_mtime < RETRY_AFTER_S:
                return False
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            # A trial may draw the current that resets the board. One in use that ended with its boot was switched off
            # like everything else.
            return os.read(descriptor, 64) in {TRIED, _boot_id()}
        except OSError:
            return False  # a living process holds it
        finally:
            os.close(descriptor)

    def about_to_try(self, delegate: str) -> None:
        """Note that this delegate is tried now."""
        if delegate not in self._locks:
            self._note(delegate, TRIED)

    def survived(self, delegate: str) -> None:
        """Note that the trial came back, well or badly; what is in use stays noted."""
        if delegate not in self._used:
            self._forget(delegate)

    def uses(self, delegate: str) -> None:
        """Note that a network runs on this delegate from now on, until `close`."""
        if delegate not in self._used:
            self._used.add(delegate)
            self._note(delegate, _boot_id())

    def close(self) -> None:
        """Note that the process ends well, and no delegate is to blame."""
        self._used.clear()
        for delegate in tuple(self._locks):
            self._forget(delegate)

    def _note(self, delegate: str, state: bytes) -> None:
        try:
            replace_file(self._file(delegate), state)
            descriptor = os.open(self._file(delegate), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._release(delegate)
        self._locks[delegate] = descriptor

    def _forget(self, delegate: str) -> None:
        with contextlib.suppress(OSError):
            self._file(delegate).unlink(missing_ok=True)
        self._release(delegate)

    def _release(self, delegate: str) -> None:
        descriptor = self._locks.pop(delegate, None)
        if descriptor is not None:
            os.close(descriptor)


def _boot_id() -> bytes:
    try:
        return BOOT_ID.read_bytes().strip()
    except OSError:
        return TRIED
