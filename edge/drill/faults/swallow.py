"""A black hole: the line takes everything and answers nothing, with no reset, as a mobile network does out of range.

Only the missing answers say so. The broker tells the fleet with the last will, the daemon gives the connection up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.bench import KEEP_ALIVE_S
from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.unheard import unheard_alert
from edge.uplink.link import STALL_S, STALL_TOLD_S

if TYPE_CHECKING:
    from edge.drill.bench import Bench
    from edge.drill.fleet_side import Arrival

OFFLINE_S: Final = 1.5 * KEEP_ALIVE_S + 8.0
"""One and a half keep-alives after the last message [MQTT 5, 3.1.2.10]; brokers look for it every few seconds [D]."""
BACK_S: Final = 15.0
"""[S: MQTT thread: recovered within 15 s, fault `mqtt_stalled` seen]"""
LASTS_S: Final = STALL_S + 4.0
"""The connection has been given up by then: the first message without an answer goes within a second or two."""
STALLED: Final = "mqtt_stalled"


def strike(bench: Bench) -> Measured:
    """Let the line swallow, cover the lens and uncover it, mend the line: all arrives, and that it had stalled."""
    with unheard_alert(bench, bench.line.swallow) as alert:
        offline = bench.arrival(alert.begun_ns, 3 * OFFLINE_S, _is_offline, "the fleet was told `offline`")
        bench.mend()
        bench.hold(alert.begun_ns, LASTS_S)
    bench.recovered(alert.mended_ns, BACK_S)
    stalled_s = bench.fault_told(STALLED, alert.mended_ns, BACK_S)
    over = bench.arrival(
        alert.mended_ns + int(stalled_s * 1e9),
        BACK_S + STALL_TOLD_S,
        lambda one: one.name == "health" and STALLED not in one.document.get("faults", ()),
        f"health no longer said {STALLED}",
    )
    return Measured((offline.t_ns - alert.begun_ns) / 1e9, (over.t_ns - alert.mended_ns) / 1e9, bench.lost())


def _is_offline(arrival: Arrival) -> bool:
    return arrival.name == "status" and arrival.document.get("status") == "offline"


FAULT: Final = Fault("swallow", Limits(OFFLINE_S, BACK_S), strike)
