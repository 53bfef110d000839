from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import os, pathlib, resource, subprocess, sys
_, most = resource.getrlimit(resource.RLIMIT_CORE)
assert most, "where no core can be dumped nothing is shown"
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
os.umask(0)
from edge.runtime.private_process import keep_private
keep_private()
pathlib.Path(sys.argv[1], "file").write_text("x")
limits = subprocess.run(["cat", "/proc/self/limits"], capture_output=True, text=True, check=True).stdout
print(next(line for line in limits.splitlines() if line.startswith("Max core file size")), flush=True)
os.abort()
"""


def test_a_crash_leaves_no_core_and_new_files_are_ours_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == -6
    assert done.stdout.split()[4] == "0", "what it starts inherits the limit"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
