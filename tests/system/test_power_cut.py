"""The power goes at any moment: no alert that was committed is lost, and the next start works. On a real file system.

What is simulated: the daemon writes to an ext4 on a loop device; at a random moment it is stopped, and what has reached
the device is copied. The copy is mounted, which replays the file system's journal, and the daemon is started on it.
Whatever the kernel had not written yet is lost, as in a real cut. What is not simulated: a device that reorders its
writes, tears a sector or says that it has written what it has not, as bad cards do.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.drill.proxy import HOST, Line
from tests.support.arrivals import Arrivals
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.loop_disk import LoopDisk
from tests.support.numbered import NumberedDaemon
from tests.system.file_replacer import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

pytestmark = pytest.mark.full

CUTS = 100
FILE_REPLACER = Path(__file__).with_name("file_replacer.py")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[LoopDisk]:
    with LoopDisk.made(tmp_path / "board") as made:
        yield made


class Vehicle:
    """A daemon on a disk of its own, and a fleet behind a network that comes and goes: the outbox fills and empties."""

    def __init__(self, mosquitto: str, folder: Path, disk: LoopDisk) -> None:
        self.disk = disk
        self._broker = Mosquitto(mosquitto, folder / "broker")
        self._broker.start()
        self._fleet = Fleet(self._broker.port, "dms/1/+/+/alert").ready()
        self._network = Line(HOST, self._broker.port)
        self.daemon = NumberedDaemon(folder, state_dir=disk.mounted / "state", port=self._network.port)

    def change_the_network(self, chance: random.Random) -> None:
        if chance.random() < 0.5:
            self._network.swallow()
        else:
            self._network.mend()

    def cut(self, folder: Path) -> tuple[set[int], set[int], LoopDisk]:
        """Return what had been committed at one moment, what of it the fleet had, and what the disk then held."""
        self.daemon.signal(signal.SIGSTOP)
        committed, let_go = set(self.daemon.ledger.committed()), self.daemon.ledger.acknowledged()
        copy = self.disk.cut(folder)
        arrivals = Arrivals(self._fleet.of("alert"))
        self.daemon.signal(signal.SIGCONT)
        return committed, {arrivals.by_seq[seq] for seq in let_go if seq in arrivals.by_seq}, copy

    def close(self) -> None:
        self.daemon.close()
        self._fleet.close()
        self._network.close()
        self._broker.close()


@pytest.fixture
def vehicle(mosquitto: str, tmp_path: Path, disk: LoopDisk) -> Iterator[Vehicle]:
    made = Vehicle(mosquitto, tmp_path, disk)
    yield made
    made.close()


class NextStart:
    """The daemon started on what a cut has left, until it has taken two more alerts, and ended."""

    def __init__(self, disk: LoopDisk, folder: Path) -> None:
        with disk:
            state_dir = disk.mounted / "state"
            daemon = NumberedDaemon(folder, state_dir=state_dir, enabled=False)
            daemon.start(count=2)
            try:
                self.works = wait_for(lambda: len(daemon.ledger.committed()) == 2, 60.0)
                daemon.finish()
                self.waiting = daemon.waiting()
            finally:
                daemon.close()
            self.damaged = len(list(state_dir.glob("*.damaged*")))


@pytest.mark.broker
@pytest.mark.timeout(3600)
def test_no_committed_alert_is_lost_in_a_hundred_power_cuts(vehicle: Vehicle, tmp_path: Path, figure: Figures) -> None:
    chance = random.Random(20261126)
    vehicle.daemon.start()
    assert wait_for(lambda: len(vehicle.daemon.ledger.committed()) > 50, 60.0)
    starts = damaged = 0
    lost: set[int] = set()
    for number in range(CUTS):
        vehicle.change_the_network(chance)
        time.sleep(chance.uniform(0.0, 2.0))
        folder = tmp_path / f"cut-{number}"
        committed, delivered, copy = vehicle.cut(folder)
        found = NextStart(copy, folder)
        starts += found.works
        damaged += found.damaged
        lost |= committed - found.waiting - delivered
        copy.image.unlink()
        print(f"cut {number + 1}: {len(committed)} committed, {len(found.waiting)} on the disk, {len(lost)} lost")
    figure("power_cut", "simulated cuts under the outbox", CUTS, unit="cuts")
    figure("power_cut", "alerts committed", len(committed), at_least=CUTS)
    figure("power_cut", "of these lost", len(lost), at_most=0)
    figure("power_cut", "starts afterwards", starts, at_least=CUTS)
    figure("power_cut", "outboxes found damaged", damaged, at_most=0)


@pytest.mark.timeout(900)
def test_no_small_file_is_torn_or_rolled_back_in_a_hundred_power_cuts(
    disk: LoopDisk, tmp_path: Path, figure: Figures
) -> None:
    """Settings, counters and what was learnt of a driver are replaced so; each cut finds the newest, or one in work."""
    chance = random.Random(7)
    ledger, file = tmp_path / "replaced", disk.mounted / "small"
    replacer = subprocess.Popen([sys.executable, str(FILE_REPLACER), str(file), str(ledger)])
    try:
        assert wait_for(lambda: ledger.exists() and ledger.stat().st_size > 0)
        torn = rolled_back = 0
        for number in range(CUTS):
            time.sleep(chance.uniform(0.0, 0.3))
            replacer.send_signal(signal.SIGSTOP)
            newest = int(ledger.read_text().split()[-1])
            copy = disk.cut(tmp_path / f"cut-{number}")
            replacer.send_signal(signal.SIGCONT)
            with copy:
                found = (copy.mounted / file.name).read_bytes()
            copy.image.unlink()
            version = int(found.split()[0]) if found[:1].isdigit() else 0
            torn += found != content(version)
            rolled_back += version < newest
    finally:
        replacer.kill()
        replacer.wait(10)
    figure("power_cut", "simulated cuts under a file that is replaced", CUTS, unit="cuts")
    figure("power_cut", "files replaced", newest, at_least=CUTS)
    figure("power_cut", "files found torn", torn, at_most=0)
    figure("power_cut", "files found rolled back", rolled_back, at_most=0)
