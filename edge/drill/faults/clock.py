"""A board without a clock of its own, before and after the network tells the time: nothing but dates may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.wire import Order

if TYPE_CHECKING:
    from edge.drill.bench import Bench

DAY_S: Final = 86_400.0
JUMPS_S: Final = (3600.0, -DAY_S, -20_000 * DAY_S, 50 * 365.25 * DAY_S)
"""[S: clock jumps]"""
TOLD_S: Final = 3.0
BACK_S: Final = 3.0
LASTS_S: Final = 3.0


def strike(bench: Bench) -> Measured:
    """Set the wall clock wrong, and under each wrong time cover the lens; the slowest warning counts."""
    latencies, recoveries = [], []
    lost = 0
    for jump_s in JUMPS_S:
        bench.calm()
        begun_ns = bench.daemon.order(Order(camera="cover", wall_offset_s=jump_s))
        latencies.append(bench.told(begun_ns, TOLD_S))
        bench.hold(begun_ns, LASTS_S)
        # The camera is well again while the clock is still wrong.
        ended_ns = bench.daemon.order(Order(wall_offset_s=jump_s))
        recoveries.append(bench.recovered(ended_ns, BACK_S))
        lost += bench.lost()
    bench.mend()
    return Measured(max(latencies), max(recoveries), lost)


FAULT: Final = Fault("clock", Limits(TOLD_S, BACK_S), strike)
