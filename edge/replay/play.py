"""A stream through the pure half: no threads, no clock, the same decisions for the same stream, byte for byte."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Final, Protocol

from edge.types import Decision, FaceObservation, StreamMember, VehicleSample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_S: Final = 1_000_000_000
END_REASON: Final = "shutdown"
"""The stream's end closes what is open, as the daemon does when it stops."""
NEUTRAL_SPAN_NS: Final = 3 * _S
"""So much time with a valid face sets the neutral yaw [D: issue of the mirror camera]."""
NEUTRAL_SEARCH_NS: Final = 60 * _S
"""After so much of the stream the search ends with what it has: memory stays bounded [D]."""
_HOLD_NS: Final = _S // 5
_SPEED_PERIOD_NS: Final = _S


class Engine(Protocol):
    """The pure half."""

    def feed(self, member: StreamMember) -> list[Decision]:
        """Take one member, return what it decided."""

    def close(self, t_ns: int, reason: str) -> list[Decision]:
        """End everything that is open."""


class Outlet(Protocol):
    """Watches a replay: the summary, the report and the recorders are outlets."""

    def on_member(self, member: StreamMember) -> None:
        """Take a member that the engine has been fed with."""

    def on_decision(self, decision: Decision) -> None:
        """Take one decision, in order."""


def play(members: Iterable[StreamMember], engine: Engine, outlets: Sequence[Outlet]) -> int:
    """Feed the whole stream, then close at its last stamp; return the number of members."""
    feed = engine.feed
    takers = [outlet.on_member for outlet in outlets]
    count = 0
    last_ns = 0
    for member in members:
        count += 1
        decisions = feed(member)
        last_ns = max(last_ns, member.t_ns)
        for take in takers:
            take(member)
        for decision in decisions:
            for outlet in outlets:
                outlet.on_decision(decision)
    if count:
        for decision in engine.close(last_ns, END_REASON):
            for outlet in outlets:
                outlet.on_decision(decision)
    return count


def with_fixed_speed(members: Iterable[StreamMember], speed_kmh: float) -> Iterator[StreamMember]:
    """Put a vehicle sample of this speed before every second of the stream, in place of the stream's own samples."""
    next_ns: int | None = None
    for member in members:
        if isinstance(member, VehicleSample):
            continue
        if next_ns is None or member.t_ns >= next_ns:
            yield VehicleSample(t_ns=member.t_ns, speed_kmh=speed_kmh, speed_source="fixed")
            next_ns = member.t_ns + _SPEED_PERIOD_NS
        yield member


def neutral_yaw(members: Iterable[StreamMember]) -> tuple[float | None, Iterator[StreamMember]]:
    """Return the median head yaw of the first 3 s with a face, and the whole stream again.

    None when no face with a yaw was seen in the first minute.
    """
    rest = iter(members)
    seen: list[StreamMember] = []
    yaws: list[float] = []
    valid_ns = 0
    previous_ns: int | None = None
    for member in rest:
        seen.append(member)
        if isinstance(member, FaceObservation) and member.face is not None and member.yaw_deg is not None:
            if previous_ns is not None:
                valid_ns += min(max(member.t_ns - previous_ns, 0), _HOLD_NS)
            previous_ns = member.t_ns
            yaws.append(member.yaw_deg)
        if valid_ns >= NEUTRAL_SPAN_NS or member.t_ns - seen[0].t_ns >= NEUTRAL_SEARCH_NS:
            break
    return (statistics.median(yaws) if yaws else None), itertools.chain(seen, rest)
