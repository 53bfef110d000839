"""A process that dies with a delegate in the crash journal."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def dies(tmp_path: Path) -> Callable[..., Path]:
    """Tell the journal something from a process that then dies; return the note that it leaves."""

    def dying(*told: str) -> Path:
        calls = "; ".join(f"journal.{what}('edgetpu')" for what in told)
        program = f"import os; from edge.inference.journal import *; journal = CrashJournal({str(tmp_path)!r}); {calls}"
        subprocess.run([sys.executable, "-c", f"{program}; os._exit(1)"], check=False)
        return tmp_path / "trying-edgetpu"

    return dying
