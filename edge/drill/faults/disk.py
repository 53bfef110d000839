"""A card that is full, the outbox's own reserve used up: alerts wait in memory, the cab is warned, nothing is lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.drill.daemon import Launch
from edge.drill.fault import Fault
from edge.drill.outcome import Limits, Measured
from edge.drill.wire import Order
from edge.uplink.database import BALLAST_NAME

if TYPE_CHECKING:
    from edge.drill.bench import Bench

DISK_MB: Final = 2
CHUNK: Final = 4096
TOLD_S: Final = 3.0
BACK_S: Final = 15.0
LASTS_S: Final = 4.0
FULL_S: Final = 15.0


def launcher() -> list[str]:
    """Return the command that gives a process disks of its own: root may, and where the kernel lets him, a user."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def missing() -> str | None:
    """Say why no small disk can be made here."""
    try:
        probe = subprocess.run(
            [*launcher(), "mount", "-t", "tmpfs", "-o", "size=1m", "edge-dms-drill", "/mnt"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "unshare and mount (package util-linux) are missing"
    if probe.returncode == 0:
        return None
    return "this user may not make a small disk to fill; run it as root: sudo edge-dms drill disk"


def strike(bench: Bench) -> Measured:
    """Run the daemon on a disk of 2 MiB of its own, fill that, cover the lens, free it."""
    bench.daemon.stop()
    # Another outbox counts its alerts anew: to the fleet it is another vehicle.
    mqtt = msgspec.structs.replace(bench.config.mqtt, vehicle="full-disk")
    bench.start(msgspec.structs.replace(bench.config, mqtt=mqtt), Launch(launcher=launcher(), tmpfs_mb=DISK_MB))
    bench.calm()
    # Only the daemon sees its disk; the kernel shows it to us through the process.
    disk = Path(f"/proc/{bench.daemon.pid}/root{bench.config.service.state_dir}")
    filler = disk / "filler"
    try:
        (disk / BALLAST_NAME).unlink(missing_ok=True)
        _fill(filler)
        begun_ns = bench.daemon.order(Order(camera="cover"))
        latency_s = bench.told(begun_ns, TOLD_S)
        bench.fault_told("disk_full", begun_ns, FULL_S)
        bench.hold(begun_ns, LASTS_S)
        bench.mend()
    finally:
        with contextlib.suppress(OSError):
            filler.unlink(missing_ok=True)
    freed_ns = bench.mend()
    recovery_s = bench.recovered(freed_ns, BACK_S)
    lost = bench.lost()
    bench.restart()
    return Measured(latency_s, recovery_s, lost)


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(CHUNK))


FAULT: Final = Fault("disk", Limits(TOLD_S, BACK_S), strike, missing)
