"""What the fleet can move in the daemon: the driver's button, thresholds, the state's heartbeat, a restart, a purge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.types import BaselineChange, Button, SettingsChange

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class FleetHands:
    """Hands of the uplink's thread; whatever they move happens in the thread that owns it."""

    put: Callable[[Button | SettingsChange | BaselineChange], None]
    """Puts a member into the stream of the pipeline, which stamps it: a recording then holds it too."""
    follow: Callable[[float], None]
    restart_daemon: Callable[[], None]
    purge_drivers: Callable[[], int]
    purge_recordings: Callable[[], int]

    def press(self, *, wrong: bool, key: str | None = None) -> None:
        """Answer the alert of a key or the one that sounds, as somebody who is not in the cab."""
        self.put(Button(t_ns=0, name="wrong" if wrong else "ack", key=key, remote=True))

    def change_rules(self, changes: dict[str, Any]) -> None:
        """Put changed thresholds, dotted key to value, into the stream."""
        self.put(SettingsChange(t_ns=0, changes=changes))

    def follow_state(self, for_s: float) -> None:
        """Judge the state once a second for so long."""
        self.follow(for_s)

    def restart(self) -> None:
        """End the daemon in good order and start it anew."""
        self.restart_daemon()

    def purge(self) -> dict[str, int]:
        """Forget every driver, the one at the wheel too, and delete the recordings; return how many of each.

        Raises `OSError`. May take as long as two recordings need to begin anew.
        """
        drivers = self.purge_drivers()
        self.put(BaselineChange(t_ns=0, action="restore"))
        return {"drivers": drivers, "recordings": self.purge_recordings()}
