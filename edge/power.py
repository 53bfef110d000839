"""The board goes off some time after the ignition, so that it does not empty the vehicle's battery.

The daemon has no right to switch a board off: it ends in good order and leaves a file that says so, and a small unit
of the service manager, which has the right, acts on it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge.runtime.clock import NS_PER_S
from edge.runtime.safe_file import replace_file
from edge.types import VehicleSample

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.schema import Power
    from edge.runtime.clock import Clock
    from edge.types import Decision, StreamMember

logger = logging.getLogger(__name__)

FILE_NAME: Final = "poweroff"
"""In the state directory; `edge-dms-poweroff.path` waits for it."""


class IgnitionWatch:
    """An outlet that remembers since when the ignition is off, and knows when that is long enough."""

    def __init__(self, settings: Power, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._off_since_ns: int | None = None

    def on_member(self, member: StreamMember) -> None:
        """Look at the ignition. A bus that falls asleep with the engine leaves it off: only `on` takes it back."""
        if not isinstance(member, VehicleSample) or member.ignition is None:
            return
        if member.ignition:
            self._off_since_ns = None
        elif self._off_since_ns is None:
            self._off_since_ns = self._clock.monotonic_ns()

    def on_decision(self, decision: Decision) -> None:
        """Take no heed of decisions."""

    def is_over(self) -> bool:
        """Tell whether the board is to go off now. From any thread."""
        since_ns = self._off_since_ns
        if not self._settings.off_with_ignition or since_ns is None:
            return False
        return self._clock.monotonic_ns() - since_ns >= self._settings.grace_s * NS_PER_S


def ask_for_poweroff(state_dir: Path) -> None:
    """Leave the file that the service manager waits for; a disk that refuses is only logged."""
    try:
        replace_file(state_dir / FILE_NAME, b"the ignition is off\n")
    except OSError as error:
        logger.warning("the board stays on: %s cannot be written: %s", state_dir / FILE_NAME, error.strerror)


def take_back(state_dir: Path) -> None:
    """Remove what an earlier life left, so that a start never switches the board off."""
    try:
        (state_dir / FILE_NAME).unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s cannot be removed: %s", state_dir / FILE_NAME, error.strerror)
