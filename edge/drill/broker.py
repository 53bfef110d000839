"""A broker of the drill's own: a mosquitto on a free port of this machine, for as long as the drill lasts.

Never the fleet's: what a drill provokes are alerts, and a depot would take them for true.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final, Self

from edge.drill.outcome import DrillError

if TYPE_CHECKING:
    from pathlib import Path

HOST: Final = "127.0.0.1"
START_S: Final = 15.0


def program() -> str | None:
    """Return the path of mosquitto; None when it is not installed."""
    # Debian keeps it where only root looks.
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


class OwnBroker:
    """A mosquitto process, bound to this machine alone."""

    host = HOST

    def __init__(self, folder: Path) -> None:
        """`folder` takes its configuration and log. Raises `DrillError` when it cannot be started."""
        found = program()
        if found is None:
            raise DrillError(
                "no broker to drill with: sudo apt install mosquitto (it need not run), "
                "or name one on the bench with --broker HOST:PORT"
            )
        with socket.create_server((HOST, 0)) as free:
            self.port = int(free.getsockname()[1])
        configuration = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        configuration.write_text(f"listener {self.port} {HOST}\nallow_anonymous true\n{user}", encoding="utf-8")
        # It ends with the drill, whatever ends that.
        bound = shutil.which("setpriv")
        launcher = [] if bound is None else [bound, "--pdeathsig", "KILL"]
        self._log = folder / "mosquitto.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*launcher, found, "-c", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    def _wait(self) -> None:
        deadline_s = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < deadline_s:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(0.05)
        self.close()
        raise DrillError(f"mosquitto does not start: {self._log.read_text(encoding='utf-8', errors='replace')[-300:]}")

    def close(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class BenchBroker:
    """A broker that somebody else runs on the bench, named on the command line."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    @classmethod
    def named(cls, text: str) -> Self:
        """Read `HOST` or `HOST:PORT`. Raises `DrillError`."""
        host, _, port = text.partition(":")
        if not host or (port and not port.isdigit()):
            raise DrillError(f"{text!r} is no broker: write HOST or HOST:PORT")
        return cls(host, int(port or 1883))

    def close(self) -> None:
        """Do nothing: it is not ours to end."""
