"""The real daemon on the sample drive, as a child that a test may kill, stop and start again; and what it alerted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.brokers import HOST, wait_for
from tests.support.checkout import DRIVE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.brokers import Fleet


class Daemon:
    """`edge-dms run` over its several lives, as the vehicle `test/van-1`."""

    def __init__(self, folder: Path, port: int | None, **sections: dict[str, Any]) -> None:
        """Write the configuration; files of the daemon lie in `folder`.

        `port` is the broker's; None leaves MQTT off. Settings in `sections` come over those of every test, and a
        setting that is None is left out.
        """
        self.folder = folder
        self.log = folder / "daemon.log"
        configuration: dict[str, dict[str, Any]] = {
            "camera": {"source": "files", "path": str(DRIVE), "pace": "fast", "loop": True},
            "vehicle": {"source": "fixed", "speed_kmh": 80},
            "mqtt": {"enabled": False} if port is None else {"host": HOST, "port": port},
            "recording": {"decisions_file": str(folder / "decisions.jsonl")},
            "service": {"state_dir": str(folder / "state")},
        }
        configuration["mqtt"] |= {"fleet": "test", "vehicle": "van-1"}
        for name, section in sections.items():
            merged = configuration.get(name, {}) | section
            configuration[name] = {key: value for key, value in merged.items() if value is not None}
        self.config = folder / "config.yaml"
        self.config.write_text(yaml.safe_dump(configuration))
        self.process: subprocess.Popen[bytes] | None = None
        self.command = [sys.executable, "-m", "edge"]
        """Words before `run --config FILE`."""

    def start(self, *through: str, **environment: str) -> None:
        """Begin a life, by way of a command that runs the words after it when there is one."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*through, *self.command, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | environment,
            )

    def end(self, how: signal.Signals, patience_s: float = 30.0) -> int:
        """Send a signal and return the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.ended(patience_s)

    def ended(self, patience_s: float = 60.0) -> int:
        """Wait until it ends by itself and return the exit status."""
        assert self.process is not None
        status = self.process.wait(patience_s)
        self.process = None
        return status

    def close(self) -> None:
        if self.process is not None:
            self.end(signal.SIGKILL)

    def said(self) -> str:
        """Return the log of all lives."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def says(self, words: str, patience_s: float = 60.0) -> bool:
        """Wait for these words in the log."""
        return wait_for(lambda: words in self.said(), patience_s)

    def decided(self, kind: str = "") -> int:
        """Alert changes decided in this life so far."""
        path = self.folder / "decisions.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return sum('"type":"alert"' in line and f'"kind":"{kind}' in line for line in lines)

    def has_kept(self) -> bool:
        """Tell whether the newest decided alert is on the disk: it is decided a moment before it is committed."""
        lines = (self.folder / "decisions.jsonl").read_text().splitlines()
        newest = [json.loads(line) for line in lines if '"type":"alert"' in line and line.endswith("}")][-1]
        log = self.folder / "state" / "outbox.db-wal"
        return f'"t_ns":{newest["t_ns"]},'.encode() in log.read_bytes()

    def waiting(self) -> int:
        """Alerts that were committed and not taken by the broker; only while no daemon runs."""
        assert self.process is None
        with closing(sqlite3.connect(self.folder / "state" / "outbox.db")) as database:
            (count,) = database.execute("SELECT count(*) FROM alert").fetchone()
        return int(count)


def alerts(fleet: Fleet) -> list[dict[str, Any]]:
    """Return the data of each alert once, in order of first arrival."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for payload in fleet.of("alert"):
        event = json.loads(payload)
        first.setdefault((event["source"], event["id"]), event["data"])
    return list(first.values())
