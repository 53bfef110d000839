"""One minute of numbers around a decision: a ring of small integers at 10 Hz, the same for the same stream.

A step of time keeps the lowest openness that was held in it, so that no blink falls between two steps, and the first
pose and displayed hostility. Memory does not grow: 5 KB for the ring and as much for each open alert.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S
from edge.types import AlertChange, EvidenceStrip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.indicators.bank import IndicatorBank
    from edge.types import Decision, Evidence

RATE_HZ: Final = 10
STEP_NS: Final = NS_PER_S // RATE_HZ
STEPS: Final = 60 * RATE_HZ
AFTER_NS: Final = 10 * NS_PER_S
"""So much of what came after a decision is in its minute, if the alert lasted as long [D]."""
_UNSEEN: Final = -32768
_NOTHING: Final = (_UNSEEN,) * 4
_EMPTY: Final = array("h", [_UNSEEN]) * STEPS


@dataclass(frozen=True, slots=True)
class StripLines:
    """What a minute may tell: nothing that serves only what is switched off."""

    eyes: bool = True
    """Fatigue rests on them."""
    head: bool = True
    """Distraction rests on it, and nodding."""
    expression: bool = True


class StripRing:
    """The last minute."""

    __slots__ = (
        "_complete",
        "_hostility",
        "_lowest",
        "_newest",
        "_openness",
        "_pitches",
        "_told",
        "_yaws",
    )

    def __init__(self, told: StripLines) -> None:
        self._told = told
        self._newest: int | None = None
        self._complete = False
        """The newest step has eyes and a pose."""
        self._lowest = 0.0
        self._openness = _EMPTY[:]
        self._yaws = _EMPTY[:]
        self._pitches = _EMPTY[:]
        self._hostility = _EMPTY[:]

    def copy(self) -> StripRing:
        """Return the minute as it is now, to be kept."""
        kept = StripRing(self._told)
        kept._newest = self._newest
        kept._openness = self._openness[:]
        kept._yaws = self._yaws[:]
        kept._pitches = self._pitches[:]
        kept._hostility = self._hostility[:]
        return kept

    def hold(self, start_ns: int, end_ns: int, bank: IndicatorBank) -> None:
        """Take over what the bank has held from `start_ns` to `end_ns`."""
        last = (end_ns - 1) // STEP_NS
        newest = self._newest
        if last == newest and self._complete:
            # Nothing but a lower lid can change the step: the way of two frames of three.
            if bank.openness is not None and bank.openness < self._lowest:
                self._lowest = bank.openness
                self._openness[last % STEPS] = round(100.0 * bank.openness)
            return
        first = start_ns // STEP_NS
        values = _values(bank)
        if newest is not None:
            if first == newest:
                self._add(newest % STEPS, values)
                first += 1
            for step in range(max(newest + 1, first - STEPS), first):
                self._write(step % STEPS, _NOTHING)
        for step in range(max(first, last - STEPS + 1), last + 1):
            self._write(step % STEPS, values)
        self._newest = last
        self._lowest = self._openness[last % STEPS] / 100.0
        self._complete = _UNSEEN not in (self._openness[last % STEPS], self._yaws[last % STEPS])

    def _add(self, place: int, values: tuple[int, int, int, int]) -> None:
        """Add to a step what else was seen in it."""
        openness = values[0]
        if openness != _UNSEEN and (self._openness[place] == _UNSEEN or openness < self._openness[place]):
            self._openness[place] = openness
        for line, value in zip((self._yaws, self._pitches, self._hostility), values[1:], strict=True):
            if line[place] == _UNSEEN:
                line[place] = value

    def _write(self, place: int, values: tuple[int, int, int, int]) -> None:
        self._openness[place], self._yaws[place], self._pitches[place], self._hostility[place] = values

    def cut(self) -> EvidenceStrip | None:
        """Return the minute up to the newest step; None before anything was held."""
        newest = self._newest
        if newest is None:
            return None
        turn = (newest + 1) % STEPS
        return EvidenceStrip(
            start_ns=(newest + 1 - STEPS) * STEP_NS,
            rate_hz=float(RATE_HZ),
            openness=_line(self._openness, turn, 100.0) if self._told.eyes else (),
            yaw_deg=_line(self._yaws, turn, 10.0) if self._told.head else (),
            pitch_deg=_line(self._pitches, turn, 10.0) if self._told.head else (),
            anger_frame=_line(self._hostility, turn, 100.0) if self._told.expression else (),
        )


class _Followed:
    """An open alert whose minute is still to come, or has been kept."""

    __slots__ = ("due_ns", "evidence", "kept")

    def __init__(self, evidence: tuple[Evidence, ...], due_ns: int) -> None:
        self.evidence = evidence
        self.due_ns = due_ns
        self.kept: StripRing | None = None


class StripKeeper:
    """Keeps the minute of each open alert: from 50 s before its last decision to 10 s after, or to its end."""

    def __init__(self, told: StripLines) -> None:
        self._ring = StripRing(told)
        self._open: dict[str, _Followed] = {}
        self._closed: dict[str, StripRing] = {}

    def hold(self, start_ns: int, end_ns: int, bank: IndicatorBank) -> None:
        """Take over what the bank has held from `start_ns` to `end_ns`."""
        self._ring.hold(start_ns, end_ns, bank)
        if self._open:
            for followed in self._open.values():
                if followed.kept is None and end_ns >= followed.due_ns:
                    followed.kept = self._ring.copy()

    def follow(self, decisions: Iterable[Decision]) -> None:
        """Note which alerts opened, rest on new evidence, or closed."""
        for decision in decisions:
            if not isinstance(decision, AlertChange):
                continue
            followed = self._open.get(decision.key)
            if decision.phase == "closed":
                if followed is not None:
                    del self._open[decision.key]
                    self._closed[decision.key] = self._ring if followed.kept is None else followed.kept
            elif followed is None or followed.evidence is not decision.evidence:
                self._open[decision.key] = _Followed(decision.evidence, decision.t_ns + AFTER_NS)

    def forget_closed(self) -> None:
        """Let go of what nobody has asked for: the ring turns on."""
        self._closed.clear()

    def cut(self, key: str) -> EvidenceStrip | None:
        """Return the minute of an alert that closed with the last decisions; None for any other."""
        ring = self._closed.get(key)
        return None if ring is None else ring.cut()


def _values(bank: IndicatorBank) -> tuple[int, int, int, int]:
    """Return openness, yaw, pitch and displayed hostility of what the bank holds, as small integers."""
    sample, openness = bank.sample, bank.openness
    if sample is None:
        return _NOTHING
    yaw, pitch = sample.yaw_deg, sample.pitch_deg
    hostility = None if bank.anger is None else bank.anger.hostility
    return (
        _UNSEEN if openness is None else round(100.0 * openness),
        _UNSEEN if yaw is None else round(10.0 * yaw),
        _UNSEEN if pitch is None else round(10.0 * pitch),
        _UNSEEN if hostility is None else round(100.0 * hostility),
    )


def _line(ring: array[int], turn: int, scale: float) -> tuple[float | None, ...]:
    return tuple([None if value == _UNSEEN else value / scale for value in (*ring[turn:], *ring[:turn])])
