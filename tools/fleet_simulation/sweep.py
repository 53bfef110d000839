"""What one broker on this machine bears: steady load, a restart and a backlog, for fleets of rising size."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from fleet_simulation.broker import own_broker
from fleet_simulation.crowd import RAMP_PER_S, Crowd, Plan
from fleet_simulation.drive import NS_PER_S
from fleet_simulation.listener import Listener
from fleet_simulation.tally import missing, outcome
from fleet_simulation.vehicle import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_simulation.broker import OwnBroker
    from fleet_simulation.drive import Drive

SIZES: Final = (100, 1_000, 5_000, 20_000)
RATE: Final = 300.0
"""Messages a second that are offered: of 5,000 vehicles in real time it would be 140 [D]."""
STEADY_S: Final = 40.0
DOWN_S: Final = 10.0
"""How long the broker is away."""
AFTER_S: Final = 45.0
MANY_EPISODES: Final = 60.0
"""Drives a day in the restart run, so that alerts wait when the broker comes back."""


@dataclass(frozen=True)
class Row:
    """The figures of one size."""

    vehicles: int
    messages_per_s: float
    broker_cpu_us_per_message: float
    broker_memory_mb: float
    p50_ms: float | None
    p99_ms: float | None
    alerts_lost: int
    states_lost: int
    """`state` goes out with QoS 0: a broker that ends forgets those it has not passed on."""
    duplicates: int
    back_after_s: float | None = None
    """From the broker's return until the last vehicle was connected again."""
    most_connects_per_s: int = 0
    waiting: int = 0
    """Alerts that had piled up when the broker came back."""
    drained_after_s: float | None = None
    """From the broker's return until none waited."""


def sweep(most: int, drive: Drive, say: Callable[[str], None], *, as_json: bool) -> int:
    """Measure every size up to `most`; print a table, or one JSON line a size. Returns 1 when an alert was lost."""
    lost = 0
    if not as_json:
        print(
            "| vehicles | messages/s | broker CPU a message | broker memory | latency p50, p99 "
            "| alerts lost, states lost, repeats | all back after | most connects in 1 s | backlog | drained after |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
    for vehicles in sorted({*(size for size in SIZES if size < most), most}):
        row = _measure(vehicles, drive, say)
        lost += row.alerts_lost
        print(json.dumps(asdict(row)) if as_json else _line(row), flush=True)
    return 1 if lost else 0


def _measure(vehicles: int, drive: Drive, say: Callable[[str], None]) -> Row:
    say(f"{vehicles} vehicles: steady")
    with own_broker() as broker:
        plan = _plan(vehicles, drive, STEADY_S + vehicles / RAMP_PER_S, episodes=Plan.episodes)
        listener = Listener(broker.address, plan.fleet)
        crowd = Crowd(plan, drive, broker.address)
        began_s, cpu_s = time.monotonic(), broker.cpu_s()
        crowd.run()
        took_s, cpu_s, memory_mb = time.monotonic() - began_s, broker.cpu_s() - cpu_s, broker.memory_mb()
        time.sleep(2.0)
        arrivals = list(listener.close())
    steady = outcome(crowd.sent, arrivals, vehicles=vehicles, days=plan.days)
    gone = missing(crowd.sent, (key for key, _ in arrivals))
    alerts = len(gone & crowd.sent.alerts)
    messages = crowd.sent.messages
    say(f"{vehicles} vehicles: restart")
    return _restart(
        vehicles,
        drive,
        Row(
            vehicles=vehicles,
            messages_per_s=round(messages / took_s, 1),
            broker_cpu_us_per_message=round(1e6 * cpu_s / messages, 1),
            broker_memory_mb=round(memory_mb, 1),
            p50_ms=steady.p50_ms,
            p99_ms=steady.p99_ms,
            alerts_lost=alerts,
            states_lost=len(gone) - alerts,
            duplicates=steady.duplicates,
        ),
    )


class _Restart:
    """Takes the broker away and brings it back, once a second at most; notes what piled up and when it was gone."""

    def __init__(self, crowd: Crowd, broker: OwnBroker, at_s: float) -> None:
        self._crowd, self._broker = crowd, broker
        self._down_ns = time.monotonic_ns() + round(at_s * NS_PER_S)
        self._gone = False
        self.back_ns: int | None = None
        self.waiting = 0
        self.drained_ns: int | None = None

    def each_s(self, _done: int) -> None:
        """Look at the clock."""
        now_ns = time.monotonic_ns()
        if not self._gone and now_ns >= self._down_ns:
            self._gone = True
            self._broker.stop()
        elif self._gone and self.back_ns is None and now_ns >= self._down_ns + round(DOWN_S * NS_PER_S):
            self.waiting = sum(vehicle.waiting for vehicle in self._crowd.vehicles)
            self._broker.start()
            self.back_ns = time.monotonic_ns()
        elif self.back_ns is not None and self.drained_ns is None:
            held = [vehicle for vehicle in self._crowd.vehicles if not vehicle.done and not vehicle.connected]
            # New alerts are raised all the time: drained is when no more wait than are under way anyhow.
            late = sum(vehicle.waiting for vehicle in self._crowd.vehicles)
            if not held and late <= max(5, RATE / 20):
                self.drained_ns = now_ns


def _restart(vehicles: int, drive: Drive, row: Row) -> Row:
    """Add what a restart of the broker shows."""
    ramp_s = vehicles / RAMP_PER_S
    plan = _plan(vehicles, drive, ramp_s + 5.0 + DOWN_S + AFTER_S, episodes=MANY_EPISODES)
    with own_broker() as broker:
        listener = Listener(broker.address, plan.fleet)
        crowd = Crowd(plan, drive, broker.address)
        watch = _Restart(crowd, broker, ramp_s + 5.0)
        crowd.run(watch.each_s)
        time.sleep(2.0)
        arrivals = list(listener.close())
    result = outcome(crowd.sent, arrivals, vehicles=vehicles, days=plan.days)
    gone = missing(crowd.sent, (key for key, _ in arrivals))
    alerts = len(gone & crowd.sent.alerts)
    back_ns = watch.back_ns or time.monotonic_ns()
    returns = [min(late) for one in crowd.vehicles if (late := [t for t in one.connected_ns if t > back_ns])]
    seconds = Counter((at - back_ns) // NS_PER_S for at in returns)
    return replace(
        row,
        alerts_lost=row.alerts_lost + alerts,
        states_lost=row.states_lost + len(gone) - alerts,
        duplicates=row.duplicates + result.duplicates,
        back_after_s=round((max(returns) - back_ns) / NS_PER_S, 1) if returns else None,
        most_connects_per_s=max(seconds.values(), default=0),
        waiting=watch.waiting,
        drained_after_s=None if watch.drained_ns is None else round((watch.drained_ns - back_ns) / NS_PER_S, 1),
    )


def _plan(vehicles: int, drive: Drive, lasts_s: float, *, episodes: float) -> Plan:
    """Choose pace and days so that the run lasts so long and sends at the rate, greetings on top."""
    plan = Plan(vehicles, episodes=episodes, fleet="sweep", ramp_per_s=RAMP_PER_S)
    a_day = plan.messages(drive) - replace(plan, days=1e-9).messages(drive)
    pace = RATE * DAY_S / (vehicles * a_day)
    return replace(plan, pace=pace, days=lasts_s * pace / DAY_S)


def _line(row: Row) -> str:
    def seconds(value: float | None) -> str:
        return "not within the run" if value is None else f"{value:g} s"

    return (
        f"| {row.vehicles:,} | {row.messages_per_s:g} | {row.broker_cpu_us_per_message:g} µs | "
        f"{row.broker_memory_mb:g} MB | {row.p50_ms:g} ms, {row.p99_ms:g} ms | "
        f"{row.alerts_lost}, {row.states_lost}, {row.duplicates} | "
        f"{seconds(row.back_after_s)} | {row.most_connects_per_s} | {row.waiting} | {seconds(row.drained_after_s)} |"
    )
