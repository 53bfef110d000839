"""What the engine decided about a story, and how it is held against what the specification says it must be."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self

from edge.decision.engine import DecisionEngine
from edge.types import AlertChange, CabWarning, Decision, DriverState, Event

START_NS: Final = 1_234_567_890_123
S: Final = 1_000_000_000
TOLERANCE_S: Final = 0.2
"""Of a moment without a tolerance of its own: the specification's."""

_LINE: Final = re.compile(
    r"(?P<at>\d+(\.\d+)?)\s+(±\s*(?P<tolerance>\d+(\.\d+)?)\s+)?(?P<kind>[a-z_]+)\s+"
    r"(?P<what>L[1-5]( nuisance_suspect)?|ends [a-z_]+|acknowledged|contested)"
)


class AlertStory(NamedTuple):
    """One alert from opening to closing, in seconds of the story."""

    kind: str
    key: str
    start_s: float
    end_s: float | None
    level: int
    reason: str | None
    levels: tuple[tuple[float, int], ...]


class Moment(NamedTuple):
    """One line of a story's sequence: an alert opens, changes, is marked or ends."""

    at_s: float
    kind: str
    what: str
    """`L3`, `L2 nuisance_suspect`, `ends recovered`, `acknowledged`, `contested`."""
    tolerance_s: float = TOLERANCE_S

    def __str__(self) -> str:
        return f"{self.at_s:8.2f}  {self.kind:16} {self.what}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read `121.0 ±0.2 microsleep L3`. Raises `ValueError` for anything else."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"`{line.strip()}` is no moment; write `121.0 ±0.2 microsleep L3` or `... ends recovered`")
        return cls(float(found["at"]), found["kind"], found["what"], float(found["tolerance"] or TOLERANCE_S))

    def meets(self, other: Moment) -> bool:
        """Tell whether `other` is what this line expects."""
        same = (self.kind, self.what) == (other.kind, other.what)
        return same and abs(self.at_s - other.at_s) <= self.tolerance_s + 1e-6


def seconds(t_ns: int) -> float:
    """Seconds since the start of the story."""
    return (t_ns - START_NS) / S


class Told:
    """What the engine decided about a stream."""

    def __init__(self, engine: DecisionEngine, decisions: list[Decision]) -> None:
        self.engine = engine
        self.decisions = decisions

    def changes(self) -> list[AlertChange]:
        """All changes of alerts."""
        return [decision for decision in self.decisions if isinstance(decision, AlertChange)]

    def alerts(self, *kinds: str) -> list[AlertStory]:
        """Alerts of these kinds (all without any), in order of opening."""
        found: dict[str, AlertStory] = {}
        for change in self.changes():
            if kinds and change.kind not in kinds:
                continue
            at_s = seconds(change.t_ns)
            if change.phase == "opened":
                found[change.key] = AlertStory(
                    change.kind,
                    change.key,
                    seconds(change.started_ns),
                    None,
                    change.level,
                    None,
                    ((at_s, change.level),),
                )
            elif change.phase == "updated":
                story = found[change.key]
                found[change.key] = story._replace(
                    level=max(story.level, change.level), levels=(*story.levels, (at_s, change.level))
                )
            else:
                ended_s = None if change.ended_ns is None else seconds(change.ended_ns)
                found[change.key] = found[change.key]._replace(end_s=ended_s, reason=change.reason)
        return list(found.values())

    def moments(self) -> list[Moment]:
        """The whole sequence in order of time; a lower step that a higher one ended is left to the higher one."""
        found: list[Moment] = []
        before: dict[str, AlertChange] = {}
        for change in self.changes():
            last = before.get(change.key)
            suspect = " nuisance_suspect" if change.nuisance_suspect else ""
            if last is None:
                found.append(Moment(seconds(change.started_ns), change.kind, f"L{change.level}{suspect}"))
            elif change.phase == "updated" and change.level != last.level:
                found.append(Moment(seconds(change.t_ns), change.kind, f"L{change.level}{suspect}"))
            if last is not None and change.acknowledged and not last.acknowledged:
                found.append(Moment(seconds(change.t_ns), change.kind, "acknowledged"))
            if last is not None and change.contested and not last.contested:
                found.append(Moment(seconds(change.t_ns), change.kind, "contested"))
            if change.phase == "closed" and change.reason != "escalated" and (last is None or last.phase != "closed"):
                ended_ns = change.t_ns if change.ended_ns is None else change.ended_ns
                found.append(Moment(seconds(ended_ns), change.kind, f"ends {change.reason}"))
            before[change.key] = change
        return sorted(found)

    def differs_from(self, expected: str) -> str:
        """Return what is missing and what is too much, a line each in order of time; nothing when all is as expected.

        `expected` has one moment a line: every alert that opens, changes its level or ends, and no other.
        """
        wanted = [Moment.parse(line) for line in expected.splitlines() if line.strip()]
        told = self.moments()
        lines: list[tuple[float, str]] = []
        for moment in wanted:
            match = min(
                (other for other in told if moment.meets(other)),
                key=lambda other, moment=moment: abs(other.at_s - moment.at_s),  # type: ignore[misc]
                default=None,
            )
            if match is None:
                lines.append((moment.at_s, f"  missing  {moment} (±{moment.tolerance_s} s)"))
            else:
                told.remove(match)
                lines.append((match.at_s, f"           {match}"))
        lines += [(moment.at_s, f"  too much {moment}") for moment in told]
        if all(text.startswith("     ") for _, text in lines):
            return ""
        return "\n".join(text for _, text in sorted(lines))

    def kinds(self) -> list[str]:
        """Kinds of all alerts in order of opening."""
        return [story.kind for story in self.alerts()]

    def events(self, name: str) -> list[tuple[float, float]]:
        """Start and end of the events of this name."""
        return [
            (seconds(event.start_ns), seconds(event.end_ns))
            for event in self.decisions
            if isinstance(event, Event) and event.name == name
        ]

    def warnings(self) -> list[CabWarning]:
        """What the cab was told."""
        return [decision for decision in self.decisions if isinstance(decision, CabWarning)]

    def states(self) -> list[DriverState]:
        """The states that were told."""
        return [decision for decision in self.decisions if isinstance(decision, DriverState)]

    def reading(self, name: str) -> float | None:
        """The value of an indicator at the end."""
        return self.engine.indicators().readings[name].value
