"""Nothing that was committed is lost, whatever dies or hangs, and however often: counted."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from edge.drill.proxy import HOST, Line
from tests.support.arrivals import gather, judge
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.numbered import NumberedDaemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = pytest.mark.broker

CHAOS_S = 1200.0
ALERTS_A_SEED = 50_000 // 3 + 1
ALERTS_PER_S = 40.0
"""Each is two messages (`alert` and `alerts/active`), and the broker saves its whole store with each."""
MOST_AWAY_S = 6.0
"""What a consumer has not fetched is in that store, and grows it. A broker that is killed while it hands a long backlog
to a consumer sends it all again, as it notes what was fetched only with the next alert: those repeats are not ours."""
RECOVERY_S = 240.0
"""The longest pause between two attempts, and a backlog of ten minutes at 200 a second."""


class Listener:
    """A consumer with a session that the broker keeps, which goes away and comes back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._earlier: list[bytes] = []
        self._fleet: Fleet | None = None

    def come(self) -> None:
        if self._fleet is None:
            self._fleet = Fleet(self._port, "dms/1/+/+/alert")

    def go(self) -> None:
        if self._fleet is not None:
            self._fleet.close()
            self._earlier += self._fleet.of("alert")
            self._fleet = None

    def heard(self) -> list[bytes]:
        return self._earlier + ([] if self._fleet is None else self._fleet.of("alert"))


class Chaos:
    """One daemon, one broker, one consumer and the network between, all of them unreliable."""

    def __init__(self, mosquitto: str, folder: Path, chance: random.Random) -> None:
        self.broker = Mosquitto(mosquitto, folder / "broker")
        self.network = Line(HOST, self.broker.port)
        self.daemon = NumberedDaemon(folder, fps=ALERTS_PER_S, port=self.network.port)
        self.listener = Listener(self.broker.port)
        self.count: Counter[str] = Counter()
        self._chance = chance
        self.deeds: dict[str, Callable[[], None]] = {
            "kill -9 of the daemon": self.kill_daemon,
            "kill -9 of the broker": self.kill_broker,
            "SIGSTOP of the broker": self.freeze_broker,
            "TCP cut": lambda: self.note(self.network.cut() > 0),
            "network that swallows": self.swallow,
            "consumer away": self.consumer_away,
            "kill -9 of the broker with the consumer away": self.kill_broker_alone,
        }

    def do(self, deed: str) -> None:
        self.count[deed] += 1
        self.deeds[deed]()

    def note(self, happened: bool) -> None:
        """Count a cut that found nothing to cut apart."""
        self.count["cut while nobody was connected"] += not happened

    def kill_daemon(self) -> None:
        self.daemon.kill()
        time.sleep(self._chance.uniform(0.1, 0.6))
        self.daemon.start()

    def kill_broker(self) -> None:
        self.broker.kill()
        time.sleep(self._chance.uniform(0.3, 3.0))
        self.broker.start()

    def freeze_broker(self) -> None:
        self.broker.freeze()
        time.sleep(self._chance.uniform(2.0, 14.0))
        self.broker.thaw()

    def swallow(self) -> None:
        self.network.swallow()
        time.sleep(self._chance.uniform(2.0, 14.0))
        self.network.mend()

    def consumer_away(self) -> None:
        self.listener.go()
        time.sleep(self._chance.uniform(2.0, MOST_AWAY_S))
        self.listener.come()

    def kill_broker_alone(self) -> None:
        """What the broker has acknowledged is nowhere but with it."""
        self.listener.go()
        time.sleep(self._chance.uniform(1.0, 3.0))
        self.kill_broker()
        self.listener.come()

    def end(self) -> None:
        """End the daemon as a stop of the service does; what is left on the disk goes out with one last start."""
        self.daemon.finish()
        committed = len(self.daemon.ledger.committed())
        self.daemon.start(count=2)
        assert wait_for(lambda: len(self.daemon.ledger.committed()) == committed + 2, 60.0)

    def close(self) -> None:
        self.daemon.close()
        self.listener.go()
        self.network.close()
        self.broker.close()


@pytest.fixture
def chaos(mosquitto: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Chaos]:
    made = Chaos(mosquitto, tmp_path, random.Random(getattr(request, "param", 0)))
    yield made
    made.close()


def test_each_trouble_once(chaos: Chaos) -> None:
    chaos.broker.start()
    chaos.daemon.start()
    for deed in chaos.deeds:
        if deed != "SIGSTOP of the broker":  # test_delivery.py has it
            before = len(chaos.daemon.ledger.committed())
            assert wait_for(lambda before=before: len(chaos.daemon.ledger.committed()) > before + 20, 30.0)
            chaos.do(deed)
    judge(chaos.listener.heard, chaos.daemon.ledger, 60.0)
    chaos.end()
    judge(chaos.listener.heard, chaos.daemon.ledger)


@pytest.mark.full
@pytest.mark.timeout(CHAOS_S + 900)
@pytest.mark.parametrize("chaos", [1, 2, 3], indirect=True)
def test_twenty_minutes_of_chaos(chaos: Chaos, figure: Figures) -> None:
    """Every ten seconds or so something dies, hangs, is cut, or the consumer goes away or comes back."""
    chance = chaos._chance
    chaos.broker.start()
    chaos.daemon.start()
    time.sleep(10.0)  # nobody has subscribed yet: the first consumer is late too
    chaos.listener.come()
    ends_s = time.monotonic() + CHAOS_S
    while time.monotonic() < ends_s:
        time.sleep(chance.uniform(6.0, 16.0))
        chaos.do(chance.choice(list(chaos.deeds)))
        committed = len(chaos.daemon.ledger.committed())
        print(
            f"{ends_s - time.monotonic():.0f} s to go, {committed} committed, {len(chaos.listener.heard())} arrived",
            flush=True,
        )
    chaos.listener.come()
    gather(chaos.listener.heard, chaos.daemon.ledger, RECOVERY_S)
    chaos.end()
    arrivals, lost = gather(chaos.listener.heard, chaos.daemon.ledger, RECOVERY_S)
    for deed, times in sorted(chaos.count.items()):
        figure("delivery", deed, times, unit="times")
    figure("delivery", "alerts committed", len(chaos.daemon.ledger.committed()), at_least=ALERTS_A_SEED)
    figure("delivery", "of these lost", len(lost), at_most=0)
    figure("delivery", "sequence numbers that never arrived", len(arrivals.missing()), at_most=0)
    share = 100.0 * arrivals.duplicates / len(arrivals.first)
    figure("delivery", "duplicates", round(share, 3), unit="%", at_most=1.0)
    figure("delivery", "first arrivals out of order", arrivals.disorder, at_most=0)
