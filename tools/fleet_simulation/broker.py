"""A mosquitto of our own on loopback: started, restarted and watched by a simulation or a browser test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet_simulation.listener import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
PATIENCE_S: Final = 20.0
CONFIGURATION: Final = """\
listener {port} {host}
{websockets}allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 60
max_queued_messages 1000000
max_inflight_messages 1000
set_tcp_nodelay true
user root
log_dest none
"""


class BrokerMissingError(Exception):
    """No mosquitto here, or it does not start; the text says what to do."""


class OwnBroker:
    """One mosquitto process; `websocket_port` is set where it was asked for."""

    def __init__(self, folder: Path, *, websockets: bool = False) -> None:
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
        if program is None:
            raise BrokerMissingError("mosquitto is not installed: sudo apt install mosquitto, or name a --broker")
        folder.chmod(0o777)  # the broker may give up root, and must still reach its store
        self._program = program
        self._configuration = folder / "mosquitto.conf"
        self.address = Address(HOST, free_port())
        self.websocket_port = free_port() if websockets else None
        lines = f"listener {self.websocket_port} {HOST}\nprotocol websockets\n" if websockets else ""
        self._configuration.write_text(
            CONFIGURATION.format(port=self.address.port, host=HOST, folder=folder, websockets=lines)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline_s = time.monotonic() + PATIENCE_S
        while not self._listens():
            if time.monotonic() > deadline_s or self._process.poll() is not None:
                raise BrokerMissingError(f"mosquitto did not start; try: {self._program} -c {self._configuration}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as a service manager would."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def cpu_s(self) -> float:
        """Return the CPU time that the process has used, s."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return its resident memory, MB."""
        if self._process is None:
            return 0.0
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((self.address.host, self.address.port)) == 0


def free_port() -> int:
    """Find a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_broker(*, websockets: bool = False) -> Iterator[OwnBroker]:
    """Run a broker while the block runs."""
    with tempfile.TemporaryDirectory(prefix="edge-dms-broker-") as folder:
        broker = OwnBroker(Path(folder), websockets=websockets)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
