"""A trial that does not come back ends the process and leaves its note; one that does leaves nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from edge.inference.journal import CrashJournal
from edge.inference.trial import trial

if TYPE_CHECKING:
    from pathlib import Path

HANGS = """
import ctypes, sys
from edge.inference import trial
from edge.inference.journal import CrashJournal
trial.LIMIT_S = 0.2
with trial.trial("edgetpu", CrashJournal(sys.argv[1])):
    ctypes.PyDLL(None).pause()  # holds the interpreter's lock, as a library may
"""


def test_a_library_that_hangs_ends_the_process_with_the_stack_and_a_note(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert CrashJournal(tmp_path).blocks("edgetpu")


def test_one_that_comes_back_leaves_nothing(tmp_path: Path) -> None:
    with trial("edgetpu", CrashJournal(tmp_path)):
        assert (tmp_path / "trying-edgetpu").exists()
    assert list(tmp_path.iterdir()) == []


def test_without_a_journal_nothing_is_written(tmp_path: Path) -> None:
    with trial("edgetpu", None):
        assert list(tmp_path.iterdir()) == []
