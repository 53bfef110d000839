"""No network: the cab is warned all the same, and what was not delivered follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.unheard import TOLD_S, unheard_alert

if TYPE_CHECKING:
    from edge.drill.bench import Bench

BACK_S: Final = 15.0
"""[S: MQTT thread: recovered within 15 s]"""
LASTS_S: Final = 4.0


def strike(bench: Bench) -> Measured:
    """Cut the line, cover the lens, uncover it, mend the line: the alert arrives."""
    with unheard_alert(bench, bench.line.refuse) as alert:
        bench.hold(alert.begun_ns, LASTS_S)
        bench.hold(bench.mend(), LASTS_S / 2)
    recovery_s = bench.recovered(alert.mended_ns, BACK_S)
    return Measured(alert.told_s, recovery_s, bench.lost())


FAULT: Final = Fault("broker", Limits(TOLD_S, BACK_S), strike)
