"""A small ext4 disk in a file, whose content at a moment can be kept: what a board finds after a power cut."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SIZE_BYTES = 32 * 1024 * 1024
FORMAT = ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0")
MOST_COPIES = 50


class LoopDisk:
    """An image and where it is mounted; a context manager."""

    def __init__(self, image: Path, mounted: Path) -> None:
        self.image = image
        self.mounted = mounted

    @classmethod
    def made(cls, folder: Path) -> LoopDisk:
        """Make a fresh one in `folder`. Skips the test where that is not allowed or not possible."""
        if os.geteuid() != 0:
            pytest.skip("a disk image can only be mounted by root")
        missing = [program for program in (FORMAT[0], "mount", "umount") if shutil.which(program) is None]
        if missing:
            pytest.skip(f"no {', '.join(missing)} here: a disk image cannot be made")
        folder.mkdir()
        image, mounted = folder / "disk.img", folder / "disk"
        mounted.mkdir()
        with image.open("wb") as file:
            file.truncate(SIZE_BYTES)
        subprocess.run([*FORMAT, str(image)], check=True)
        return cls(image, mounted)

    def __enter__(self) -> Self:
        """Mount; the file system's journal is replayed as at a start of the board."""
        done = subprocess.run(
            ["mount", "-o", "loop", str(self.image), str(self.mounted)], check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            if "loop" in done.stderr:
                pytest.skip(f"no loop device here: {done.stderr.strip()}")
            message = f"the disk cannot be mounted: {done.stderr.strip()}"
            raise AssertionError(message)
        return self

    def __exit__(self, *_: object) -> None:
        """Unmount."""
        subprocess.run(["umount", str(self.mounted)], check=True)

    def cut(self, folder: Path) -> LoopDisk:
        """Return a disk that holds what has reached this one, and nothing that waits in memory.

        Who writes must stand still. The kernel itself may write meanwhile: a copy that was overtaken is made anew.
        """
        folder.mkdir()
        copy, mounted = folder / "disk.img", folder / "disk"
        mounted.mkdir()
        for _ in range(MOST_COPIES):
            shutil.copyfile(self.image, copy)
            if filecmp.cmp(self.image, copy, shallow=False):
                return LoopDisk(copy, mounted)
        message = "the disk is never at rest"
        raise AssertionError(message)
