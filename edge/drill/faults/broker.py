"""No network: the cab is warned all the same, and what was not delivered follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.wire import Order

if TYPE_CHECKING:
    from edge.drill.bench import Bench

TOLD_S: Final = 3.0
BACK_S: Final = 15.0
"""[S: MQTT thread: recovered within 15 s]"""
LASTS_S: Final = 4.0


def strike(bench: Bench) -> Measured:
    """Cut the line, cover the lens, uncover it, mend the line: the alert arrives."""
    bench.calm()
    bench.line.refuse()
    try:
        begun_ns = bench.daemon.order(Order(camera="cover"))
        latency_s = bench.told(begun_ns, TOLD_S)
        bench.hold(begun_ns, LASTS_S)
        back_ns = bench.mend()
        bench.hold(back_ns, LASTS_S / 2)
    finally:
        mended_ns = bench.line.mend()
    recovery_s = bench.recovered(mended_ns, BACK_S)
    return Measured(latency_s, recovery_s, bench.lost())


FAULT: Final = Fault("broker", Limits(TOLD_S, BACK_S), strike)
