"""The process is gone from one moment to the next, with alerts that nobody has yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.unheard import unheard_alert

if TYPE_CHECKING:
    from edge.drill.bench import Bench

RESTARTED_S: Final = 10.0
"""As a camera that was lost: watching again within 10 s, its process included [S]."""
DELIVERED_S: Final = 15.0
COMMITTED_S: Final = 3.0
"""After the warning in the cab the alert is on the disk in milliseconds, on a slow card in a second or two [D]."""


def strike(bench: Bench) -> Measured:
    """With the line cut and an alert open, kill -9, start anew as the service manager would, mend the line."""
    with unheard_alert(bench, bench.line.refuse) as alert:
        bench.hold(time.monotonic_ns(), COMMITTED_S)
        bench.daemon.kill()
        recovery_s = bench.start()
    bench.recovered(alert.mended_ns, DELIVERED_S)
    return Measured(None, recovery_s, bench.lost())


FAULT: Final = Fault("kill", Limits(None, RESTARTED_S), strike)
