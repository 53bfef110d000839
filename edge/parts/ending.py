"""Whether the daemon ends, and with what status."""

from __future__ import annotations

import threading
from typing import Final

OK: Final = 0
FAILED: Final = 1
RESTART: Final = -1
"""No exit status: the process is to begin anew, with other settings."""


class Ending:
    """Asked for from any thread, waited for by the main one. Once asked for it is not taken back."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._failed = self._restart = False

    def ask(self) -> None:
        """End in good order."""
        self._asked.set()

    def fail(self, *_: object) -> None:
        """End because something failed: the service manager starts it anew."""
        self._failed = True
        self._asked.set()

    def restart(self) -> None:
        """End in good order and begin anew."""
        self._restart = True
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Return True when the end was asked for, False after so many seconds."""
        return self._asked.wait(seconds)

    @property
    def status(self) -> int:
        """`OK`, `RESTART` or `FAILED`: a failure stands above all."""
        if self._failed:
            return FAILED
        return RESTART if self._restart else OK
