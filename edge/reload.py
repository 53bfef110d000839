"""The vehicle's file read again on SIGHUP: thresholds change at once, the rest at a start, a mistake nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.effective import differences
from edge.config.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Config

logger = logging.getLogger(__name__)

REFUSED = "config_refused"
RESTART_NEEDED = "config_restart_needed"


class ConfigReload:
    """Knows what runs, and lays what the file says now over it. Belongs to the main thread."""

    def __init__(
        self,
        running: Config,
        read: Callable[[], Config],
        change_rules: Callable[[dict[str, Any]], None],
        tell: Callable[[Config], None],
    ) -> None:
        """`read` reads the file anew and raises `ConfigError`; `tell` hears what runs after a change."""
        self.running = running
        self._read = read
        self._change_rules = change_rules
        self._tell = tell
        self._refused = False
        self.waiting: tuple[str, ...] = ()
        """Changed keys that wait for the next start."""

    def faults(self) -> list[str]:
        """Return what health shall say of it."""
        return [REFUSED] * self._refused + [RESTART_NEEDED] * bool(self.waiting)

    def again(self) -> str:
        """Read the file, take what can be taken, and return one line for the service manager."""
        try:
            written = self._read()
        except ConfigError as error:
            self._refused = True
            return self._refusal(error)
        self._refused = False
        found = differences(self.running, written)
        # A profile is the ground under all thresholds: it changes with its name, as a whole, at a start.
        whole = any(one.key == "profile" for one in found)
        at_once = {one.key: one.after for one in found if one.takes_effect == "live" and not whole}
        self.waiting = tuple(one.key for one in found if one.key not in at_once)
        if at_once:
            self._change_rules(at_once)
            rules = msgspec.structs.replace(written.rules, zones=self.running.rules.zones)
            self.running = msgspec.structs.replace(self.running, rules=rules)
            self._tell(self.running)
        told = []
        if at_once:
            told.append(f"in force now: {', '.join(at_once)}")
        if self.waiting:
            told.append(f"waiting for a restart: {', '.join(self.waiting)}")
        return self._said("; ".join(told) or "nothing differs")

    def _refusal(self, error: ConfigError) -> str:
        for problem in error.problems:
            logger.error("configuration: %s", problem)
        count = len(error.problems)
        what = f"refused for {count} problem{'s' if count > 1 else ''}; the running one is kept"
        return self._said(what, bad=True)

    def _said(self, what: str, *, bad: bool = False) -> str:
        line = f"configuration read again: {what}"
        logger.log(logging.ERROR if bad else logging.INFO, "%s", line)
        return line
