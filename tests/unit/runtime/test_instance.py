"""One daemon a state directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.runtime.instance import SingleInstance, StateDirError


def test_a_second_one_is_refused_and_the_first_one_leaves_the_place_free(tmp_path: Path) -> None:
    with SingleInstance(tmp_path / "state"), pytest.raises(StateDirError, match="another edge-dms"):
        SingleInstance(tmp_path / "state").__enter__()
    with SingleInstance(tmp_path / "state"):
        pass


def test_a_killed_one_leaves_the_place_free(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from edge.runtime.instance import SingleInstance;"
        "SingleInstance(pathlib.Path(sys.argv[1])).__enter__(); print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert child.stdout == "held\n"
    with SingleInstance(tmp_path):
        pass


def test_an_unusable_directory_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateDirError, match=r"file/state cannot be used.*service\.state_dir"):
        SingleInstance(tmp_path / "file" / "state").__enter__()


def test_the_lock_is_private(tmp_path: Path) -> None:
    with SingleInstance(tmp_path / "state"):
        assert os.stat(tmp_path / "state" / "lock").st_mode & 0o077 == 0  # noqa: PTH116 - the mode as the kernel has it
