"""Drivers who return: what was learnt of each is kept in one small file, under the token that tells them apart.

The token comes from outside (configuration or vehicle bus) and means nothing here; the file holds a hash of it and a
few numbers, no picture, and nobody is recognised. Without a token nothing is kept and nothing is taken back.

Threads: the pipeline asks and hands over, from memory; a thread of its own writes the file, whole and atomically.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.safe_file import replace_file
from edge.types import BaselineChange, DriverBaseline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.runtime.worker import Worker
    from edge.types import Decision, StreamMember

logger = logging.getLogger(__name__)

FILE: Final = "drivers.json"
DRIVERS_MAX: Final = 20
"""Who has not driven for longest is forgotten first [D]."""
BYTES_MAX: Final = 256 * 1024
"""A driver takes about 1 kB; a larger file is none of ours [D]."""
WAIT_S: Final = 0.5
NOTHING: Final = DriverBaseline()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds: hash of the token to baseline, who drove last at the end."""

    version: int
    drivers: dict[str, DriverBaseline]


class DriverStore:
    """The kept baselines, in memory and on disk."""

    def __init__(self, state_dir: Path) -> None:
        """Read the file; one that cannot be read is put aside, and everybody is learnt anew."""
        self._path = state_dir / FILE
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._drivers = self._read()
        self.failed = False
        """Whether the last writing failed: the disk is full or broken."""

    def find(self, token: str) -> DriverBaseline | None:
        """Return what is known of this driver; None for a stranger."""
        with self._lock:
            return self._drivers.get(_hashed(token))

    def keep(self, token: str, baseline: DriverBaseline) -> None:
        """Remember it; the thread writes it. Of a stranger of whom nothing is learnt yet nothing is kept."""
        key = _hashed(token)
        with self._lock:
            if self._drivers.get(key, NOTHING) == baseline:
                return
            self._drivers.pop(key, None)
            self._drivers[key] = baseline
            while len(self._drivers) > DRIVERS_MAX:
                del self._drivers[next(iter(self._drivers))]
        self._changed.set()

    def write(self, worker: Worker) -> None:
        """Write whenever something changed, once more at the end: the target of the thread."""
        while not worker.stopping:
            if self._changed.wait(WAIT_S):
                self._write()
            worker.beat()
        if self._changed.is_set():
            self._write()

    def _write(self) -> None:
        self._changed.clear()
        with self._lock:
            content = msgspec.json.format(msgspec.json.encode(_File(1, self._drivers)))
        try:
            replace_file(self._path, content)
        except OSError as error:
            if not self.failed:
                logger.warning("%s cannot be written (%s): drivers are learnt anew after a restart", self._path, error)
            self.failed = True
        else:
            self.failed = False

    def _read(self) -> dict[str, DriverBaseline]:
        try:
            with self._path.open("rb") as file:
                content = file.read(BYTES_MAX + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            logger.warning("%s cannot be read (%s): every driver is learnt anew", self._path, error.strerror)
            return {}
        try:
            if len(content) > BYTES_MAX:
                raise msgspec.ValidationError(f"larger than {BYTES_MAX // 1024} KiB")
            found = msgspec.json.decode(content, type=_File)
            if found.version != 1:
                raise msgspec.ValidationError(f"version {found.version} is not known")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            aside = self._path.with_suffix(".damaged")
            logger.warning("%s is damaged (%s): put aside, drivers are learnt anew", self._path, error)
            try:
                self._path.replace(aside)
            except OSError:
                logger.warning("%s cannot be put aside", self._path)
            return {}
        return found.drivers


class ReturningDriver:
    """Gives the driver who is named his baseline, and keeps what is learnt of him. Used by the pipeline's thread."""

    def __init__(
        self,
        store: DriverStore,
        token: Callable[[], str | None],
        baseline: Callable[[], DriverBaseline],
        revision: Callable[[], int],
    ) -> None:
        """`token` tells who drives now (None: not told), `baseline` and `revision` what is known of him."""
        self._store = store
        self._token = token
        self._baseline = baseline
        self._revision = revision
        self._named: str | None = None
        self._kept_revision: int | None = None

    def change(self, t_ns: int) -> BaselineChange | None:
        """Return what a newly named driver means for the stream; None while nobody new is named.

        A token that is no longer told changes nothing: the driver is still there.
        """
        token = self._token()
        if token is None or token == self._named:
            return None
        self._named = token
        self._kept_revision = None
        known = self._store.find(token)
        logger.info("driver: %s", "one who returned" if known is not None else "one who is not known yet")
        return BaselineChange(t_ns=t_ns, action="restore", baseline=known)

    def on_member(self, member: StreamMember) -> None:
        """Keep what was learnt up to the member before, if anything was."""
        if self._named is None or isinstance(member, BaselineChange):
            return
        revision = self._revision()
        if revision != self._kept_revision:
            self._kept_revision = revision
            self._store.keep(self._named, self._baseline())

    def on_decision(self, decision: Decision) -> None:
        """Decisions say nothing about him."""


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]
