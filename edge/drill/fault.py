"""What a fault is to the drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.drill.bench import Bench
    from edge.drill.outcome import Limits, Measured


def _nothing() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, on purpose."""

    name: str
    """In `edge.drill.names`."""
    limits: Limits
    strike: Callable[[Bench], Measured]
    """Puts the fault in, waits for what must be told, takes it out, waits until all is well. Leaves the bench well.

    Raises `NotDoneError` when something does not happen at all.
    """
    missing: Callable[[], str | None] = _nothing
    """Says in one sentence why it cannot be done on this machine; None: it can."""
