"""The crash journal: a delegate that took the whole process down is not tried again at once.

A driver library may abort the process, and then no exception handler runs. So its name is on disk while it is being
tried, and a name that is still there at the next start is the culprit.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRY_AFTER_S: Final = 600.0
"""A bus or power fault may pass; ten minutes keep a restart loop out of it [D]."""


class CrashJournal:
    """One small file for each delegate under trial, in the daemon's state folder.

    A folder that cannot be written switches the journal off: it protects the daemon, it must not stop it.
    """

    def __init__(self, state_dir: str | Path) -> None:
        self._folder = Path(state_dir)

    def _file(self, delegate: str) -> Path:
        return self._folder / f"trying-{delegate}"

    def blocks(self, delegate: str) -> bool:
        """Tell whether a trial of this delegate never came back, less than ten minutes ago."""
        try:
            written = self._file(delegate).stat().st_mtime
        except OSError:
            return False
        # Wall time: the file outlives a reboot. A clock set back must not block for ever, hence the lower bound.
        return 0.0 <= time.time() - written < RETRY_AFTER_S

    def about_to_try(self, delegate: str) -> None:
        """Note that this delegate is tried now."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(delegate).write_text(f"about to try delegate {delegate}\n", encoding="utf-8")
        except OSError:
            return

    @contextlib.contextmanager
    def trial(self, delegate: str) -> Iterator[None]:
        """Keep the note for as long as the delegate is tried, however the trial ends."""
        self.about_to_try(delegate)
        try:
            yield
        finally:
            self.survived(delegate)

    def survived(self, delegate: str) -> None:
        """Note that the trial came back, well or badly."""
        try:
            self._file(delegate).unlink(missing_ok=True)
        except OSError:
            return
