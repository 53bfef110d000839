"""The highest counter accepted under each key, on disk before the command is carried out: nothing is replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "command-counters.json"


class CountersError(Exception):
    """The file cannot be read or written; the message says what to do. Signed commands wait until then."""


class Counters:
    """Key to the highest counter. A file that is damaged is no licence to start from zero."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._highest: dict[str, int] | None = None

    def accept(self, key: str, counter: int) -> bool:
        """Note a counter durably; False when it is not above the highest. Raises `CountersError`."""
        highest = self._read()
        if counter <= highest.get(key, 0):
            return False
        changed = {**highest, key: counter}
        try:
            replace_file(self._path, msgspec.json.encode(changed))
        except OSError as error:
            raise CountersError(f"{self._path} cannot be written: {error.strerror}") from error
        self._highest = changed
        return True

    def _read(self) -> dict[str, int]:
        if self._highest is None:
            try:
                self._highest = msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
            except FileNotFoundError:
                self._highest = {}
            except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                raise CountersError(
                    f"{self._path} cannot be read: {error}; give the fleet a new key, then delete the file"
                ) from error
        return self._highest
