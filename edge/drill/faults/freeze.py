"""A driver that hands out the same buffer again and again, with new stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.wire import Order

if TYPE_CHECKING:
    from edge.drill.bench import Bench

TOLD_S: Final = 3.0
BACK_S: Final = 3.0
"""[S: spoilt pictures: right state within 3 s, back within 3 s]"""
LASTS_S: Final = 4.0


def strike(bench: Bench) -> Measured:
    """Freeze the picture and let it move again."""
    latency_s, recovery_s = bench.alarm(Order(camera="freeze"), (TOLD_S, BACK_S), LASTS_S)
    return Measured(latency_s, recovery_s, bench.lost())


FAULT: Final = Fault("freeze", Limits(TOLD_S, BACK_S), strike)
