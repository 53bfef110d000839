"""What the pure half tells of a stream: alerts with their peak level and when they were told."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from daily_driving.drive import NS, Drive
from daily_driving.events import AFTER_S, length_of, plan
from daily_driving.people import draw_person
from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import AlertChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.types import Decision, StreamMember

STRETCH_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One alert."""

    kind: str
    level: int
    """Its peak."""
    start_s: float
    reached: tuple[tuple[float, int], ...]
    """When it reached which level, s."""


@dataclass(frozen=True, slots=True)
class Attentive:
    """A stretch of attentive driving."""

    hours: float
    alerts: tuple[ToldAlert, ...]
    face: str
    """Which of `people.FACES`."""


@dataclass(frozen=True, slots=True)
class Found:
    """Whether one planned event was told."""

    kind: str
    told: bool
    drive: int
    at_s: float


def alerts_of(stream: Iterable[StreamMember], *, neutral_yaw_deg: float = 0.0) -> list[ToldAlert]:
    """Judge a stream under the default rules."""
    engine = DecisionEngine(Rules(), neutral_yaw_deg=neutral_yaw_deg)
    found: dict[str, ToldAlert] = {}
    for member in stream:
        _note(engine.feed(member), found)
    return list(found.values())


def _note(decisions: Iterable[Decision], found: dict[str, ToldAlert]) -> None:
    for change in decisions:
        if not isinstance(change, AlertChange) or change.phase == "closed":
            continue
        at_s = change.t_ns / NS
        before = found.get(change.key)
        reached = ((at_s, change.level),) if before is None else (*before.reached, (at_s, change.level))
        start_s = change.started_ns / NS if before is None else before.start_s
        found[change.key] = ToldAlert(change.kind, change.peak_level, start_s, reached)


def attentive(task: tuple[int, int, float, str]) -> Attentive:
    """Judge one stretch: (seed, number, hours, face)."""
    seed, number, hours, face = task
    random = Random(f"{seed}/attentive/{face}/{number}")
    person = draw_person(random, face)
    alerts = alerts_of(Drive(random, person).members(hours * STRETCH_S))
    return Attentive(hours, tuple(alerts), face)


def events(task: tuple[int, int]) -> list[Found]:
    """Judge one drive with an event of each kind: (seed, number)."""
    seed, number = task
    random = Random(f"{seed}/events/{number}")
    person = draw_person(random)
    planned = plan(random)
    alerts = alerts_of(Drive(random, person, planned).members(length_of(planned)))
    return [
        Found(
            event.kind,
            any(
                alert.kind == event.kind and event.start_s <= at_s <= event.end_s + AFTER_S and level >= event.level
                for alert in alerts
                for at_s, level in alert.reached
            ),
            number,
            event.start_s,
        )
        for event in planned
    ]
