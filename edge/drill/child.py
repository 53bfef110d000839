"""The daemon that is drilled: `edge.app` as it is, in surroundings that go wrong on request.

A program of its own, started as `python -m edge.drill.child DESCRIPTOR` by the drill alone. So the daemon in service
holds no fault and no way to one: nothing it imports knows this room (import-linter and a test see to that), and no
setting, file or variable of the environment leads here. Networks, decisions, outbox, threads and signals are those of
`edge-dms run`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.app import run_daemon
from edge.config.schema import Config
from edge.drill.faulty_camera import FaultyCamera
from edge.drill.wire import Given, Order, Start, lines, send
from edge.runtime.health import BoardSensors
from edge.surroundings import Surroundings
from edge.uplink.wallclock import KernelWallClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.actuators.base import Actuator
    from edge.camera.base import CameraSource
    from edge.camera.face_metering import FaceMetering
    from edge.config.schema import Cab, Camera
    from edge.types import AlertKind, Level
    from edge.uplink.wallclock import Instant, WallClock

ORPHAN_S: Final = 20.0
"""A daemon whose drill has died must be gone after so long, whatever hangs in it [D]."""
NS_PER_S: Final = 1_000_000_000


class WrongClock:
    """The machine's clocks with the wall clock set wrong; monotonic time stays true, as it does on any board."""

    def __init__(self, clock: WallClock) -> None:
        self.offset_s = 0.0
        self._clock = clock

    def now(self) -> Instant:
        """Read both clocks."""
        true = self._clock.now()
        return msgspec.structs.replace(true, wall_ns=true.wall_ns + int(self.offset_s * NS_PER_S))


class ToldInCab:
    """An output beside the configured ones that says when it was called. It reaches no driver."""

    name = "drill"
    note: str | None = None

    def __init__(self, surroundings: DrillSurroundings) -> None:
        self._surroundings = surroundings

    def gives(self, level: Level) -> bool:  # noqa: ARG002 - none reaches him
        """Return False: this is no output that a driver perceives."""
        return False

    def open(self) -> None:
        """Nothing to take."""

    def start(self, level: Level, kind: AlertKind) -> None:
        """Tell the drill."""
        self._surroundings.tell(Given(self._surroundings.clock.monotonic_ns(), level, kind))

    def stop(self) -> None:
        """Nothing sounds."""

    def test(self) -> None:
        """Nothing sounds."""

    def check(self) -> bool:
        """Nothing plays on."""
        return False

    def close(self) -> None:
        """Nothing to give back."""


class DrillSurroundings(Surroundings):
    """The real machine, with faults laid over it."""

    film_is_camera = True

    def __init__(self, channel: socket.socket, thermal: Path) -> None:
        super().__init__()
        self._channel = channel
        self._thermal = thermal
        self._order = Order()
        self._camera: FaultyCamera | None = None
        self._wrong_clock = WrongClock(KernelWallClock())
        self._telling = threading.Lock()

    def source(self, camera: Camera, start_ns: int | None, metering: FaceMetering | None) -> CameraSource:
        """Return the configured camera under a cover."""
        self._camera = FaultyCamera(super().source(camera, start_ns, metering))
        self._camera.fault = self._order.camera
        return self._camera

    def actuators(self, cab: Cab) -> Sequence[Actuator]:
        """Return the configured outputs, and one that reports."""
        return [ToldInCab(self), *super().actuators(cab)]

    def wall_clock(self) -> WallClock:
        """Return a clock that can be set wrong."""
        return self._wrong_clock

    def sensors(self) -> BoardSensors:
        """Return sensors that read the drill's own files."""
        return BoardSensors(self.clock, thermal=self._thermal, throttled=self._thermal / "throttled")

    def obey(self, order: Order) -> None:
        """Let this and nothing else be wrong from now on."""
        self._order = order
        self._wrong_clock.offset_s = order.wall_offset_s
        if self._camera is not None:
            self._camera.fault = order.camera

    def tell(self, given: Given) -> None:
        """Report to the drill; one that is gone is not waited for."""
        with self._telling:
            try:
                send(self._channel, given)
            except OSError:
                return


def _mount_tmpfs(folder: Path, megabytes: int) -> None:
    """Put a folder on a disk in memory, seen by this process alone: it is gone with it, whatever ends it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "edge-dms-drill", str(folder)], check=True
    )


def _obey_all(orders: Iterator[bytes], surroundings: DrillSurroundings, orphaned: threading.Event) -> None:
    for line in orders:
        surroundings.obey(msgspec.json.decode(line, type=Order))
    # The drill is gone. End as for a signal, and soon.
    orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(ORPHAN_S)
    os._exit(1)


def main(descriptor: int) -> int:
    """Run the daemon that the first line on the descriptor describes; obey the following ones."""
    channel = socket.socket(fileno=descriptor)
    orders = lines(channel)
    start = msgspec.json.decode(next(orders), type=Start)
    config = msgspec.json.decode(start.config, type=Config)
    if start.tmpfs_mb is not None:
        _mount_tmpfs(Path(config.service.state_dir), start.tmpfs_mb)
    surroundings = DrillSurroundings(channel, Path(start.thermal))
    orphaned = threading.Event()
    threading.Thread(target=_obey_all, args=(orders, surroundings, orphaned), name="drill", daemon=True).start()
    status = run_daemon(config, config_path=None, surroundings=surroundings)
    if orphaned.is_set() and start.folder is not None:
        shutil.rmtree(start.folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
