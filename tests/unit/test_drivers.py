"""Drivers who return: kept by token, written whole, taken back; a damaged file costs nothing but learning anew."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from edge.drivers import DRIVERS_MAX, FILE, DriverStore, ReturningDriver
from edge.runtime.worker import Worker
from edge.types import BaselineChange, DriverBaseline, EyeBaseline, Provenance, Tick

PROVENANCE = Provenance(learnt_ns=5, valid_ns=6, quality=0.9)


def known(open_left: float = 0.9) -> DriverBaseline:
    return DriverBaseline(eyes={"bare": EyeBaseline(open_left, 0.8, provenance=PROVENANCE)})


def written(store: DriverStore) -> None:
    """Let the thread of the store run to its end."""
    worker = Worker("drivers", store.write, lambda *_: None)
    worker.start()
    worker.stop()
    assert worker.join(10.0)
    assert worker.failure is None


def test_a_driver_is_found_again_after_a_restart(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("card-17", known())
    assert store.find("card-17") == known()
    written(store)
    again = DriverStore(tmp_path)
    assert again.find("card-17") == known()
    assert again.find("card-18") is None


def test_the_file_holds_no_token_and_is_the_owners_alone(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("a-very-special-token", known())
    written(store)
    path = tmp_path / FILE
    assert "a-very-special-token" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert set(json.loads(path.read_text())) == {"version", "drivers"}


def test_who_has_not_driven_for_longest_is_forgotten(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    for number in range(DRIVERS_MAX):
        store.keep(f"driver-{number}", known())
    store.keep("driver-0", known(0.95))
    store.keep("newcomer", known())
    assert store.find("driver-1") is None
    assert store.find("driver-0") == known(0.95)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2, "drivers": {}}',
        b'{"version": 1, "drivers": {"x": {"eyes": {"monocle": {}}}}}',
        b'{"version": 1, "drivers": {}, "pictures": []}',
        b" " * 300_000,
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(content)
    store = DriverStore(tmp_path)
    assert store.find("card-17") is None
    assert "is damaged" in caplog.text
    assert (tmp_path / "drivers.damaged").read_bytes() == content
    store.keep("card-17", known())
    written(store)
    assert DriverStore(tmp_path).find("card-17") == known()


def test_a_disk_that_takes_nothing_is_told_once_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    store = DriverStore(folder)
    folder.write_text("a file stands where the folder should be")
    for openness in (0.8, 0.9):
        store.keep("card-17", known(openness))
        written(store)
    assert store.failed
    assert caplog.text.count("cannot be written") == 1
    assert store.find("card-17") == known(0.9)


def test_it_is_written_while_the_daemon_runs(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    worker = Worker("drivers", store.write, lambda *_: None)
    worker.start()
    store.keep("card-17", known())
    patience = threading.Event()
    for _ in range(100):
        if (tmp_path / FILE).exists():
            break
        patience.wait(0.05)
    assert (tmp_path / FILE).exists()
    worker.stop()
    assert worker.join(10.0)


class Cab:
    """Who is named, and what the engine knows of him."""

    def __init__(self, tmp_path: Path) -> None:
        self.named: str | None = None
        self.baseline = DriverBaseline()
        self.revision = 1
        self.store = DriverStore(tmp_path)
        self.driver = ReturningDriver(self.store, lambda: self.named, lambda: self.baseline, lambda: self.revision)

    def learn(self, baseline: DriverBaseline) -> None:
        self.baseline = baseline
        self.revision += 1
        self.driver.on_member(Tick(t_ns=1))


def test_nobody_is_kept_who_is_not_named(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    assert cab.driver.change(1) is None
    cab.learn(known())
    written(cab.store)
    assert not (tmp_path / FILE).exists()


def test_a_named_driver_is_kept_and_gets_his_baseline_back(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    assert cab.driver.change(7) == BaselineChange(t_ns=7, action="restore", baseline=None)
    assert cab.driver.change(8) is None
    cab.learn(DriverBaseline())
    assert cab.store.find("anna") is None
    cab.learn(known())
    cab.named = "ben"
    assert cab.driver.change(9) == BaselineChange(t_ns=9, action="restore", baseline=None)
    cab.learn(known(1.1))
    cab.named = None
    assert cab.driver.change(10) is None
    cab.learn(known(1.2))  # still ben: a card that was pulled out changes nobody
    cab.named = "anna"
    assert cab.driver.change(11) == BaselineChange(t_ns=11, action="restore", baseline=known())
    assert cab.store.find("ben") == known(1.2)


def test_what_is_forgotten_on_purpose_is_forgotten_on_disk(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    cab.driver.change(1)
    cab.learn(known())
    cab.learn(DriverBaseline())
    assert cab.store.find("anna") == DriverBaseline()
