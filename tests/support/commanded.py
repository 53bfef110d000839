"""The real daemon with a camera and threads that do what the test says; see `on_command/sitecustomize.py`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tests.support.brokers import wait_for
from tests.support.checkout import DRIVE
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable

ON_COMMAND = Path(__file__).parent / "on_command"
OPEN_S, CLOSED_S = 4.5, 62.5
"""Moments of the sample drive with open and with closed eyes."""
TEMPLATE: dict[str, Any] = {"show": "open", "absent": False, "freeze": None}


class Commanded(Daemon):
    """A daemon at 80 km/h, without a broker, that records its decisions."""

    def __init__(self, folder: Path, **commands: Any) -> None:
        camera = {"source": "v4l2", "device": "0", "loop": False, "pace": "realtime"}
        super().__init__(folder, None, camera=camera)
        self._commands = TEMPLATE | commands
        film = cv2.VideoCapture(str(DRIVE))
        for name, at_s in (("open", OPEN_S), ("closed", CLOSED_S)):
            film.set(cv2.CAP_PROP_POS_MSEC, at_s * 1000)
            delivered, picture = film.read()
            assert delivered
            np.save(folder / f"{name}.npy", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        film.release()
        self.order()

    def order(self, **changes: Any) -> float:
        """Change what camera and threads do; return the monotonic second of it."""
        self._commands |= changes
        beside = self.folder / "commands.new"
        beside.write_text(json.dumps(self._commands))
        beside.replace(self.folder / "commands.json")
        return time.monotonic()

    def start(self, *through: str, **environment: str) -> None:
        super().start(*through, PYTHONPATH=str(ON_COMMAND), DMS_COMMANDS=str(self.folder), **environment)

    def await_log(self, text: str, patience_s: float = 60.0, *, times: int = 1) -> float:
        """Wait until the log holds it so many times; return the monotonic second of noticing."""
        assert wait_for(lambda: self.log.read_text().count(text) >= times, patience_s), self.log.read_text()
        return time.monotonic()

    def waited_for_processor_s(self) -> float:
        """Return how long the main thread was ready and was not let run: a busy machine's doing, not its own."""
        assert self.process is not None
        _, waited_ns, _ = Path(f"/proc/{self.process.pid}/schedstat").read_text().split()
        return int(waited_ns) / 1e9

    def decisions(self) -> list[dict[str, Any]]:
        """Return what was decided in this life so far."""
        path = self.folder / "decisions.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def await_decision(self, matches: Callable[[dict[str, Any]], bool], patience_s: float = 30.0) -> dict[str, Any]:
        """Wait for a decision and return it."""
        found: list[dict[str, Any]] = []
        assert wait_for(lambda: found.extend(filter(matches, self.decisions())) or found, patience_s), (
            self.log.read_text()
        )
        return found[0]
