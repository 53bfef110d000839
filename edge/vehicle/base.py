"""Where speed and ignition come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    from edge.types import VehicleSample

SAMPLE_PERIOD_NS: Final = 1_000_000_000
"""One reading a second: what GNSS receivers give, and finer than any rule asks for [D]."""


@runtime_checkable
class VehicleSource(Protocol):
    """Asked by the pipeline on every frame and tick."""

    def poll(self, t_ns: int) -> VehicleSample | None:
        """Return the reading that is due at stamp `t_ns`, None when none is; never waits."""

    def close(self) -> None:
        """Release what it holds; harmless when repeated."""


class SampleClock:
    """Says once a second of stream time that a sample is due."""

    def __init__(self) -> None:
        self._last_ns: int | None = None

    def due(self, t_ns: int) -> bool:
        """Return True at the first stamp of each second since the very first; time that ran back starts anew."""
        if self._last_ns is None or t_ns < self._last_ns:
            self._last_ns = t_ns
            return True
        elapsed_ns = t_ns - self._last_ns
        if elapsed_ns < SAMPLE_PERIOD_NS:
            return False
        # From the schedule and not from the frame, so that frames a little late do not slow the rate.
        self._last_ns = t_ns - elapsed_ns % SAMPLE_PERIOD_NS
        return True
