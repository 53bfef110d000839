"""The daemon with a camera that raises numbered alerts, as a child that a test may kill, stop and start again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import yaml

from edge.uplink.envelope import StoredAlert
from tests.support.arrivals import EPOCH, Ledger
from tests.support.checkout import CHECKOUT


class NumberedDaemon:
    """`tests/system/numbered_daemon.py` over its several lives: as many numbered alerts a second as frames."""

    def __init__(self, folder: Path, *, state_dir: Path | None = None, fps: float = 50.0, **mqtt: Any) -> None:
        """Ledger, log and configuration go into `folder`; `mqtt` is that section of the configuration."""
        self.ledger = Ledger(folder / "ledger")
        self.state_dir = state_dir or folder / "state"
        self.log = folder / "daemon.log"
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "config.yaml"
        self._config.write_text(
            yaml.safe_dump(
                {
                    "camera": {"source": "synthetic", "width": 160, "height": 120, "fps": fps},
                    "mqtt": {"host": "127.0.0.1", "keepalive_s": 5} | mqtt,
                    "service": {"state_dir": str(self.state_dir)},
                }
            )
        )

    def start(self, count: int = EPOCH) -> None:
        self._lives += 1
        arguments = [str(self._config), str(self.ledger.file), str(self._lives * EPOCH), str(count)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.numbered_daemon", *arguments], cwd=CHECKOUT, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._ended()

    def finish(self) -> None:
        """Ask for a regular end."""
        self.signal(signal.SIGTERM)
        status = self._ended()
        assert status == 0, self.log.read_text()[-2000:]

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def waiting(self) -> set[int]:
        """Return the numbers that wait in the outbox; only while no daemon runs."""
        assert self._process is None
        with closing(sqlite3.connect(self.state_dir / "outbox.db")) as database:
            bodies = [body for (body,) in database.execute("SELECT body FROM alert")]
        stored = [msgspec.json.decode(body, type=StoredAlert) for body in bodies]
        return {round(item.value) for one in stored for item in one.change.evidence if item.name == "number"}

    def _ended(self) -> int:
        assert self._process is not None
        status = self._process.wait(60)
        self._process = None
        return status
