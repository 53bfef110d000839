"""Frames that stop without an error, as after a shaken ribbon cable; opened again, the camera delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.wire import Order

if TYPE_CHECKING:
    from edge.drill.bench import Bench

TOLD_S: Final = 3.0
BACK_S: Final = 10.0
"""[S: camera frames stop: the driver is told within 3 s, recovered within 10 s]"""
LASTS_S: Final = 4.0


def strike(bench: Bench) -> Measured:
    """Hold all frames back; the daemon loses the camera and opens it again."""
    latency_s, recovery_s = bench.alarm(Order(camera="stall"), (TOLD_S, BACK_S), LASTS_S)
    return Measured(latency_s, recovery_s, bench.lost())


FAULT: Final = Fault("stall", Limits(TOLD_S, BACK_S), strike)
