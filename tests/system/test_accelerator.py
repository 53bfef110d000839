"""The real daemon on an accelerator's library that works, aborts, exits, hangs or finds no device, on both runtimes.

The library is built from C and loaded under the name of Coral's; its file has an `edgetpu-custom-op` that nothing else
can run. After each death the daemon is started again as systemd would, and must work on the processor.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge.inference import trial
from edge.inference.manifest import Manifest
from tests.support import priority, second_runtime
from tests.support.accelerator import MOOD, build_library, put_compiled_twin
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.checkout import CHECKOUT
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

pytestmark = [
    pytest.mark.full,
    pytest.mark.broker,
    pytest.mark.models,
    pytest.mark.usefixtures("fetched_models"),
    pytest.mark.timeout(600),
]

NETWORK = "expression"
"""Runs every few frames that show a face."""


class Board:
    """A daemon whose eye network has a compiled twin and whose system has the stand-in's library."""

    def __init__(self, folder: Path, port: int, python: str | None) -> None:
        models = folder / "models"
        models.mkdir()
        for file in (CHECKOUT / "models").iterdir():
            if file.suffix in {".tflite", ".json"}:
                shutil.copy(file, models)
        put_compiled_twin(models / Manifest.load()[NETWORK].file)
        manifest = json.loads((models / "manifest.json").read_text())
        for model in manifest["models"]:
            if model["name"] == NETWORK:
                # The stand-in is no quicker than the kernels to which it leaves the rest, and must not be left for it.
                model["reference_ratio"] = {platform.machine(): 1.0}
        (models / "manifest.json").write_text(json.dumps(manifest))
        self.daemon = Daemon(folder, port, inference={"models_dir": str(models)}, outbox={"health_s": 1})
        if python is not None:
            self.daemon.command[0] = python
        self._library = build_library(folder) | {"PYTHONPATH": str(CHECKOUT)}
        self.note = folder / "state" / "trying-edgetpu"
        self.later = folder / "from-now-on"
        """A mood that waits for this file begins in mid-drive."""
        self.said_before = 0

    def start(self, mood: str, **more: str) -> None:
        self.said_before = len(self.said())
        self.daemon.start(**self._library, **{MOOD: mood}, **more)

    def begin_later(self, mood: str, **more: str) -> str:
        """Start on a library that is well until the daemon watches; return its mood from now on."""
        self.start(f"{mood}@{self.later}", **more)
        assert wait_for(self.watching, 60), self.said()
        self.later.touch()
        return mood

    def said(self) -> str:
        return self.daemon.log.read_text() if self.daemon.log.exists() else ""

    def watching(self) -> bool:
        return "watching" in self.said()[self.said_before :]

    def died(self, patience_s: float = 120.0) -> int:
        assert self.daemon.process is not None
        return self.daemon.process.wait(patience_s)


@pytest.fixture(params=["ai_edge_litert", "tflite_runtime"])
def runtime(request: pytest.FixtureRequest) -> str:
    if request.param == "tflite_runtime" and second_runtime.missing():
        pytest.skip(second_runtime.missing())
    return str(request.param)


@pytest.fixture
def board(broker: Mosquitto, runtime: str, tmp_path: Path) -> Iterator[Board]:
    python = second_runtime.second_python() if runtime == "tflite_runtime" else None
    made = Board(tmp_path, broker.port, python)
    yield made
    made.daemon.close()


def next_health(fleet: Fleet) -> dict[str, Any]:
    """Return the first health message that comes from now on."""
    seen = len(fleet.of("health"))
    assert wait_for(lambda: len(fleet.of("health")) > seen, 60)
    health: dict[str, Any] = json.loads(fleet.of("health")[-1])
    return health


def heard(manager: socket.socket) -> bytes:
    """Return the next message to the service manager; nothing when none comes in time."""
    try:
        return manager.recv(256)
    except TimeoutError:
        return b""


def works_on_the_processor(board: Board, fleet: Fleet, figure: Figures, after: str, mood: str) -> None:
    """Start the daemon anew, on the same bad library, and state how long it takes until it watches."""
    decided = board.daemon.decided()
    begun_s = time.monotonic()
    usual = board.daemon.command
    board.daemon.command = [*priority.FIRST, *usual]
    board.start(mood)
    assert wait_for(board.watching, 60), board.said()
    took_s = time.monotonic() - begun_s
    assert board.daemon.process is not None
    priority.back_in_line(board.daemon.process.pid)
    board.daemon.command = usual
    health = next_health(fleet)
    assert "delegate_degraded" in health["faults"]
    assert "edgetpu" not in health["delegate"]
    assert f"{NETWORK}: edgetpu: it brought the process down" in health["delegate_reason"]
    assert wait_for(lambda: board.daemon.decided() > decided or board.daemon.decided() >= 3, 60), "it decides"
    figure("delegate_aborts", f"restart to watching on the processor, {after}", round(took_s, 2), unit="s", at_most=5.0)


def test_it_is_used_while_it_works_and_again_after_a_good_end(board: Board, fleet: Fleet) -> None:
    for _ in range(2):
        board.start("works")
        assert wait_for(board.watching, 60), board.said()
        health = next_health(fleet)
        assert "edgetpu" in health["delegate"], health.get("delegate_reason")
        assert NETWORK not in health.get("delegate_reason", ""), "what tflite-runtime leaves alone it tells of others"
        assert wait_for(board.daemon.decided, 60)
        assert board.note.exists(), "noted for as long as it is used"
        assert board.daemon.end(signal.SIGTERM) == 0
        assert not board.note.exists()


@pytest.mark.parametrize("where", ["at its first invoke", "in mid-drive"])
def test_an_abort_is_left_out_at_the_next_start(
    board: Board, fleet: Fleet, figure: Figures, runtime: str, where: str
) -> None:
    mood = "aborts"
    if where == "in mid-drive":
        mood = board.begin_later("aborts")
    else:
        board.start(mood)
    assert board.died() == -signal.SIGABRT
    assert board.note.exists()
    works_on_the_processor(board, fleet, figure, f"it aborted {where} ({runtime})", mood)
    assert board.daemon.end(signal.SIGTERM) == 0
    assert board.note.exists(), "ten minutes count from the death, whatever ends well meanwhile"
    past = time.time() - 601
    os.utime(board.note, (past, past))
    board.start("works")
    assert wait_for(board.watching, 60)
    assert "edgetpu" in next_health(fleet)["delegate"], "tried again after ten minutes"


def test_an_exit_from_within_is_left_out_at_the_next_start(
    board: Board, fleet: Fleet, figure: Figures, runtime: str
) -> None:
    mood = board.begin_later("exits")
    assert board.died() == 3
    works_on_the_processor(board, fleet, figure, f"it ended the process ({runtime})", mood)


def test_one_that_hangs_at_the_start_ends_by_itself_and_is_left_out(
    board: Board, fleet: Fleet, figure: Figures, runtime: str
) -> None:
    begun_s = time.monotonic()
    board.start("hangs")
    assert board.died() == 1
    hung_s = time.monotonic() - begun_s
    assert "Timeout" in board.said()
    figure(
        "delegate_aborts",
        f"start that hangs until the process ends by itself ({runtime})",
        round(hung_s, 1),
        unit="s",
        at_most=trial.LIMIT_S + 10.0,
    )
    works_on_the_processor(board, fleet, figure, f"it hung at the start ({runtime})", "hangs")


def test_one_that_hangs_in_mid_drive_starves_the_watchdog_and_is_left_out(
    board: Board, fleet: Fleet, figure: Figures, runtime: str, tmp_path: Path
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        mood = board.begin_later("hangs", NOTIFY_SOCKET=address)
        manager.settimeout(60)
        assert manager.recv(256) == b"READY=1"
        # Three seconds of silence are six pings that did not come; systemd waits for ten seconds.
        manager.settimeout(3)
        assert set(iter(lambda: heard(manager), b"")) <= {b"WATCHDOG=1"}
    assert board.daemon.end(signal.SIGABRT) == -signal.SIGABRT, "what systemd does then"
    assert "watchdog not fed" in board.said()
    works_on_the_processor(board, fleet, figure, f"it hung in mid-drive ({runtime})", mood)


def test_without_a_device_the_drive_is_watched_at_once(board: Board, fleet: Fleet) -> None:
    board.start("absent")
    assert wait_for(board.watching, 60), board.said()
    health = next_health(fleet)
    assert "delegate_degraded" in health["faults"]
    assert "no Edge TPU answers" in health["delegate_reason"]
    assert not board.note.exists()
    assert board.daemon.end(signal.SIGTERM) == 0
    assert "Traceback" not in board.said()
