"""The kept baselines, in memory and on disk: who is remembered, for how long, and when that is written."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from edge.drivers.file import DAMAGED, FILE, VERSION, DriversFile, DriversFileError, files_of, hashed, read_file
from edge.drivers.kept import Kept, changed_parts, originated
from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.drivers.kept import Origin
    from edge.runtime.worker import Worker
    from edge.types import DriverBaseline

logger = logging.getLogger(__name__)

DRIVERS_MAX: Final = 20
"""Who has not driven for longest is forgotten first [D]."""
STEPS_MAX: Final = 6
"""What stands and five steps back: every part that is learnt once, and one more [D]."""
WAIT_S: Final = 0.5


class DriverStore:
    """The kept baselines, in memory and on disk."""

    def __init__(
        self,
        state_dir: Path,
        *,
        expression: bool = True,
        keep_days: float | None = None,
        today: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Read the file; one that cannot be read is put aside, and everybody is learnt anew.

        Without `expression` no neutral face is kept, not even one that was learnt before. `today` tells the day as the
        number of days since 1970, None while no clock is to be trusted: then nobody grows old.
        """
        self._path = state_dir / FILE
        self._expression = expression
        self._keep_days = keep_days
        self._today = today
        self._lock = threading.Lock()
        self._on_disk = threading.Lock()
        self._changed = threading.Event()
        self._looked_on: int | None = None
        self._purging = False
        self._drivers: dict[str, tuple[Kept, ...]] = {}
        self._days: dict[str, int] = {}
        try:
            self._take(read_file(state_dir))
        except DriversFileError as error:
            self._put_aside(error)
        self.failed = False
        """Whether the last writing failed: the disk is full or broken."""

    def find(self, token: str) -> DriverBaseline | None:
        """Return what is known of this driver; None for a stranger."""
        kept = self.kept(token)
        return None if kept is None else kept.baseline

    def kept(self, token: str) -> Kept | None:
        """Return the same with its origins."""
        steps = self.steps(token)
        return steps[-1] if steps else None

    def steps(self, token: str) -> tuple[Kept, ...]:
        """Return what can be returned to, the present one last; empty for a stranger."""
        key = hashed(token)
        with self._lock:
            if key in self._drivers:
                self._note_day(key)
            return self._drivers.get(key, ())

    def keep(self, token: str, baseline: DriverBaseline, origin: Origin) -> None:
        """Remember it; the thread writes it. Of a stranger of whom nothing is learnt yet nothing is kept."""
        key = hashed(token)
        baseline = self._permitted(baseline)
        with self._lock:
            steps = self._drivers.get(key, (Kept(),))
            if self._purging or steps[-1].baseline == baseline:
                return
            self._put(key, (*steps, originated(baseline, steps[-1], origin))[-STEPS_MAX:])
        self._changed.set()

    def take_back(self, token: str) -> tuple[DriverBaseline, tuple[str, ...]] | None:
        """Return to what stood before the last step: that, and the parts that changed; None without such a step."""
        key = hashed(token)
        with self._lock:
            steps = self._drivers.get(key, ())
            if len(steps) < 2:
                return None
            self._put(key, steps[:-1])
        self._changed.set()
        return steps[-2].baseline, changed_parts(steps[-2].baseline, steps[-1].baseline)

    def _put(self, key: str, steps: tuple[Kept, ...]) -> None:
        self._drivers.pop(key, None)
        self._drivers[key] = steps
        self._note_day(key)
        while len(self._drivers) > DRIVERS_MAX:
            self._drop(next(iter(self._drivers)))

    def purge(self) -> int:
        """Forget everybody, in memory and on disk; return how many. From any thread. Raises `OSError`.

        Until `learning_anew` says that the driver at the wheel is forgotten too, nothing of him is kept.
        """
        with self._on_disk:
            with self._lock:
                count = len(self._drivers)
                self._purging = True
                self._drivers.clear()
                self._days.clear()
                self._changed.clear()
            for path in files_of(self._path.parent):
                path.unlink(missing_ok=True)
        return count

    def learning_anew(self) -> None:
        """Take note that what is known of the driver at the wheel was exchanged or forgotten."""
        self._purging = False

    def expire(self) -> int:
        """Forget who was not named for too long; return how many. A driver of an unknown day has today as his last."""
        today = self._today()
        if today is None or today == self._looked_on or self._keep_days is None:
            return 0
        self._looked_on = today
        with self._lock:
            undated = [key for key in self._drivers if key not in self._days]
            over = [key for key, day in self._days.items() if today - day > self._keep_days]
            for key in over:
                self._drop(key)
            self._days.update(dict.fromkeys(undated, today))
        if over or undated:
            self._changed.set()
        if over:
            logger.info("%d drivers were not named for %g days: forgotten", len(over), self._keep_days)
        return len(over)

    def write(self, worker: Worker) -> None:
        """Write whenever something changed, once more at the end: the target of the thread."""
        while not worker.stopping:
            self.expire()
            if self._changed.wait(WAIT_S):
                self.save()
            worker.beat()
        if self._changed.is_set():
            self.save()

    def save(self) -> None:
        """Write the file now; a failure is told once and noted in `failed`."""
        self._changed.clear()
        with self._on_disk:
            with self._lock:
                if self._purging:
                    return
                file = DriversFile(VERSION, self._drivers, self._days)
                content = msgspec.json.format(msgspec.json.encode(file), indent=1)
            self._replace(content)

    def _replace(self, content: bytes) -> None:
        try:
            replace_file(self._path, content)
        except OSError as error:
            if not self.failed:
                logger.warning("%s cannot be written (%s): drivers are learnt anew after a restart", self._path, error)
            self.failed = True
        else:
            self.failed = False

    def _take(self, file: DriversFile) -> None:
        permitted = {
            key: tuple(
                kept
                if (baseline := self._permitted(kept.baseline)) is kept.baseline
                else originated(baseline, kept, None)
                for kept in steps
            )
            for key, steps in file.drivers.items()
        }
        self._days = {key: day for key, day in file.days.items() if key in permitted}
        if permitted != file.drivers:
            self._changed.set()
        self._drivers = permitted

    def _note_day(self, key: str) -> None:
        today = self._today()
        if today is not None and self._days.get(key) != today:
            self._days[key] = today
            self._changed.set()

    def _drop(self, key: str) -> None:
        del self._drivers[key]
        self._days.pop(key, None)

    def _permitted(self, baseline: DriverBaseline) -> DriverBaseline:
        if self._expression or not baseline.neutral_expression:
            return baseline
        return msgspec.structs.replace(baseline, neutral_expression={})

    def _put_aside(self, why: DriversFileError) -> None:
        if isinstance(why.__cause__, OSError):
            logger.warning("%s: every driver is learnt anew", why)
            return
        logger.warning("%s: put aside, drivers are learnt anew", why)
        try:
            self._path.replace(self._path.with_suffix(DAMAGED))
        except OSError:
            logger.warning("%s cannot be put aside", self._path)
