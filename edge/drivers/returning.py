"""Who is at the wheel: a driver who is named gets his baseline back, and what is learnt of him is kept."""

from __future__ import annotations

import logging
import queue
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from edge.drivers.kept import NOTHING, changed_parts
from edge.types import BaselineChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.drivers.kept import Origin
    from edge.drivers.store import DriverStore
    from edge.types import Decision, DriverBaseline, StreamMember

logger = logging.getLogger(__name__)

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
        handover = self.named is not None
        self.named = token
        self._kept_revision = None
        known = self._store.find(token)
        logger.info("driver: %s", "one who returned" if known is not None else "one who is not known yet")
        return BaselineChange(t_ns=t_ns, action="restore", baseline=known, handover=handover)

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
