"""Settings from outside on disk: the last good ones, the ones on trial, and the ones that failed.

Every change is written before it takes effect. What is on trial has a few starts to prove itself: a daemon that dies
with it at once, in whatever way, finds the last good ones again.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME: Final = "remote-settings.json"
TRIAL_STARTS: Final = 3
"""Starts without a proof after which a trial is over: one alone may have met a power cut [D]."""


class Accepted(msgspec.Struct, frozen=True):
    """Settings that were found right."""

    version: int
    settings: dict[str, Any]

    @property
    def digest(self) -> str:
        """Tells two contents of the same version apart."""
        return digest_of(self.settings)


class Failed(msgspec.Struct, frozen=True):
    """Settings that were taken back."""

    version: int
    digest: str
    why: str


class Ledger(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file holds."""

    good: Accepted | None = None
    trial: Accepted | None = None
    starts: int = 0
    """Starts that the trial has had."""
    failed: Failed | None = None


class SettingsStore:
    """The file, and how it changes."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._lost = ""
        self.ledger = self._read()

    @property
    def last_version(self) -> int:
        """The highest version ever taken; 0: none."""
        ledger = self.ledger
        return max((one.version for one in (ledger.good, ledger.trial, ledger.failed) if one is not None), default=0)

    @property
    def tried(self) -> bool:
        """True while settings on trial are in force in this process, or were when it began."""
        return self.ledger.trial is not None and self.ledger.starts > 0

    @property
    def in_force(self) -> Accepted | None:
        """The settings that this process runs with."""
        return self.ledger.trial if self.tried else self.ledger.good

    def begin(self) -> Accepted | None:
        """Return the settings for this start: those on trial, while they have starts left, else the last good ones."""
        if self.ledger.trial is None:
            return self.ledger.good
        if self.ledger.starts >= TRIAL_STARTS:
            self.roll_back(f"{TRIAL_STARTS} starts with it ended before it was proved")
            return self.ledger.good
        try:
            self._write(starts=self.ledger.starts + 1)
        except OSError as error:
            logger.warning("%s cannot be written (%s): the settings on trial wait", self._path, error.strerror)
            return self.ledger.good
        return self.ledger.trial

    def ended_well(self) -> None:
        """Note a regular end: a short drive proves nothing, and is no failure either."""
        if self.tried:
            try:
                self._write(starts=0)
            except OSError as error:
                logger.warning("%s cannot be written: %s", self._path, error.strerror)

    def stage(self, accepted: Accepted) -> None:
        """Note settings that will be tried. Raises `OSError` when they cannot be written: then they are not."""
        self._write(trial=accepted, starts=0)

    def start_trial(self) -> None:
        """Note that the trial runs without a new start. Raises `OSError`."""
        self._write(starts=1)

    def prove(self, accepted: Accepted | None = None) -> None:
        """Make what is on trial, or `accepted`, the last good ones. Raises `OSError`."""
        self._write(good=accepted or self.ledger.trial, trial=None, starts=0)

    def roll_back(self, why: str) -> None:
        """Take back what is on trial."""
        trial = self.ledger.trial
        if trial is None:
            return
        logger.warning("the settings of version %d are taken back: %s", trial.version, why)
        failed = Failed(version=trial.version, digest=trial.digest, why=why[:200])
        try:
            self._write(trial=None, starts=0, failed=failed)
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._path, error.strerror)
            self.ledger = msgspec.structs.replace(self.ledger, trial=None, starts=0, failed=failed)

    def _write(self, **changes: Any) -> None:
        changed = msgspec.structs.replace(self.ledger, **changes)
        replace_file(self._path, msgspec.json.encode(changed))
        self.ledger = changed

    def _read(self) -> Ledger:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Ledger)
        except FileNotFoundError:
            return Ledger()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be read (%s): the file of the vehicle alone counts", self._path, error)
            return Ledger()


def digest_of(settings: dict[str, Any]) -> str:
    """Return the SHA-256 of settings, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()
