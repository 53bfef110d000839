"""The drill's side of the daemon it starts: started, watched as a service manager would, ordered about, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from edge.drill.outcome import DrillError
from edge.drill.wire import Given, Order, Start, lines, send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edge.config.schema import Config

END_S: Final = 20.0
"""A daemon that was told to end delivers for up to 8 s first."""
LOG_LINES: Final = 3
COMPLAINTS: Final = ("WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Launch:
    """How its process begins, where that is part of a fault."""

    launcher: Sequence[str] = ()
    """A command that runs another."""
    environment: Mapping[str, str] = field(default_factory=dict)
    tmpfs_mb: int | None = None
    """Its state folder is a disk in memory of so many MiB."""


PLAIN: Final = Launch()


class DrilledDaemon:
    """`edge.drill.child` as a process, over its several lives."""

    def __init__(self, folder: Path, news: threading.Condition) -> None:
        """`folder` takes its log; `news` is notified whenever it was ready or the cab was given something."""
        self.log = folder / "daemon.log"
        self.given: list[Given] = []
        """What the cab was given, over all lives."""
        self._folder = folder
        self._news = news
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._ready = threading.Event()

    def start(self, config: Config, launch: Launch = PLAIN) -> None:
        """Begin a life; does not wait for it."""
        ours, theirs = socket.socketpair()
        self._ready = threading.Event()
        address = self._listen(self._ready)
        with theirs, self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*launch.launcher, sys.executable, "-m", "edge.drill.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | dict(launch.environment) | {"NOTIFY_SOCKET": address},
                # A Ctrl-C at the terminal is for the drill, which then ends its daemon in order.
                start_new_session=True,
            )
        self._channel = ours
        first = Start(
            config=msgspec.json.encode(config),
            thermal=str(self._folder / "thermal"),
            tmpfs_mb=launch.tmpfs_mb,
            folder=str(self._folder),
        )
        with contextlib.suppress(OSError):  # it died at once: whoever waits for it says why
            send(ours, first)
        threading.Thread(target=self._hear, args=(ours,), name="drill hears", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise DrillError("the daemon does not run")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def is_ready(self) -> bool:
        """Tell whether it has said READY=1: the first frame was observed. Raises `DrillError` when it has ended."""
        if self._ready.is_set():
            return True
        status = self.status
        if status is not None:
            raise DrillError(f"the daemon ended with {status} before it watched: {self.last_words()}")
        return False

    def last_words(self) -> str:
        """Return the last complaint in its log, else the log's end, in one line."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        lines = text.splitlines()
        complaints = [line for line in lines if any(f" {level} " in line for level in COMPLAINTS)]
        return " / ".join(complaints[-1:] or lines[-LOG_LINES:]) or "it wrote nothing"

    def order(self, order: Order) -> int:
        """Let this be wrong from now on; return when, monotonic. Raises `DrillError` when nobody is there."""
        if self._channel is None:
            raise DrillError("the daemon does not run")
        now_ns = time.monotonic_ns()
        try:
            send(self._channel, order)
        except OSError:
            raise DrillError(f"the daemon is gone: {self.last_words()}") from None
        return now_ns

    def kill(self) -> int:
        """End it as a power cut would; return when, monotonic."""
        now_ns = time.monotonic_ns()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._gone()
        return now_ns

    def stop(self) -> int | None:
        """End it in order, or by force when it does not; its exit status."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._gone()

    def wait_for_end(self, timeout_s: float) -> int | None:
        """Wait for it to end by itself; None when it does not."""
        if self._process is None:
            return None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        return self._gone()

    def _gone(self) -> int:
        process, self._process = self._process, None
        channel, self._channel = self._channel, None
        if process is None:
            return 0
        try:
            status = process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        # Only now: a daemon whose channel closes takes itself for an orphan and removes the folder.
        if channel is not None:
            channel.close()
        return status

    def _hear(self, channel: socket.socket) -> None:
        for line in lines(channel):
            given = msgspec.json.decode(line, type=Given)
            with self._news:
                self.given.append(given)
                self._news.notify_all()

    def _listen(self, ready: threading.Event) -> str:
        """Listen as systemd would; return the address."""
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # An address without a name: the kernel gives one in the abstract space, and nothing is left on the disk.
        manager.bind("")
        address: bytes = manager.getsockname()

        def hear(told: Callable[[int], bytes]) -> None:
            with manager:
                while True:
                    message = told(4096)
                    if message == b"READY=1":
                        with self._news:
                            ready.set()
                            self._news.notify_all()
                    if not message or message == b"STOPPING=1":
                        return

        threading.Thread(target=hear, args=(manager.recv,), name="drill as manager", daemon=True).start()
        return "@" + address[1:].decode("ascii")
