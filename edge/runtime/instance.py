"""One daemon a state directory: the directory exists, is ours to write, and nobody else works in it."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from typing import TYPE_CHECKING, Self

from edge.runtime.safe_file import give_to_owner

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


class StateDirError(Exception):
    """The state directory cannot be used; the message says why and what to do."""


class SingleInstance:
    """Holds a lock in the state directory while the context lasts; the kernel frees it however the process ends."""

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir
        self._file: int | None = None

    def __enter__(self) -> Self:
        try:
            self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._opened()
        except OSError as error:
            raise StateDirError(
                f"the state directory {self._dir} cannot be used ({error.strerror}); make it writable for this user "
                "or set service.state_dir to a folder of your own"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            self._file = None
            raise StateDirError(
                f"another edge-dms already works in {self._dir}; stop it, or give this one its own service.state_dir"
            ) from error
        return self

    def _opened(self) -> int:
        try:
            file = os.open(self._dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            # A worn card becomes read-only. Its vehicle is watched all the same, with what is to be sent in memory.
            logger.warning("%s is on a disk that is read-only: nothing outlives the end of this process", self._dir)
            return os.open(self._dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        give_to_owner(file, self._dir)
        return file

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_taken(state_dir: str | Path) -> bool:
    """Tell whether a daemon works in a state directory; False as well where we may not look."""
    try:
        lock = os.open(f"{state_dir}/lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
