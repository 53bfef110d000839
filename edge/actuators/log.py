"""Warnings as lines of the log: for a desk without a buzzer, and as a trace beside one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.types import AlertKind, Level

logger = logging.getLogger(__name__)


class LogActuator:
    """Writes each start and stop; from level 3 on as a warning."""

    name = "log"
    note: str | None = None

    def __init__(self) -> None:
        self._playing = False

    def gives(self, level: Level) -> bool:  # noqa: ARG002 - no level reaches him
        """Return False: the driver does not read the log."""
        return False

    def open(self) -> None:
        """Nothing to take."""

    def start(self, level: Level, kind: AlertKind) -> None:
        """Write the level and the kind."""
        self._playing = True
        logger.log(logging.WARNING if level >= 3 else logging.INFO, "cab warning: level %d, %s", level, kind)

    def stop(self) -> None:
        """Write the end of what was started."""
        if self._playing:
            self._playing = False
            logger.info("cab warning: silent")

    def test(self) -> None:
        """Write that warnings would stand here."""
        logger.info("cab warnings are written to this log")

    def check(self) -> bool:
        """Nothing plays on."""
        return False

    def close(self) -> None:
        """Write the end of what was started."""
        self.stop()
