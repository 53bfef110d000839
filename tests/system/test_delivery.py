"""Every committed alert arrives, once after de-duplication, in order: a real broker, real kills."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.brokers import Fleet, Mosquitto, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

PUBLISHER = Path(__file__).with_name("publisher.py")
EPOCH = 1_000_000
"""Numbers of one life of the publisher start at a multiple of this."""


class Publisher:
    """The process that raises numbered alerts, over its several lives."""

    def __init__(self, port: int, folder: Path, rate: float) -> None:
        self.ledger = folder / "ledger"
        self._arguments = [str(port), str(folder / "state"), str(self.ledger), str(rate)]
        self._folder = folder
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, count: int = EPOCH) -> None:
        self._lives += 1
        with (self._folder / "publisher.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(PUBLISHER), *self._arguments, str(self._lives * EPOCH), str(count)],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def finish(self) -> int:
        """Ask for a regular end; return the exit status: 0 when the outbox is empty."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(40)
        self._process = None
        return status

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def committed(self) -> list[int]:
        return _numbers(self.ledger)

    def acknowledged(self) -> list[int]:
        """Row ids that the broker has answered for: from there on a loss is the broker's."""
        return _numbers(self.ledger.with_name(f"{self.ledger.name}.acknowledged"))


def _numbers(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(mosquitto, tmp_path / "broker")
    yield made
    made.close()


@pytest.fixture
def publisher(broker: Mosquitto, tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(broker.port, tmp_path, rate=50.0)
    yield made
    made.close()


class Arrivals:
    """What the fleet got, judged."""

    def __init__(self, payloads: list[bytes]) -> None:
        self.all = [json.loads(payload) for payload in payloads]
        first: dict[tuple[str, str], dict[str, Any]] = {}
        for event in self.all:
            first.setdefault((event["source"], event["id"]), event["data"])
        self.first = list(first.values())
        self.duplicates = len(self.all) - len(self.first)
        self.numbers = [
            round(item["value"]) for data in self.first for item in data.get("evidence", ()) if item["name"] == "number"
        ]


def judge(fleet: Fleet, publisher: Publisher, patience_s: float = 20.0, *, broker_kills: int = 0) -> Arrivals:
    """Hold the promise: until PUBACK it is ours, and nothing may be lost.

    mosquitto answers before it saves: a kill in those milliseconds takes a row along that it has acknowledged. No
    publisher can see that; at most one such row is forgiven a kill of the broker, and it is printed.
    """
    committed = set(publisher.committed())
    assert committed, "the publisher committed nothing: nothing was tested"
    wait_for(lambda: committed <= set(Arrivals(fleet.of("alert")).numbers), patience_s)
    arrivals = Arrivals(fleet.of("alert"))
    lost = committed - set(arrivals.numbers)
    order = [(data["boot_id"], data["seq"]) for data in arrivals.first]
    seqs = [seq for _, seq in order]
    missing = set(range(1, max(seqs) + 1)) - set(seqs)
    acknowledged = missing & set(publisher.acknowledged())
    assert missing == acknowledged, f"rows {sorted(missing - acknowledged)} never arrived and were never acknowledged"
    assert len(lost) <= len(missing), f"committed alerts never arrived: {sorted(lost)[:10]}"
    assert len(missing) <= broker_kills, f"rows {sorted(missing)} never arrived"
    if missing:
        print(f"rows {sorted(missing)} were acknowledged by a broker that was killed before it had saved them")
    assert len(set(arrivals.numbers)) == len(arrivals.numbers), "one alert arrived under two ids"
    assert order == sorted(order), "alerts arrived out of order"
    return arrivals


def test_broker_away_at_the_start(broker: Mosquitto, publisher: Publisher) -> None:
    publisher.start(count=50)
    assert wait_for(lambda: len(publisher.committed()) == 50)
    broker.start()
    fleet = Fleet(broker.port).ready()
    arrivals = judge(fleet, publisher)
    assert publisher.finish() == 0
    fleet.close()
    assert all(data["replayed"] for data in arrivals.first)


def test_late_subscriber_sees_everything_in_order(broker: Mosquitto, publisher: Publisher) -> None:
    broker.start()
    publisher.start()
    assert wait_for(lambda: len(publisher.committed()) > 60)
    fleet = Fleet(broker.port).ready()  # while the publisher goes on
    assert wait_for(lambda: len(fleet.of("alert")) > 80)
    assert publisher.finish() == 0
    arrivals = judge(fleet, publisher)
    fleet.close()
    assert arrivals.duplicates == 0


def test_subscriber_without_a_session_comes_and_goes(broker: Mosquitto, publisher: Publisher) -> None:
    """While nobody listens alerts wait; whoever comes next sees them from where they were held up, in order."""
    broker.start()
    publisher.start()
    seen: list[bytes] = []
    for _ in range(3):
        fleet = Fleet(broker.port, keep=False).ready()
        assert wait_for(lambda fleet=fleet: len(fleet.of("alert")) > 25)
        fleet.close()
        seen += fleet.of("alert")
        before = len(publisher.committed())
        assert wait_for(lambda before=before: len(publisher.committed()) > before + 50)
    last = Fleet(broker.port, client_id="last").ready()
    assert wait_for(lambda: len(last.of("alert")) > 75)
    assert publisher.finish() == 0
    assert wait_for(lambda: max(publisher.committed()) in Arrivals(last.of("alert")).numbers)
    last.close()
    seen += last.of("alert")
    arrivals = Arrivals(seen)
    order = [data["seq"] for data in arrivals.first]
    assert order == sorted(order)
    # What the broker had taken for a subscriber that was leaving went with it; that is at most one window a time.
    assert len(publisher.committed()) - len(arrivals.first) <= 3 * 40


def test_broker_killed_and_started_again(broker: Mosquitto, publisher: Publisher) -> None:
    broker.start()
    fleet = Fleet(broker.port).ready()
    publisher.start()
    for _ in range(2):
        before = len(publisher.committed())
        assert wait_for(lambda before=before: len(publisher.committed()) > before + 60)
        broker.kill()
        before = len(publisher.committed())
        assert wait_for(lambda before=before: len(publisher.committed()) > before + 30)
        broker.start()
    assert wait_for(lambda: set(publisher.committed()[:200]) <= set(Arrivals(fleet.of("alert")).numbers))
    assert publisher.finish() == 0
    judge(fleet, publisher, broker_kills=2)
    fleet.close()


def test_publisher_killed_in_the_middle(broker: Mosquitto, publisher: Publisher) -> None:
    broker.start()
    fleet = Fleet(broker.port).ready()
    for _ in range(5):
        publisher.start()
        before = len(publisher.committed())
        assert wait_for(lambda before=before: len(publisher.committed()) > before + 25)
        publisher.kill()
    publisher.start(count=2)
    assert wait_for(lambda: max(publisher.committed()) >= 6 * EPOCH + 1)
    assert publisher.finish() == 0
    arrivals = judge(fleet, publisher)
    assert wait_for(lambda: json.loads(fleet.of("alerts/active")[-1])["alerts"] == [])
    fleet.close()
    # No ghosts: whatever a killed life left open was closed by the next, under the id it was opened with.
    phases: dict[str, list[str]] = {}
    for data in arrivals.first:
        phases.setdefault(data["alert_id"], []).append(data["phase"])
    assert {tuple(phase) for phase in phases.values()} == {("opened", "closed")}


def test_broker_that_hangs(broker: Mosquitto, publisher: Publisher) -> None:
    """A stopped broker keeps its sockets open: only the missing answers tell."""
    broker.start()
    fleet = Fleet(broker.port).ready()
    publisher.start()
    assert wait_for(lambda: len(fleet.of("alert")) > 30)
    broker.freeze()
    before = len(publisher.committed())
    assert wait_for(lambda: len(publisher.committed()) > before + 600)  # 12 s: longer than the stall limit
    broker.thaw()
    assert wait_for(lambda: set(publisher.committed()[: before + 600]) <= set(Arrivals(fleet.of("alert")).numbers), 30)
    assert publisher.finish() == 0
    judge(fleet, publisher)
    fleet.close()


@pytest.mark.full
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chaos(broker: Mosquitto, publisher: Publisher, seed: int) -> None:
    """Six minutes a seed of kills of both sides and stops of the broker, at 50 messages a second."""
    chance = random.Random(seed)
    broker.start()
    fleet = Fleet(broker.port).ready()
    publisher.start()
    end_s, broker_kills = time.monotonic() + 360.0, 0
    while time.monotonic() < end_s:
        time.sleep(chance.uniform(3.0, 8.0))
        match chance.choice(["publisher", "publisher", "broker", "hang"]):
            case "publisher":
                publisher.kill()
                time.sleep(chance.uniform(0.1, 0.6))
                publisher.start()
            case "broker":
                broker.kill()
                broker_kills += 1
                time.sleep(chance.uniform(0.3, 3.0))
                broker.start()
            case _:
                broker.freeze()
                time.sleep(chance.uniform(2.0, 14.0))
                broker.thaw()
    time.sleep(70.0)  # the longest pause between two attempts, and the backlog
    assert publisher.finish() == 0
    arrivals = judge(fleet, publisher, 60.0, broker_kills=broker_kills)
    fleet.close()
    print(f"seed {seed}: {len(arrivals.first)} alerts, {arrivals.duplicates} duplicates")
    assert arrivals.duplicates <= 0.01 * len(arrivals.first)
