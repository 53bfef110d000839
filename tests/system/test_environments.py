"""The real daemon where something is missing, poor or hostile: it watches, or says in a sentence why not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.daemon import Daemon, alerts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

MEMORY_MB = 200


class Placed(Daemon):
    """A daemon that plays the sample drive in real time, started through a shell line that makes its surroundings."""

    def __init__(self, folder: Path, port: int | None = None, **sections: Any) -> None:
        super().__init__(folder, port, **({"camera": {"pace": "realtime"}} | sections))

    def start_through(self, shell: str = 'exec "$@"', *, wrapped: tuple[str, ...] = (), **environment: str) -> None:
        self.start(*wrapped, "sh", "-c", shell, "sh", **environment)

    def decides(self) -> bool:
        """Tell whether it has judged the driver as seen: whatever became of its log."""
        path = self.folder / "decisions.jsonl"
        return path.exists() and '"observability":"ok"' in path.read_text()

    def watches(self) -> bool:
        return wait_for(self.decides, 90.0)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Placed]:
    made = Placed(tmp_path)
    yield made
    made.close()


PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "no vcgencmd, an empty PATH": ('PATH=/nowhere exec "$@"', {}),
    "no NOTIFY_SOCKET": ('unset NOTIFY_SOCKET; exec "$@"', {}),
    "a NOTIFY_SOCKET where nobody listens": ('exec "$@"', {"NOTIFY_SOCKET": "@edge-dms-nobody"}),
    "a time zone that is none": ('exec "$@"', {"TZ": ":\x01Mars/Olympus Mons,,,"}),
    "LANG=C": ('exec "$@"', {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "no home": ('unset HOME; exec "$@"', {}),
    "stdin closed": ('exec "$@" <&-', {}),
    "stdout a pipe that nobody reads": ('exec "$@" > "$FIFO" 2>&1', {}),
    "stdin, stdout and stderr closed": ('exec "$@" <&- >&- 2>&-', {}),
    "32 descriptors": ('ulimit -n 32; exec "$@"', {}),
    "200 MB of private memory": ('ulimit -d 204800; exec "$@"', {}),
    "64 descriptors": ('ulimit -n 64; exec "$@"', {}),
    "one core": ('exec taskset -c 0 "$@"', {}),
}
QUICK = ("stdout a pipe that nobody reads", "32 descriptors")


@pytest.mark.parametrize(
    "place", [pytest.param(name, marks=() if name in QUICK else pytest.mark.full) for name in PLACES]
)
def test_it_watches_and_ends_in_good_order(daemon: Placed, place: str, figure: Figures) -> None:
    shell, environment = PLACES[place]
    if "FIFO" in shell:
        # Opened for both ways, then closed by the only reader: every write is an EPIPE.
        pipe = daemon.folder / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        daemon.start_through(shell, FIFO=str(pipe))
        assert wait_for(lambda: daemon.process is not None and writes_to(daemon.process.pid, pipe))
        os.close(reader)
    else:
        daemon.start_through(shell, **environment)
    watched = daemon.watches()
    figure("environment", "places where it does not watch", not watched, at_most=0)
    assert daemon.end(signal.SIGTERM) == 0, daemon.log.read_text()
    assert "Traceback" not in daemon.log.read_text(errors="replace")


def writes_to(pid: int, pipe: Path) -> bool:
    return os.path.realpath(f"/proc/{pid}/fd/1") == str(pipe)


@pytest.mark.full
def test_a_whole_drive_fits_into_200_mb(daemon: Placed, figure: Figures) -> None:
    daemon.start_through()
    assert daemon.watches()
    assert wait_for(lambda: daemon.decided("fatigue"), 150.0)
    assert daemon.process is not None
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    peak, private = (
        int(line.split()[1]) for key in ("VmHWM:", "VmData:") for line in status.splitlines() if line.startswith(key)
    )
    assert daemon.end(signal.SIGTERM) == 0
    figure("environment", "private memory asked for", round(private / 1024, 1), unit="MB", at_most=MEMORY_MB)
    figure("environment", "resident memory at its peak", round(peak / 1024, 1), unit="MB", at_most=MEMORY_MB)


def test_too_little_memory_is_said_before_a_library_ends_without_a_word(daemon: Placed, figure: Figures) -> None:
    daemon.start_through('ulimit -d 100000; exec "$@"')
    assert daemon.process is not None
    assert daemon.process.wait(60.0) != 0
    daemon.process = None
    told = "this process may have 98 MB of private memory and may need 200" in daemon.log.read_text(errors="replace")
    figure("environment", "ends for want of memory that are not told", not told, at_most=0)


@pytest.mark.full
def test_an_abstract_notify_socket_hears_ready(daemon: Placed, figure: Figures) -> None:
    name = f"edge-dms-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(90.0)
        daemon.start_through(NOTIFY_SOCKET="@" + name)
        heard = manager.recv(200)
    assert daemon.end(signal.SIGTERM) == 0
    figure("environment", "places where it does not watch", heard != b"READY=1", at_most=0)


@pytest.mark.full
def test_no_camera_is_waited_for(tmp_path: Path, figure: Figures) -> None:
    if Path("/dev/video0").exists():
        pytest.skip("this machine has a /dev/video0")
    daemon = Placed(tmp_path, camera={"source": "v4l2", "device": "0", "loop": False})
    daemon.start_through()
    try:
        told = wait_for(lambda: daemon.decided("health"), 60.0)
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()
    assert "Traceback" not in daemon.log.read_text()
    figure("environment", "missing cameras that are not told", not told, at_most=0)


@pytest.mark.full
@pytest.mark.broker
def test_on_a_read_only_disk_the_driver_is_watched_and_the_fleet_told_all_the_same(
    mosquitto: str, tmp_path: Path, figure: Figures
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    readonly = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o ro tmpfs {state} && exec "$@"', "sh")
    if subprocess.run([*readonly, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a read-only mount takes a superuser")
    broker = Mosquitto(mosquitto, tmp_path / "broker")
    broker.start()
    fleet = Fleet(broker.port).ready()
    daemon = Placed(tmp_path, mqtt={"enabled": True, "port": broker.port})
    daemon.start_through(wrapped=readonly)
    try:
        watched = daemon.watches()
        assert wait_for(lambda: len(fleet.of("alert")) >= 2, 90.0), daemon.log.read_text()
        assert daemon.end(signal.SIGTERM) == 0, daemon.log.read_text()
        decided = daemon.decided()
        wait_for(lambda: len(alerts(fleet)) >= decided, 10.0)
    finally:
        daemon.close()
        fleet.close()
        broker.close()
    log = daemon.log.read_text()
    assert "read-only: nothing outlives the end of this process" in log
    assert "Traceback" not in log
    figure("environment", "places where it does not watch", not watched, at_most=0)
    figure("environment", "alerts that a read-only disk kept from the fleet", decided - len(alerts(fleet)), at_most=0)


@pytest.mark.full
def test_names_that_nobody_resolves_stop_neither_watch_nor_watchdog(tmp_path: Path, figure: Figures) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.77\noptions timeout:5 attempts:3\n")
    hanging = ("unshare", "--mount", "sh", "-c", f'mount --bind {resolver} /etc/resolv.conf && exec "$@"', "sh")
    if subprocess.run([*hanging, "true"], capture_output=True, check=False).returncode:
        pytest.skip("another resolver takes a superuser")
    daemon = Placed(tmp_path, 1883, mqtt={"host": "broker.example.org"})
    address = str(tmp_path / "notify")
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent,
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager,
    ):
        silent.bind(("127.0.0.77", 53))
        manager.bind(address)
        manager.settimeout(60.0)
        daemon.start_through(wrapped=hanging, NOTIFY_SOCKET=address)
        try:
            watched = daemon.watches()
            silent.settimeout(30.0)
            assert silent.recv(512), "it did ask for the name"
            heard = [manager.recv(200) for _ in range(12)]
            assert heard.count(b"WATCHDOG=1") >= 10
            assert daemon.end(signal.SIGTERM) == 0
        finally:
            daemon.close()
    assert "Traceback" not in daemon.log.read_text()
    figure("environment", "places where it does not watch", not watched, at_most=0)


def test_a_storm_of_sigterm_is_one_end(daemon: Placed, figure: Figures) -> None:
    daemon.start_through()
    assert daemon.watches()
    process = daemon.process
    assert process is not None
    sent = 0
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        sent += 1
        wait_for(lambda: process.poll() is not None, 0.01)
    daemon.process = None
    assert "stopped: " in daemon.log.read_text()
    figure("environment", "exit status after a storm of SIGTERM", process.returncode, at_least=0, at_most=0)
    figure("environment", "signals of the storm", sent, at_least=2)


@pytest.mark.full
def test_of_two_instances_the_second_is_refused_and_the_first_watches_on(daemon: Placed, figure: Figures) -> None:
    daemon.start_through()
    assert daemon.watches()
    command = [sys.executable, "-m", "edge", "run", "--config", str(daemon.config)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert daemon.process is not None
    assert daemon.process.poll() is None
    assert "another edge-dms already works in" in second.stderr
    assert "Traceback" not in second.stderr
    figure("environment", "second instances that were let in", second.returncode == 0, at_most=0)
