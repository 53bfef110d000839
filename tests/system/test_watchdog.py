"""A service manager listens to the real daemon while one of its threads stands still."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.commanded import Commanded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

LISTEN_S = 3.0
"""So long without a ping is the end of them: they come every half second."""


class Manager:
    """Notes what it is told, and when."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self.heard: list[tuple[float, str]] = []

    def listen(self, patience_s: float) -> str | None:
        self._socket.settimeout(patience_s)
        try:
            said = self._socket.recv(256).decode()
        except TimeoutError:
            return None
        self.heard.append((time.monotonic(), said))
        return said

    def pings(self) -> list[float]:
        return [at_s for at_s, said in self.heard if said == "WATCHDOG=1"]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


@pytest.mark.parametrize(
    "stage",
    [pytest.param("capture", marks=pytest.mark.full), "pipeline", pytest.param("uplink", marks=pytest.mark.full)],
)
def test_a_stage_that_stands_still_ends_the_pings(
    tmp_path: Path, manager: Manager, stage: str, figure: Figures
) -> None:
    daemon = Commanded(tmp_path)
    try:
        daemon.start(NOTIFY_SOCKET=manager.address)
        while len(manager.pings()) < 3:
            assert manager.listen(60.0), daemon.log.read_text()
        assert manager.heard[0][1] == "READY=1"
        frozen_s = daemon.order(freeze=stage)
        until_s = time.monotonic() + LISTEN_S
        while (left_s := until_s - time.monotonic()) > 0:
            manager.listen(left_s)
        assert daemon.process is not None
        assert daemon.process.poll() is None, "only the manager ends a daemon that hangs"
        late_s = max(0.0, manager.pings()[-1] - frozen_s)
        figure("watchdog", f"{stage} frozen: until the last ping", late_s, unit="s", at_most=1.0)
        daemon.order(freeze=None)
        assert manager.listen(30.0) == "WATCHDOG=1", "they come again with the work"
    finally:
        daemon.close()


@pytest.mark.full
def test_no_ping_comes_before_ready(tmp_path: Path, manager: Manager, figure: Figures) -> None:
    daemon = Commanded(tmp_path, freeze="pipeline")
    try:
        daemon.start(NOTIFY_SOCKET=manager.address)
        daemon.await_log("cab warnings are written to this log")
        assert manager.listen(LISTEN_S) is None, manager.heard
        daemon.order(freeze=None)
        while len(manager.pings()) < 1:
            assert manager.listen(60.0), daemon.log.read_text()
        before = [said for _, said in manager.heard].index("READY=1")
        figure("watchdog", "messages before READY=1", before, at_most=0)
    finally:
        daemon.close()
