"""How long the last start took, from power-on to the first judged frame: a small file that the doctor reads."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

FILE_NAME: Final = "last-start.json"
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class LastStart(msgspec.Struct, frozen=True):
    """The first start since the board was switched on, and the latest one."""

    boot_id: str
    power_on_to_watching_s: float
    """From the start of the kernel to the first judged frame, of the first start in this boot. What the firmware needs
    before the kernel, some seconds on a Raspberry Pi, is not in it: nothing tells it."""
    start_to_watching_s: float
    """From the start of the process, of the latest start."""
    starts: int
    """How often the daemon began to watch in this boot."""


def note_start(state_dir: Path, *, boot_s: Callable[[], float] | None = None, boot: str | None = None) -> None:
    """Write down that the daemon watches from now on. A folder that cannot be written is only logged."""
    now_s = (boot_s or _since_boot_s)()
    boot = boot or boot_id()
    before = read_start(state_dir)
    same = before is not None and before.boot_id == boot
    noted = LastStart(
        boot_id=boot,
        power_on_to_watching_s=round(before.power_on_to_watching_s if before and same else now_s, 2),
        start_to_watching_s=round(process_age_s(now_s), 2),
        starts=before.starts + 1 if before and same else 1,
    )
    try:
        replace_file(state_dir / FILE_NAME, msgspec.json.encode(noted))
    except OSError as error:
        logger.warning("the time of this start cannot be written down: %s", error)


def read_start(state_dir: Path) -> LastStart | None:
    """Return what the last start wrote down; None without it."""
    try:
        return msgspec.json.decode((state_dir / FILE_NAME).read_bytes(), type=LastStart)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def boot_id() -> str:
    """Return the kernel's name of this boot, empty where it tells none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def process_age_s(now_s: float | None = None) -> float:
    """Return how long this process has run, its interpreter's start included; `now_s`: seconds since the kernel's."""
    return max(0.0, (_since_boot_s() if now_s is None else now_s) - _process_began_s())


def _since_boot_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _process_began_s() -> float:
    """Return when this process was started, in seconds since the kernel was."""
    try:
        # The name of the program, in parentheses, may hold spaces: count from behind it. starttime is field 22.
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return _since_boot_s()
