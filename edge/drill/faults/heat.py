"""A board behind the windscreen in summer: too hot to watch, and the driver must know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.bench import COOL_C
from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.runtime.cadence import SETTLE_NS

if TYPE_CHECKING:
    from edge.drill.bench import Bench

ABOVE_C: Final = 2.0
TOLD_S: Final = 3.0
BACK_S: Final = 20.0
"""The cadence changes once in 10 s, and half of the 10 s in which the driver is judged observable must be seen [D]."""
NS_PER_S: Final = 1_000_000_000


def strike(bench: Bench) -> Measured:
    """Let the processor be hotter than it may be, then cool."""
    bench.calm()
    try:
        begun_ns = bench.temperature(bench.config.heat.stop_above_c + ABOVE_C)
        latency_s = bench.told(begun_ns, TOLD_S)
        bench.fault_told("camera_thermal", begun_ns, 3 * TOLD_S)
    finally:
        ended_ns = bench.temperature(COOL_C)
    recovery_s = bench.recovered(ended_ns, BACK_S)
    # The next one is to begin with a cadence that may change.
    bench.hold(ended_ns, SETTLE_NS / NS_PER_S + recovery_s)
    return Measured(latency_s, recovery_s, bench.lost())


FAULT: Final = Fault("heat", Limits(TOLD_S, BACK_S), strike)
