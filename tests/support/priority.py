"""Seconds that a process is held to, on a machine busy with other things: before everybody else, for a while."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FIRST = ("chrt", "--rr", "1") if os.geteuid() == 0 else ()
"""Words before a command that is to run as on a board that has nothing else to do. A niceness would not do: the kernel
shares the processor between sessions first."""


def back_in_line(pid: int) -> None:
    """Let every thread of a process that was started with `FIRST` wait its turn again."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))
