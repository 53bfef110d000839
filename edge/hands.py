"""What the fleet can move in the daemon: the driver's button, thresholds, the heartbeat of the state, a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.types import Button, SettingsChange

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class FleetHands:
    """Hands of the uplink's thread; whatever they move happens in the thread that owns it."""

    put: Callable[[Button | SettingsChange], None]
    """Puts a member into the stream of the pipeline, which stamps it: a recording then holds it too."""
    follow: Callable[[float], None]
    restart_daemon: Callable[[], None]

    def press(self, *, wrong: bool, key: str | None = None) -> None:
        """Do as the driver's button would, for the alert of a key or the one that sounds."""
        self.put(Button(t_ns=0, name="wrong" if wrong else "ack", key=key))

    def change_rules(self, changes: dict[str, Any]) -> None:
        """Put changed thresholds, dotted key to value, into the stream."""
        self.put(SettingsChange(t_ns=0, changes=changes))

    def follow_state(self, for_s: float) -> None:
        """Judge the state once a second for so long."""
        self.follow(for_s)

    def restart(self) -> None:
        """End the daemon in good order and start it anew."""
        self.restart_daemon()
