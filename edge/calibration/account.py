"""What is learnt of a driver as one document: the progress of each part, what it waits for, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.drivers.kept import parts_of
from edge.types import PartLearning  # noqa: TC001 - msgspec resolves the annotations when the program runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.drivers.kept import Kept
    from edge.types import LearningWait

NS_PER_S: Final = 1_000_000_000
PRESENT_NS: Final = NS_PER_S
"""A longer gap between two looks is not counted as waiting: nobody looked [D]."""


class Progress(msgspec.Struct, frozen=True):
    """What is learnt at one moment."""

    t_ns: int
    parts: tuple[PartLearning, ...]
    speed_kmh: float | None = None
    driver: str | None = None
    """Whoever drives, as he is called in the file; None when nobody was named."""

    @property
    def complete(self) -> bool:
        """Whether every part is learnt."""
        return bool(self.parts) and all(part.progress >= 1.0 for part in self.parts)


class WaitTally:
    """For how long each part waited for what, since it was made."""

    def __init__(self) -> None:
        self._last: Progress | None = None
        self.waited_ns: dict[str, dict[LearningWait, int]] = {}

    def look(self, progress: Progress) -> None:
        """Count the time since the last look to what was waited for then."""
        last, self._last = self._last, progress
        if last is None:
            return
        elapsed_ns = progress.t_ns - last.t_ns
        if not 0 < elapsed_ns <= PRESENT_NS:
            return
        for part in last.parts:
            if part.waits_for is not None:
                waits = self.waited_ns.setdefault(part.part, {})
                waits[part.waits_for] = waits.get(part.waits_for, 0) + elapsed_ns


def learning_told(progress: Progress, tally: WaitTally) -> list[dict[str, Any]]:
    """Return the parts with progress in percent and the seconds each waited for what, longest first."""
    return [
        {
            "part": part.part,
            "progress_percent": percent(part.progress),
            "waits_for": part.waits_for,
            "waited_s": {
                wait: round(waited_ns / NS_PER_S, 1)
                for wait, waited_ns in _longest_first(tally.waited_ns.get(part.part, {}).items())
            },
            "refused_minutes": part.refused,
        }
        for part in progress.parts
    ]


def known_told(kept: Kept) -> list[dict[str, Any]]:
    """Return what is known by part: values, from how much, how well, when, by which camera and software."""
    told: list[dict[str, Any]] = []
    for name, part in parts_of(kept.baseline).items():
        values: dict[str, Any] = msgspec.to_builtins(part)
        provenance = values.pop("provenance", {})
        values.pop("learnt_ns", None)
        entry: dict[str, Any] = {"part": name, "values": values}
        if provenance:
            entry["valid_s"] = round(provenance["valid_ns"] / NS_PER_S, 1)
            entry["quality"] = round(provenance["quality"], 3)
        origin = kept.origins.get(name)
        if origin is not None:
            entry |= msgspec.to_builtins(origin)
        told.append(entry)
    return told


def percent(progress: float) -> int:
    """Return whole percents, 100 only when nothing is missing."""
    return int(progress * 100.0 + 1e-9)


def _longest_first(waits: Iterable[tuple[LearningWait, int]]) -> list[tuple[LearningWait, int]]:
    return sorted(waits, key=lambda wait: wait[1], reverse=True)
