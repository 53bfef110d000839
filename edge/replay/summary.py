"""What a replay came to: the document of `edge-dms replay --json`.

All times are seconds from the first member of the input; a film begins at 0. Shares are weighted by time: each
observation holds until the next one, at most 2 s.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from edge.types import EXPRESSIONS, AlertChange, Decision, Event, Evidence, FaceObservation, StreamMember, Tick

_S: Final = 1_000_000_000
_MAX_HOLD_NS: Final = 2 * _S
"""The longest time for which one observation speaks; as the gap that resets windows [D]."""

COUNTED: Final = {
    "blinks": ("blink", "slow_blink"),
    "long_closures": ("long_closure",),
    "yawns": ("yawn",),
    "look_aways": ("look_away",),
    "nods": ("nod",),
}
"""Count to the events in it. A slow blink (0.5-1.0 s) is a blink; a closure of 1.0 s or more is none."""


class _AlertRecord:
    """One alert from its opening to its end."""

    def __init__(self, opened: AlertChange) -> None:
        self.opened = opened
        self.levels = [(opened.level, opened.t_ns)]
        self.evidence: tuple[Evidence, ...] = opened.evidence
        self.last = opened

    def change(self, change: AlertChange) -> None:
        if change.phase == "updated" and change.level != self.levels[-1][0]:
            if change.level >= max(level for level, _ in self.levels) and change.evidence:
                self.evidence = change.evidence
            self.levels.append((change.level, change.t_ns))
        self.last = change

    @property
    def peak(self) -> int:
        return max(level for level, _ in self.levels)


class Summary:
    """An outlet that counts, lists and weighs; constant work per member."""

    def __init__(self, *, open_end_reason: str) -> None:
        self._open_end_reason = open_end_reason
        self._first_ns: int | None = None
        self._last_ns = 0
        self._frames = 0
        self._pending: FaceObservation | None = None
        self._first_frame_ns = 0
        self._last_frame_ns = 0
        self._face_ns = 0
        self._observed_ns = 0
        self._expression_ns = 0
        self._expression_sums = dict.fromkeys(EXPRESSIONS, 0.0)
        self.events: list[Event] = []
        self._alerts: dict[str, _AlertRecord] = {}

    def on_member(self, member: StreamMember) -> None:
        """Weigh the observation before this one, and count."""
        t_ns = member.t_ns
        if self._first_ns is None:
            self._first_ns = t_ns
        self._last_ns = max(self._last_ns, t_ns)
        if isinstance(member, FaceObservation):
            if self._frames == 0:
                self._first_frame_ns = t_ns
            self._frames += 1
            self._weigh(t_ns - self._last_frame_ns)
            self._pending, self._last_frame_ns = member, t_ns
        elif isinstance(member, Tick):
            self._weigh(t_ns - self._last_frame_ns)
            self._pending = None

    def on_decision(self, decision: Decision) -> None:
        """Note events and alerts."""
        if isinstance(decision, Event):
            self.events.append(decision)
        elif isinstance(decision, AlertChange):
            record = self._alerts.get(decision.key)
            if record is None:
                self._alerts[decision.key] = _AlertRecord(decision)
            else:
                record.change(decision)

    @property
    def start_ns(self) -> int:
        """Stamp of the first member; 0 before there was one."""
        return self._first_ns or 0

    def forget_decisions(self) -> None:
        """Drop events and alerts, to put the ones of a recording in their place."""
        self.events.clear()
        self._alerts.clear()

    def _weigh(self, held_ns: int) -> None:
        pending = self._pending
        if pending is None:
            return
        held_ns = min(max(held_ns, 0), _MAX_HOLD_NS)
        self._observed_ns += held_ns
        if pending.face is not None:
            self._face_ns += held_ns
        if pending.expression is not None:
            self._expression_ns += held_ns
            sums = self._expression_sums
            for name, probability in pending.expression.items():
                if name in sums:
                    sums[name] += probability * held_ns

    def document(self, *, input_name: str, baseline: str, expression: bool, timing: dict[str, Any]) -> dict[str, Any]:
        """Return the document; call once, at the end. Without `expression` no such key appears."""
        period_ns = (self._last_frame_ns - self._first_frame_ns) // max(self._frames - 1, 1) or 1
        last_is_frame = self._frames > 0 and self._last_frame_ns == self._last_ns
        self._weigh(period_ns)
        self._pending = None
        end_ns = self._last_ns + (period_ns if last_is_frame and self._frames > 1 else 0)
        counted = Counter(str(event.name) for event in self.events)
        alerts = [self._alert(record) for record in self._alerts.values()]
        document: dict[str, Any] = {
            "input": input_name,
            "frames": self._frames,
            "duration_s": self._seconds(end_ns) if self._first_ns is not None else 0.0,
            "face_fraction": round(self._face_ns / self._observed_ns, 4) if self._observed_ns else 0.0,
            "baseline": baseline,
            "counts": {name: sum(counted[one] for one in names) for name, names in COUNTED.items()},
        }
        if expression:
            document["expression"] = self._expression()
        document["events"] = [
            {"type": event.name, "start_s": self._seconds(event.start_ns), "end_s": self._seconds(event.end_ns)}
            for event in sorted(self.events, key=lambda event: (event.start_ns, event.end_ns))
        ]
        document["alerts"] = [alert for alert in alerts if alert["kind"] != "health"]
        document["health"] = [alert for alert in alerts if alert["kind"] == "health"]
        document["timing"] = timing
        return document

    def _expression(self) -> dict[str, float]:
        if not self._expression_ns:
            return {}
        return {name: round(total / self._expression_ns, 4) for name, total in self._expression_sums.items()}

    def _alert(self, record: _AlertRecord) -> dict[str, Any]:
        last = record.last
        ended = last.phase == "closed" and last.reason != self._open_end_reason
        reason = last.reason if ended or last.phase != "closed" else None
        if record.opened.kind == "health":
            reason = record.opened.reason
        return {
            "kind": record.opened.kind,
            "level": record.peak,
            "start_s": self._seconds(record.opened.started_ns),
            "end_s": self._seconds(last.t_ns if last.ended_ns is None else last.ended_ns) if ended else None,
            "key": record.opened.key,
            "levels": [{"level": level, "at_s": self._seconds(t_ns)} for level, t_ns in record.levels],
            "reason": reason,
            "evidence": [msgspec.to_builtins(one) for one in record.evidence],
            "confidence": record.opened.confidence,
        }

    def _seconds(self, t_ns: int) -> float:
        return round((t_ns - (self._first_ns or 0)) / _S, 3)
