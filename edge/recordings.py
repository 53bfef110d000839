"""Which files were recorded into, so that they can be found and deleted long after the setting was changed.

The list lies in the state directory. A path on it is deleted only while the file there still begins as a recording of
ours does: something else may have taken its name.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

logger = logging.getLogger(__name__)

FILE: Final = "recordings.json"
MOST: Final = 64
"""Paths that are remembered; the oldest go first [D]."""
_FIRST_BYTES: Final = b'{"type":"'
"""A line of a recording begins so, whatever it holds."""
_PATHS: Final = msgspec.json.Decoder(tuple[str, ...])


class RecordingList:
    """The files that were recorded into."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE
        self._names = self._read()

    def note(self, paths: Iterable[Path]) -> None:
        """Remember files before anything is written into them."""
        names = [str(path.absolute()) for path in paths]
        known = tuple(dict.fromkeys((*self._names, *names)))[-MOST:]
        if known != self._names:
            self._write(known)

    def found(self) -> list[Path]:
        """Return the recordings that are there now."""
        return [path for name in self._names if is_recording(path := Path(name))]

    def delete(self, *, spared: Collection[Path] = ()) -> int:
        """Delete every recording but those that are still written, and return how many. Raises `OSError`."""
        kept = {path.absolute() for path in spared}
        gone = 0
        for path in self.found():
            if path not in kept:
                path.unlink(missing_ok=True)
                gone += 1
        self._write(tuple(name for name in self._names if Path(name) in kept))
        return gone

    def expire(self, now_s: float, keep_s: float, *, spared: Collection[Path] = ()) -> int:
        """Delete recordings that were last written longer ago than `keep_s`; return how many."""
        kept = {path.absolute() for path in spared}
        gone = 0
        for path in self.found():
            try:
                if path not in kept and now_s - path.stat().st_mtime > keep_s:
                    path.unlink()
                    gone += 1
                    logger.info("the recording %s is over its retention: deleted", path)
            except OSError as error:
                logger.warning("the recording %s cannot be deleted: %s", path, error.strerror)
        return gone

    def _write(self, names: tuple[str, ...]) -> None:
        self._names = names
        try:
            if names:
                replace_file(self._path, msgspec.json.encode(names))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._path, error.strerror)

    def _read(self) -> tuple[str, ...]:
        try:
            return _PATHS.decode(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be read (%s): earlier recordings are not known", self._path, error)
            return ()


def is_recording(path: Path) -> bool:
    """Tell whether a file is there that begins as a recording does; an empty one counts."""
    try:
        if not path.is_file() or path.is_symlink():
            return False
        with path.open("rb") as file:
            first = file.read(len(_FIRST_BYTES))
    except OSError:
        return False
    return first in {b"", _FIRST_BYTES}
