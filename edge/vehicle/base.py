"""Where speed and ignition come from: the contract of a source, and how it says what ails it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from edge.types import VehicleSample

SAMPLE_PERIOD_NS: Final = 1_000_000_000
"""One reading a second: what GNSS receivers give, and finer than any rule on speed asks for [D]."""


class Trouble(NamedTuple):
    """Why a source tells nothing now."""

    fault: str
    """For health: `vehicle_unreachable`, `vehicle_silent` or `vehicle_failed`."""
    reason: str
    """What happened and what to do, in words."""


@runtime_checkable
class VehicleSource(Protocol):
    """Asked by the pipeline on every frame and tick. No method raises, whatever the vehicle sends."""

    def start(self) -> None:
        """Begin to read; once only."""

    def poll(self, t_ns: int) -> VehicleSample | None:
        """Return what is new at stamp `t_ns`, with the stamp of its reading; None when nothing is. Never waits."""

    @property
    def driver_token(self) -> str | None:
        """Whoever drives, as the vehicle tells him apart from others; means nothing here. None: not told."""

    @property
    def trouble(self) -> Trouble | None:
        """What ails the source; None while it tells what it is asked for."""

    def close(self) -> None:
        """Stop and release what it holds; harmless when repeated."""


class SampleClock:
    """Says once a period of stream time that a sample is due."""

    def __init__(self, period_ns: int = SAMPLE_PERIOD_NS) -> None:
        self._period_ns = period_ns
        self._last_ns: int | None = None

    def due(self, t_ns: int) -> bool:
        """Return True at the first stamp of each period since the very first; time that ran back starts anew."""
        if self._last_ns is None or t_ns < self._last_ns:
            self._last_ns = t_ns
            return True
        elapsed_ns = t_ns - self._last_ns
        if elapsed_ns < self._period_ns:
            return False
        # From the schedule and not from the frame, so that frames a little late do not slow the rate.
        self._last_ns = t_ns - elapsed_ns % self._period_ns
        return True
