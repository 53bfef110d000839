"""What gives a warning in the cab, and how it may fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from edge.types import AlertKind, Level


class ActuatorError(Exception):
    """A warning cannot be given. The message says what happened and what to do about it."""


@runtime_checkable
class Actuator(Protocol):
    """One output, used by one thread. Any method may raise; the player isolates it from the others."""

    name: str
    """As it stands in health and in the log, for example `gpio`."""

    @property
    def note(self) -> str | None:
        """What is less than it should be although the output works, for example that no speech was rendered."""

    def gives(self, level: Level) -> bool:
        """Tell whether the driver sees or hears a warning of this level through it."""

    def open(self) -> None:
        """Take the hardware; called before anything else, and again after it failed."""

    def start(self, level: Level, kind: AlertKind) -> None:
        """Begin the pattern of a level (1 notice to 5 emergency), replacing the one that plays; returns at once."""

    def stop(self) -> None:
        """Fall silent; harmless when nothing plays."""

    def test(self) -> None:
        """Begin a short sign of life, seen and heard by the driver at the start of a drive; returns at once."""

    def check(self) -> bool:
        """Tell whether something that ends by itself still plays; raise when what was begun has failed meanwhile."""

    def close(self) -> None:
        """Fall silent and give the hardware back; harmless when it was never opened."""
