"""Board, operating system, Python, service and the last start."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.runtime.last_start import boot_id, read_start

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.doctor.machine import Machine

NAMES: Final = ("board", "os", "python", "service", "last_start")
MACHINES: Final = {"aarch64", "x86_64"}
LEAST_MEMORY_MB: Final = 480
"""The daemon needs about 170 MB, the rest the system [D: measured 118-168 MB peak]."""
LONGEST_START_S: Final = 60.0
"""A driver has left the yard by then [D]."""
SYSTEMS: Final = {"debian": 12, "raspbian": 12, "ubuntu": 22}
"""Oldest releases with Python 3.11 or a package of it, and a libc that the networks' runtime accepts [D]."""
SAFE_MODE: Final = "/var/lib/edge-dms-boot/safe-mode"
"""Written by systemd/escalate: why the board no longer reboots by itself."""


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return what the machine is and how its last start went."""
    return [_board(machine), _system(machine), _python(config), _service(machine), _last_start(config)]


def _board(machine: Machine) -> Finding:
    name = machine.text("/proc/device-tree/model") or machine.text("/sys/class/dmi/id/product_name") or "unknown board"
    kind = platform.machine()
    memory = machine.text("/proc/meminfo") or ""
    memory_mb = next(
        (int(line.split()[1]) // 1024 for line in memory.splitlines() if line.startswith("MemTotal")), None
    )
    told = f"{name}, {kind}" + (f", {memory_mb} MB of memory" if memory_mb else "")
    if kind not in MACHINES:
        return fail("board", told, "install the 64-bit operating system: the networks' runtime has no other build")
    if memory_mb is not None and memory_mb < LEAST_MEMORY_MB:
        return warn("board", told, f"use a board with at least {LEAST_MEMORY_MB} MB, or switch other services off")
    return ok("board", told)


def _system(machine: Machine) -> Finding:
    release = machine.text("/etc/os-release") or ""
    said = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    name = said.get("PRETTY_NAME", "unknown system").strip('"')
    told = f"{name}, Linux {platform.release()}"
    oldest = SYSTEMS.get(said.get("ID", "").strip('"'))
    version = said.get("VERSION_ID", "").strip('"').partition(".")[0]
    if oldest is None or not version.isdecimal():
        return warn("os", told, "only Debian, Raspberry Pi OS and Ubuntu are tried")
    if int(version) < oldest:
        return fail("os", told, f"upgrade to release {oldest} or newer (Raspberry Pi OS: write a new card)")
    return ok("os", told)


def _python(config: Config) -> Finding:
    told = f"Python {platform.python_version()} in {sys.prefix}"
    if config.camera.source == "picamera" and sys.prefix != sys.base_prefix and not _sees_system_packages():
        return warn(
            "python",
            f"{told}, which does not see the system's packages",
            "make it anew with `python3 -m venv --system-site-packages`: picamera2 comes from apt",
        )
    return ok("python", told)


def _sees_system_packages() -> bool:
    try:
        said = (Path(sys.prefix) / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return True
    return "include-system-site-packages = true" in said.lower()


def _service(machine: Machine) -> Finding:
    if not machine.path("/run/systemd/system").is_dir():
        return ok("service", "this system has no systemd; whoever starts the daemon must start it again when it ends")
    said = machine.says("systemctl", "show", "edge-dms.service", "--property=LoadState,ActiveState,SubState,NRestarts")
    state = dict(line.split("=", 1) for line in (said or "").splitlines() if "=" in line)
    if state.get("LoadState") != "loaded":
        return warn(
            "service", "edge-dms.service is not installed: nothing starts the daemon", "sudo bash tools/install.sh"
        )
    told = f"edge-dms.service is {state.get('ActiveState')} ({state.get('SubState')})"
    return _safe_mode(machine, told) or _running(state, told)


def _safe_mode(machine: Machine, told: str) -> Finding | None:
    reason = machine.text(SAFE_MODE)
    if reason is None:
        return None
    return fail(
        "service",
        f"{told}, in safe mode: {reason}",
        "mend that, then: sudo /usr/lib/edge-dms/escalate --settled && sudo systemctl restart edge-dms",
    )


def _running(state: dict[str, str], told: str) -> Finding:
    restarts = int(state.get("NRestarts", "0") or 0)
    if state.get("ActiveState") == "failed":
        return fail("service", told, "journalctl -u edge-dms -b -e shows why; then: systemctl restart edge-dms")
    if state.get("ActiveState") != "active":
        return warn("service", told, "sudo systemctl enable --now edge-dms")
    if restarts:
        return warn("service", f"{told}, restarted {restarts} times", "journalctl -u edge-dms -b -p warning shows why")
    return ok("service", told)


def _last_start(config: Config) -> Finding:
    start = read_start(Path(config.service.state_dir))
    if start is None:
        return warn(
            "last_start",
            f"nothing in {config.service.state_dir} tells of a start",
            "start the daemon once; if it runs, run this as its user or as root",
        )
    told = (
        f"watching {start.power_on_to_watching_s:.1f} s after power-on (the firmware's seconds not counted), "
        f"{start.start_to_watching_s:.1f} s after the start of the daemon"
    )
    if start.boot_id != boot_id():
        return warn("last_start", f"before the last reboot: {told}; not since", "start the daemon, or see `service`")
    if start.starts > 1:
        told += f"; {start.starts} starts since power-on"
    if start.power_on_to_watching_s > LONGEST_START_S and start.starts == 1:
        return warn("last_start", told, "`systemd-analyze blame` shows what the start waits for")
    return ok("last_start", told)
