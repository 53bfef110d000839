"""What the uplink has done so far, and how its end went: numbers for whoever asks from outside."""

from __future__ import annotations

import msgspec


class UplinkCounters(msgspec.Struct, frozen=True):
    """What the uplink has done so far."""

    connected: bool = False
    outbox_depth: int = 0
    """Alert messages that wait for the broker."""
    pending: int = 0
    """Alert messages that are not on disk yet."""
    delivered: int = 0
    """Alert messages the broker has accepted since the start."""
    dropped_info: int = 0
    dropped_critical: int = 0
    dropped_queue_full: int = 0
    reconnects: int = 0
    last_ack_age_s: float | None = None
    """Since the broker last answered; None: never."""
    waiting_for_subscriber: bool = False
    """The broker refuses alerts for now: nobody is subscribed, or it does not let us."""
    faults: tuple[str, ...] = ()
    progress: int = 0
    """Rises while the thread lives: what the watchdog looks at."""


class DrainResult(msgspec.Struct, frozen=True):
    """How the end went."""

    delivered: int
    """Alert messages accepted by the broker since the start."""
    left: int
    """Alert messages that stay on disk for the next start."""
    clean: bool
    """The broker took `offline` and the goodbye; False: its last will speaks."""
