"""Drivers who return: what was learnt of each is kept in one small file, under the token that tells them apart.

The token comes from outside (configuration or vehicle bus) and means nothing here; the file holds a hash of it and a
few numbers, no picture, and nobody is recognised. Without a token nothing is kept and nothing is taken back. Each part
is kept with its origin, and what stood before can be taken back. Who was not named for as long as
`retention.drivers_days` says is forgotten.

Threads: the pipeline asks and hands over, from memory; a thread of its own writes the file, whole and atomically.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

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
DAMAGED: Final = ".damaged"
VERSION: Final = 2
DRIVERS_MAX: Final = 20
"""Who has not driven for longest is forgotten first [D]."""
STEPS_MAX: Final = 6
"""What stands and five steps back: every part that is learnt once, and one more [D]."""
BYTES_MAX: Final = 512 * 1024
"""A driver with all his steps takes about 15 kB; a larger file is none of ours [D]."""
WAIT_S: Final = 0.5
NOTHING: Final = DriverBaseline()


class DriversFileError(Exception):
    """The file of the drivers cannot be used; the message says why."""


class Origin(msgspec.Struct, frozen=True):
    """When and from what a part of a baseline was learnt."""

    time: str
    """RFC 3339, UTC."""
    clock_synced: bool
    """Whether a time service disciplined the clock."""
    camera: str
    software: str


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A baseline with the origin of each of its parts, by the names that `parts_of` gives them."""

    baseline: DriverBaseline = NOTHING
    origins: dict[str, Origin] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the file holds: hash of the token to his steps, the present one last; who drove last at the end."""

    version: int
    drivers: dict[str, tuple[Kept, ...]]
    days: dict[str, int] = {}
    """Hash of the token to the day it was last told, days since 1970; missing while no clock knew it."""


class _Version(msgspec.Struct):
    version: int


class _FirstFile(msgspec.Struct, forbid_unknown_fields=True):
    """The file before there were steps and origins."""

    version: int
    drivers: dict[str, DriverBaseline]


def parts_of(baseline: DriverBaseline) -> dict[str, Any]:
    """Return what is known by part: `mouth`, `pose`, and per state of glasses `eyes/bare`, `alert_blinks/bare`, ..."""
    parts: dict[str, Any] = {}
    for glasses, eyes in baseline.eyes.items():
        parts[f"eyes/{glasses}"] = msgspec.structs.replace(eyes, alert_blinks=None)
        if eyes.alert_blinks is not None:
            parts[f"alert_blinks/{glasses}"] = eyes.alert_blinks
    if baseline.mouth is not None:
        parts["mouth"] = baseline.mouth
    if baseline.pose is not None:
        parts["pose"] = baseline.pose
    for glasses, face in baseline.neutral_expression.items():
        parts[f"neutral_expression/{glasses}"] = face
    return parts


def read_drivers(state_dir: Path) -> dict[str, tuple[Kept, ...]]:
    """Return the file's content by the hash of the token; empty without a file. Raises `DriversFileError`."""
    return _read(state_dir).drivers


def _read(state_dir: Path) -> _File:
    path = state_dir / FILE
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return _File(VERSION, {})
    except OSError as error:
        raise DriversFileError(f"{path} cannot be read ({error.strerror})") from error
    try:
        if len(content) > BYTES_MAX:
            raise msgspec.ValidationError(f"larger than {BYTES_MAX // 1024} KiB")
        version = msgspec.json.decode(content, type=_Version).version
        if version == 1:
            old = msgspec.json.decode(content, type=_FirstFile).drivers
            return _File(VERSION, {key: (Kept(baseline),) for key, baseline in old.items()})
        if version != VERSION:
            raise msgspec.ValidationError(f"version {version} is not known")
        return msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DriversFileError(f"{path} is damaged ({error})") from error


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
            self._take(_read(state_dir))
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
            self._put(key, (*steps, _originated(baseline, steps[-1], origin))[-STEPS_MAX:])
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
                file = _File(VERSION, self._drivers, self._days)
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

    def _take(self, file: _File) -> None:
        permitted = {
            key: tuple(
                kept
                if (baseline := self._permitted(kept.baseline)) is kept.baseline
                else _originated(baseline, kept, None)
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


Request = Literal["take_back", "relearn"]


class Outcome(NamedTuple):
    """What became of a request."""

    done: bool
    parts: tuple[str, ...]
    """The parts that changed."""


class Learner(Protocol):
    """The pure half as far as it knows the driver."""

    @property
    def baseline_revision(self) -> int:
        """Rises whenever `baseline()` would say something new."""

    def baseline(self) -> DriverBaseline:
        """Return what is known of the driver."""

    def baseline_before(self) -> DriverBaseline | None:
        """Return what a rollback would return to; None when there is nothing to return to."""


class ReturningDriver:
    """Gives the driver who is named his baseline, and keeps what is learnt of him. Used by the pipeline's thread."""

    def __init__(
        self,
        store: DriverStore,
        token: Callable[[], str | None],
        learner: Learner,
        origin: Callable[[], Origin],
    ) -> None:
        """`token` tells who drives now (None: not told), `origin` when and from what is learnt at this moment."""
        self._store = store
        self._token = token
        self._learner = learner
        self._origin = origin
        self.named: str | None = None
        """The token of whoever drives; None while nobody was named."""
        self._kept_revision: int | None = None
        self._requests: queue.SimpleQueue[tuple[Request, str | None, Future[Outcome]]] = queue.SimpleQueue()

    def ask(self, request: Request, token: str | None) -> Future[Outcome]:
        """Ask from any thread: for this driver (None: whoever drives) return to what stood before, or begin anew."""
        answer: Future[Outcome] = Future()
        self._requests.put((request, token, answer))
        return answer

    def change(self, t_ns: int) -> BaselineChange | None:
        """Return what a newly named driver, or what was asked for, means for the stream; None while nothing is new.

        A token that is no longer told changes nothing: the driver is still there.
        """
        token = self._token()
        if token is None or token == self.named:
            return None if self._requests.empty() else self._carry_out(t_ns, *self._requests.get_nowait())
        self.named = token
        self._kept_revision = None
        known = self._store.find(token)
        logger.info("driver: %s", "one who returned" if known is not None else "one who is not known yet")
        return BaselineChange(t_ns=t_ns, action="restore", baseline=known)

    def on_member(self, member: StreamMember) -> None:
        """Keep what was learnt up to the member before, if anything was."""
        if isinstance(member, BaselineChange):
            self._store.learning_anew()
        else:
            self.keep()

    def on_decision(self, decision: Decision) -> None:
        """Decisions say nothing about him."""

    def keep(self) -> None:
        """Keep what is learnt of the driver who is named, if that changed."""
        revision = self._learner.baseline_revision
        if self.named is not None and revision != self._kept_revision:
            self._kept_revision = revision
            self._store.keep(self.named, self._learner.baseline(), self._origin())

    def _carry_out(
        self, t_ns: int, request: Request, token: str | None, answer: Future[Outcome]
    ) -> BaselineChange | None:
        self.keep()
        token = self.named if token is None else token
        if token is None:
            # Nobody is named: nothing is kept, and the learner's own memory of its steps serves.
            after = self._learner.baseline_before() if request == "take_back" else NOTHING
            parts = () if after is None else changed_parts(self._learner.baseline(), after)
            answer.set_result(Outcome(done=bool(parts), parts=parts))
            action: Literal["rollback", "relearn"] = "rollback" if request == "take_back" else "relearn"
            return BaselineChange(t_ns=t_ns, action=action) if parts else None
        outcome, known = carry_out(self._store, request, token, self._origin())
        answer.set_result(outcome)
        if not outcome.done or token != self.named:
            return None
        self._kept_revision = None
        return BaselineChange(t_ns=t_ns, action="restore", baseline=known)


def carry_out(store: DriverStore, request: Request, token: str, origin: Origin) -> tuple[Outcome, DriverBaseline]:
    """Do to a driver's kept baseline what was asked for; return what became of it and what stands now."""
    before = store.find(token) or NOTHING
    if request == "take_back":
        taken = store.take_back(token)
        return (
            (Outcome(done=False, parts=()), before) if taken is None else (Outcome(done=True, parts=taken[1]), taken[0])
        )
    store.keep(token, NOTHING, origin)
    return Outcome(done=before != NOTHING, parts=changed_parts(before, NOTHING)), NOTHING


def changed_parts(one: DriverBaseline, other: DriverBaseline) -> tuple[str, ...]:
    """Return the names of the parts in which two baselines differ."""
    ours, theirs = parts_of(one), parts_of(other)
    return tuple(name for name in ours | theirs if ours.get(name) != theirs.get(name))


def files_of(state_dir: Path) -> tuple[Path, ...]:
    """Return where something of drivers may lie: the file, a damaged one put aside, one half written."""
    path = state_dir / FILE
    return path, path.with_suffix(DAMAGED), path.with_name(f"{path.name}.new")


def hashed(token: str) -> str:
    """Return what stands for a token in the file."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _originated(baseline: DriverBaseline, before: Kept, origin: Origin | None) -> Kept:
    """Give each part that is new the origin of now; the others keep theirs."""
    known = parts_of(before.baseline)
    origins: dict[str, Origin] = {}
    for name, part in parts_of(baseline).items():
        if origin is not None and known.get(name) != part:
            origins[name] = origin
        elif name in before.origins:
            origins[name] = before.origins[name]
    return Kept(baseline, origins)
