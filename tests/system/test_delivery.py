"""Every committed alert arrives, once after de-duplication, in order: a real broker, real kills."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.arrivals import EPOCH, Arrivals, Ledger, judge
from tests.support.brokers import Fleet, Mosquitto, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

PUBLISHER = Path(__file__).with_name("publisher.py")


class Publisher:
    """The process that raises numbered alerts, over its several lives."""

    def __init__(self, port: int, folder: Path, rate: float) -> None:
        self.ledger = Ledger(folder / "ledger")
        self._arguments = [str(port), str(folder / "state"), str(self.ledger.file), str(rate)]
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


@pytest.fixture
def publisher(late_broker: Mosquitto, tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(late_broker.port, tmp_path, rate=50.0)
    yield made
    made.close()


def test_broker_away_at_the_start(late_broker: Mosquitto, publisher: Publisher) -> None:
    publisher.start(count=50)
    assert wait_for(lambda: len(publisher.ledger.committed()) == 50)
    late_broker.start()
    fleet = Fleet(late_broker.port).ready()
    arrivals = judge(lambda: fleet.of("alert"), publisher.ledger)
    assert publisher.finish() == 0
    fleet.close()
    assert all(data["replayed"] for data in arrivals.first)


def test_late_subscriber_sees_everything_in_order(broker: Mosquitto, publisher: Publisher) -> None:
    publisher.start()
    assert wait_for(lambda: len(publisher.ledger.committed()) > 60)
    fleet = Fleet(broker.port).ready()  # while the publisher goes on
    assert wait_for(lambda: len(fleet.of("alert")) > 80)
    assert publisher.finish() == 0
    arrivals = judge(lambda: fleet.of("alert"), publisher.ledger)
    fleet.close()
    assert arrivals.duplicates == 0


def test_subscriber_without_a_session_comes_and_goes(broker: Mosquitto, publisher: Publisher) -> None:
    """While nobody listens alerts wait; whoever comes next sees them from where they were held up, in order."""
    publisher.start()
    seen: list[bytes] = []
    for _ in range(3):
        fleet = Fleet(broker.port, keep=False).ready()
        assert wait_for(lambda fleet=fleet: len(fleet.of("alert")) > 25)
        fleet.close()
        seen += fleet.of("alert")
        before = len(publisher.ledger.committed())
        assert wait_for(lambda before=before: len(publisher.ledger.committed()) > before + 50)
    last = Fleet(broker.port, client_id="last").ready()
    assert wait_for(lambda: len(last.of("alert")) > 75)
    assert publisher.finish() == 0
    assert wait_for(lambda: max(publisher.ledger.committed()) in Arrivals(last.of("alert")).numbers)
    last.close()
    seen += last.of("alert")
    arrivals = Arrivals(seen)
    order = [data["seq"] for data in arrivals.first]
    assert order == sorted(order)
    # What the broker had taken for a subscriber that was leaving went with it; that is at most one window a time.
    assert len(publisher.ledger.committed()) - len(arrivals.first) <= 3 * 40


def test_broker_killed_and_started_again(broker: Mosquitto, fleet: Fleet, publisher: Publisher) -> None:
    publisher.start()
    for _ in range(2):
        before = len(publisher.ledger.committed())
        assert wait_for(lambda before=before: len(publisher.ledger.committed()) > before + 60)
        broker.kill()
        before = len(publisher.ledger.committed())
        assert wait_for(lambda before=before: len(publisher.ledger.committed()) > before + 30)
        broker.start()
    assert wait_for(lambda: set(publisher.ledger.committed()[:200]) <= set(Arrivals(fleet.of("alert")).numbers))
    assert publisher.finish() == 0
    judge(lambda: fleet.of("alert"), publisher.ledger)


def test_publisher_killed_in_the_middle(fleet: Fleet, publisher: Publisher) -> None:
    for _ in range(5):
        publisher.start()
        before = len(publisher.ledger.committed())
        assert wait_for(lambda before=before: len(publisher.ledger.committed()) > before + 25)
        publisher.kill()
    publisher.start(count=2)
    assert wait_for(lambda: max(publisher.ledger.committed()) >= 6 * EPOCH + 1)
    assert publisher.finish() == 0
    arrivals = judge(lambda: fleet.of("alert"), publisher.ledger)
    assert wait_for(lambda: json.loads(fleet.of("alerts/active")[-1])["alerts"] == [])
    # No ghosts: whatever a killed life left open was closed by the next, under the id it was opened with.
    phases: dict[str, list[str]] = {}
    for data in arrivals.first:
        phases.setdefault(data["alert_id"], []).append(data["phase"])
    assert {tuple(phase) for phase in phases.values()} == {("opened", "closed")}


def test_broker_that_hangs(broker: Mosquitto, fleet: Fleet, publisher: Publisher) -> None:
    """A stopped broker keeps its sockets open: only the missing answers tell."""
    publisher.start()
    assert wait_for(lambda: len(fleet.of("alert")) > 30)
    broker.freeze()
    before = len(publisher.ledger.committed())
    assert wait_for(lambda: len(publisher.ledger.committed()) > before + 600)  # 12 s: longer than the stall limit
    broker.thaw()
    assert wait_for(
        lambda: set(publisher.ledger.committed()[: before + 600]) <= set(Arrivals(fleet.of("alert")).numbers), 30
    )
    assert publisher.finish() == 0
    judge(lambda: fleet.of("alert"), publisher.ledger)
