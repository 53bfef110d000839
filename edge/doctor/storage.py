"""Disk and SD card: room, rights, and what the card and the file system say of their health."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.doctor.machine import Machine

NAMES: Final = ("disk", "storage_health")
SPARE_MB: Final = 64
"""Beyond the outbox: databases copy themselves, logs grow [D]."""
WORN: Final = 8
"""Steps of 10 % of the life of an eMMC chip [S JESD84-B51, device life time estimation]."""


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return whether alerts can be kept."""
    return [_disk(config), _health(machine)]


def _disk(config: Config) -> Finding:
    state_dir = Path(config.service.state_dir)
    there = next((folder for folder in (state_dir, *state_dir.absolute().parents) if folder.is_dir()), Path("/"))
    numbers = os.statvfs(there)
    free_mb = numbers.f_bavail * numbers.f_frsize / 1e6
    told = f"{free_mb:,.0f} MB free in {there}"
    if numbers.f_flag & os.ST_RDONLY:
        return fail(
            "disk", f"{there} is mounted read-only", "give service.state_dir a writable place; see firmware_config/"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        return warn(
            "disk",
            f"{told}, which this user may not write",
            "run this as the daemon's user or root, or set service.state_dir to a folder of your own",
        )
    if free_mb < config.outbox.max_mb:
        return fail("disk", told, f"free some room: the outbox alone may need {config.outbox.max_mb:g} MB")
    if free_mb < config.outbox.max_mb * 2 + SPARE_MB:
        return warn("disk", told, "free some room, or lower outbox.max_mb")
    return ok("disk", told)


def _health(machine: Machine) -> Finding:
    errors = sum(int(machine.text(path) or "0") for path in machine.glob("/sys/fs/ext4/*/errors_count"))
    if errors:
        return fail(
            "storage_health", f"the file system counted {errors} errors", "save what you need and replace the card"
        )
    cards = []
    for device in machine.glob("/sys/block/mmcblk[0-9]/device"):
        name = machine.text(device / "name") or "card"
        worn = max((int(part, 16) for part in (machine.text(device / "life_time") or "").split()), default=None)
        if worn is not None and worn > WORN:
            return warn(
                "storage_health", f"{name} has used {worn * 10 - 10}-{worn * 10} % of its life", "replace it soon"
            )
        if (machine.text(device / "pre_eol_info") or "") in {"0x02", "0x03"}:
            return warn("storage_health", f"{name} has used most of its spare blocks", "replace it soon")
        cards.append(f"{name}" + ("" if worn is None else f", at most {worn * 10} % of its life used"))
    troubles = machine.says("journalctl", "-k", "-b", "-q", "--no-pager", "-n", "3", "-g", "mmc.*error|I/O error")
    if troubles:
        last = troubles.splitlines()[-1]
        return warn(
            "storage_health", f"the kernel complains: {last[:160]}", "check the card's seat and the supply; replace it"
        )
    return ok("storage_health", "; ".join(cards) or "no SD card or eMMC; the file systems counted no errors")
