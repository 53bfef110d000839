"""Two weeks without a network, on a clock that the test turns: the disk keeps its bound, and what went is counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge.config.schema import Mqtt, Outbox
from edge.uplink.messages import Health
from edge.uplink.worker import Uplink
from tests.support.arrivals import Arrivals
from tests.support.brokers import HOST, Fleet, Mosquitto, wait_for
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

if TYPE_CHECKING:
    from pathlib import Path

    from edge.types import AlertChange
    from tests.support.figures import Figures

DAYS = 14
STEP_S = 600.0
STEPS_A_DAY = round(86_400 / STEP_S)
BATCH = 20
"""Messages in each ten minutes, day and night: far more than a driver gives, so that the bound is met."""
URGENT_EVERY = 10
MAX_MB = 8.0


def closed(number: int) -> AlertChange:
    if number % URGENT_EVERY == 0:
        return alert(f"microsleep-{number}", "closed")
    return alert(f"eyes_closed-{number}", "closed", kind="eyes_closed", level=1)


def size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


@pytest.mark.full
@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_two_weeks_offline(mosquitto: str, tmp_path: Path, figure: Figures) -> None:
    """The daemon's uplink, started anew every day, against a port where nobody listens; then the network is back."""
    broker, clock = Mosquitto(mosquitto, tmp_path / "broker"), SetClock()
    state_dir = tmp_path / "state"
    raised = urgent = largest = 0

    def begin() -> Uplink:
        mqtt = Mqtt(host=HOST, port=broker.port, keepalive_s=5)
        uplink = Uplink(mqtt, Outbox(max_mb=MAX_MB), state_dir=state_dir, info=INFO, clock=clock)
        uplink.start()
        return uplink

    for _ in range(DAYS):
        uplink = begin()
        for _ in range(STEPS_A_DAY):
            for number in range(raised, raised + BATCH):
                assert uplink.offer_alert(closed(number), CONTEXT)
                urgent += number % URGENT_EVERY == 0
            raised += BATCH
            clock.advance(STEP_S)
            # Memory holds a few hundred at most: each ten minutes are on the disk before the next begin.
            assert wait_for(lambda uplink=uplink: uplink._alerts.empty() and not uplink._keeper.pending)
            largest = max(largest, size_bytes(state_dir))
        uplink.stop(0.0)
    uplink = begin()
    broker.start()
    fleet = Fleet(broker.port).ready()

    def delivered() -> bool:
        clock.advance(0.2)  # the backlog's rate is counted by this clock
        uplink.offer_health(Health(camera="ok"))
        return uplink.counters().connected and not uplink.counters().outbox_depth

    assert wait_for(delivered, 300.0), uplink.counters()
    dropped_urgent, dropped_lesser = uplink.counters().dropped_critical, uplink.counters().dropped_info
    uplink.stop(5.0)
    arrivals = Arrivals(fleet.of("alert"))
    health = json.loads(fleet.of("health")[-1])["outbox"]
    fleet.close()
    broker.close()
    arrived_urgent = sum(data["kind"] == "microsleep" for data in arrivals.first)
    gaps = raised - len({data["seq"] for data in arrivals.first})
    figure("offline", "simulated days without a network", DAYS, unit="days", at_least=14)
    figure("offline", "messages raised", raised, unit="messages")
    figure("offline", "largest size on disk", round(largest / 2**20, 3), unit="MiB", at_most=MAX_MB)
    figure("offline", "urgent messages lost", urgent - arrived_urgent, at_most=0)
    figure("offline", "lesser messages dropped for want of space", dropped_lesser, at_least=1)
    figure("offline", "dropped and not counted, or counted and not dropped", abs(dropped_lesser - gaps), at_most=0)
    assert (health["dropped_info"], health["dropped_critical"]) == (dropped_lesser, dropped_urgent) == (gaps, 0)
    assert arrivals.disorder == 0
    assert all(data["replayed"] for data in arrivals.first)
