"""The running daemon's side of calibration: tells what is learnt, takes back what was, refuses that under way.

`on_member` belongs to the pipeline's thread and only notes numbers; `answer` belongs to the thread of the control
socket.
"""

from __future__ import annotations

from concurrent.futures import TimeoutError as LateError
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from edge.calibration.account import NS_PER_S, Progress, known_told
from edge.drivers.file import hashed
from edge.indicators.speed import MOVING_KMH
from edge.types import FaceObservation, Tick

if TYPE_CHECKING:
    from edge.drivers.returning import Request, ReturningDriver
    from edge.drivers.store import DriverStore
    from edge.types import Decision, PartLearning, StreamMember

LOOK_NS: Final = NS_PER_S // 2
"""How often what is learnt is noted: often enough to watch it grow [D]."""
LATE_S: Final = 5.0
"""The pipeline turns at least four times a second; later it is stuck [D]."""
MOVES: Final = "the vehicle moves at {0:.0f} km/h: by what a driver is judged is changed at a standstill; stop first"


class Engine(Protocol):
    """The pure half as far as it learns."""

    @property
    def speed_kmh(self) -> float | None:
        """How fast the vehicle is; None when that is not known."""

    def learning(self) -> tuple[PartLearning, ...]:
        """Return how far each part is learnt."""


class CalibrationDesk:
    """An outlet of the pipeline that can be asked."""

    def __init__(self, engine: Engine, driver: ReturningDriver, store: DriverStore) -> None:
        self._engine = engine
        self._driver = driver
        self._store = store
        self._progress = Progress(t_ns=0, parts=())

    def on_member(self, member: StreamMember) -> None:
        """Note what is learnt, now and then."""
        if isinstance(member, (FaceObservation, Tick)) and not 0 <= member.t_ns - self._progress.t_ns < LOOK_NS:
            named = self._driver.named
            self._progress = Progress(
                t_ns=member.t_ns,
                parts=self._engine.learning(),
                speed_kmh=self._engine.speed_kmh,
                driver=None if named is None else hashed(named),
            )

    def on_decision(self, decision: Decision) -> None:
        """Decisions say nothing about it."""

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question of the control socket; an answer with `refused` says why nothing was done."""
        token = question.get("driver")
        if token is not None and not isinstance(token, str):
            return {"refused": "`driver` must be a text"}
        match question.get("ask"):
            case "calibration":
                return self._told(token)
            case "take_back" | "relearn" as request:
                return self._carried_out(request, token)
        return {"refused": "this daemon does not know the question; it is of another version: restart it"}

    def _told(self, token: str | None) -> dict[str, Any]:
        token = self._driver.named if token is None else token
        steps = () if token is None else self._store.steps(token)
        return {
            "progress": msgspec.to_builtins(self._progress),
            "known": known_told(steps[-1]) if steps else [],
            "steps_back": max(len(steps) - 1, 0),
        }

    def _carried_out(self, request: Request, token: str | None) -> dict[str, Any]:
        speed_kmh = self._progress.speed_kmh
        if speed_kmh is not None and speed_kmh >= MOVING_KMH:
            return {"refused": MOVES.format(speed_kmh)}
        try:
            outcome = self._driver.ask(request, token).result(LATE_S)
        except LateError:
            return {"refused": "the daemon sees nothing at the moment; see `edge-dms doctor`"}
        return {"done": outcome.done, "parts": list(outcome.parts)}
