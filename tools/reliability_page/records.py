"""What the tests wrote down: one record a test, gathered from the folders of several runs into one file."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RUN_FOLDER: Final = "build/reliability"
"""Where a run of the tests leaves its records, one JSON file a test."""
LONGEST_NAME: Final = 200
"""File systems take 255 bytes."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number and what it has to keep to."""

    row: str
    name: str
    measured: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    passed: bool = True

    @property
    def bounded(self) -> bool:
        """Tell whether anything is demanded of it."""
        return self.at_most is not None or self.at_least is not None

    @property
    def used(self) -> float | None:
        """Return the share of its allowance that was used, 1 being the bound. None where there is no allowance."""
        return self.measured / self.at_most if self.at_most and self.at_least is None else None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test's last run."""

    test: str
    date: str
    """Of the run, ISO 8601, UTC; to the second since records are merged by it."""
    commit: str
    machine: str
    python: str
    seconds: float | None = None
    """How long the test took."""
    version: str = ""
    """Of the test's code, as `stated.Stated` has it."""
    skipped: str | None = None
    """Why nothing was measured."""
    failed: str | None = None
    """How it ended when it did not pass."""
    figures: tuple[Figure, ...] = ()


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page is made of, besides the rows: tests/reliability/figures.json."""

    records: tuple[Record, ...] = ()
    stated: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The tests that state figures, run or not, and of which rows."""
    full: tuple[str, ...] = ()
    """Those of them that only the long run runs."""


def file_name(test: str) -> str:
    """Return the name of a test's record; one that no file system takes is cut and told apart by its digest."""
    name = re.sub(r"[^\w.-]+", "-", test)
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}-{hashlib.sha256(test.encode()).hexdigest()[:12]}"
    return f"{name}.json"


def read(path: Path) -> Record:
    """Read one record. Raises `msgspec.DecodeError` on anything else."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


def write(path: Path, value: Record | Results) -> None:
    """Write a record or all results, one line a field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def load(path: Path) -> Results:
    """Return what was gathered before; nothing without the file."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else Results()


def gather(folders: Iterable[Path], before: Iterable[Record] = ()) -> tuple[Record, ...]:
    """Return one record a test, by name: the newest that measured something, else the newest skip."""
    newest: dict[str, Record] = {}
    read_now = (read(path) for folder in folders for path in sorted(folder.glob("*.json")))
    for record in (*before, *read_now):
        known = newest.get(record.test)
        if known is None or _rank(record) >= _rank(known):
            newest[record.test] = record
    return tuple(newest[test] for test in sorted(newest))


def _rank(record: Record) -> tuple[bool, str]:
    return record.skipped is None, record.date
