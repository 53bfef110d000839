from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge.runtime import safe_file
from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_replaced_whole_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "file"
    replace_file(path, b"first")
    replace_file(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    replace_file(path, b"first")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safe_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"second")
    assert path.read_bytes() == b"first"


def test_permissions_of_another_file_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 1234, 5678)
    before = path.stat()
    replace_file(path, b"second", like=path)
    assert path.read_bytes() == b"second"
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work in the folder of another user")
def test_what_root_writes_into_somebodys_folder_is_his(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    replace_file(folder / "drivers.json", b"{}")
    assert (folder / "drivers.json").stat().st_uid == 65534
    replace_file(tmp_path / "own.json", b"{}")
    assert (tmp_path / "own.json").stat().st_uid == 0
