"""Does the film show what the script says? A table, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from sample_drive.script import EVENTS, FPS, OFF_ROAD_YAW_DEG, Event

from edge.types import EXPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_drive.measure import Reading

CLOSED_SHARE: Final = 0.45
"""An eye counts as closed below this share of the film's usual lid gap: half open by the iris network [D]."""
TOLERANCE_S: Final = 0.2
"""What a closure's measured length may differ from the script [S: the indicators' own tolerance]."""
HOSTILITY: Final = 0.35
"""p(anger) + p(disgust) of an anger frame, as in the indicators' definition."""
FLOOR: Final = 0.01
"""Smaller probabilities are noise of the network [D]."""
ANGER_SHARE: Final = 0.75
"""The definition asks for 60 % of 30 s; the bout convinces if it has room to spare [D]."""
CALM_END_S: Final = 19.0
"""Until here the driver only drives and blinks: the neutral face."""


@dataclass(frozen=True)
class Row:
    """One event as measured."""

    event: Event
    read: tuple[tuple[str, float], ...]
    """What was measured, in words, and its value."""
    seen: bool | None
    """None: said, not judged."""


@dataclass(frozen=True)
class Verdict:
    """The whole check."""

    rows: tuple[Row, ...]
    usual_gap: float
    open_but_closed_s: float
    """Time outside every event in which the iris network reads closed eyes."""
    calm_anger_share: float
    anger_share: float

    @property
    def anger_convinces(self) -> bool:
        """Whether the expression network reads the bout as displayed anger, and calm driving not."""
        return self.anger_share >= ANGER_SHARE and self.calm_anger_share <= 1 - ANGER_SHARE

    @property
    def ok(self) -> bool:
        """Whether every closure and the absence are seen, and open eyes are never read as closed."""
        return all(row.seen is not False for row in self.rows) and self.open_but_closed_s <= 1 / FPS

    def table(self) -> str:
        """Give the rows in Markdown, one line for each type of event."""
        lines = ["| event | number | scripted length, s | read | seen |", "|---|---|---|---|---|"]
        for kind in dict.fromkeys(row.event.type for row in self.rows):
            rows = [row for row in self.rows if row.event.type == kind]
            scripted = _range([row.event.duration_s for row in rows])
            read = "; ".join(
                f"{label} {_range([row.read[k][1] for row in rows])}" for k, (label, _) in enumerate(rows[0].read)
            )
            judged = [row.seen for row in rows if row.seen is not None]
            lines.append(f"| {kind} | {len(rows)} | {scripted} | {read} | {sum(judged)} of {len(judged)} |")
        said = (
            f"Usual lid gap {self.usual_gap:.2f} of the eye's width; open eyes read as closed: "
            f"{self.open_but_closed_s:.2f} s. Anger readings: {self.anger_share:.0%} in the bout, "
            f"{self.calm_anger_share:.0%} in the first {CALM_END_S:.0f} s."
        )
        lines += ["", said]
        return "\n".join(lines).replace("0 of 0", "not judged")


def check(readings: Sequence[Reading]) -> Verdict:
    """Compare readings, one a frame, with the script."""
    hostility = _hostility(readings)
    usual = float(np.median([reading.lid_gap for reading in readings if reading.lid_gap is not None]))
    rows = []
    for event in EVENTS:
        span = readings[round((event.start_s - 0.5) * FPS) : round((event.end_s + 0.5) * FPS)]
        if event.type in {"blink", "slow_blink", "long_closure"}:
            rows.append(_closure(event, [reading.lid_gap for reading in span], usual))
        elif event.type == "face_absent":
            away_s = sum(reading.lid_gap is None for reading in span) / FPS
            seen = abs(away_s - event.duration_s) <= TOLERANCE_S
            rows.append(Row(event, (("no face for, s:", away_s),), seen))
        elif event.type == "look_away":
            turned_s = sum(abs(reading.yaw_deg or 0.0) > OFF_ROAD_YAW_DEG for reading in span) / FPS
            most = max(abs(reading.yaw_deg or 0.0) for reading in span)
            rows.append(Row(event, (("mesh yaw beyond its bound for, s:", turned_s), ("most, deg:", most)), None))
        elif event.type == "yawn":
            rest = float(np.median([reading.mouth for reading in readings[: round(CALM_END_S * FPS)] if reading.mouth]))
            most = max(reading.mouth or 0.0 for reading in span)
            rows.append(Row(event, (("mesh mouth ratio, most:", most), ("at rest:", rest)), None))
        else:
            share = _share(hostility, event.start_s, event.end_s)
            rows.append(Row(event, (("share of anger readings by the expression network:", share),), None))
    bout = next(event for event in EVENTS if event.type == "displayed_anger")
    return Verdict(
        rows=tuple(rows),
        usual_gap=usual,
        open_but_closed_s=_open_but_closed_s(readings, usual),
        calm_anger_share=_share(hostility, 0.0, CALM_END_S),
        anger_share=_share(hostility, bout.start_s, bout.end_s),
    )


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _closure(event: Event, gaps: Sequence[float | None], usual: float) -> Row:
    closed_s = sum(gap is not None and gap < CLOSED_SHARE * usual for gap in gaps) / FPS
    least = min((gap for gap in gaps if gap is not None), default=usual)
    seen = closed_s >= 1 / FPS if event.type == "blink" else abs(closed_s - event.duration_s) <= TOLERANCE_S
    return Row(event, (("iris network closed for, s:", closed_s), ("least lid gap:", least)), seen)


def _open_but_closed_s(readings: Sequence[Reading], usual: float) -> float:
    wrong = 0
    others = [event for event in EVENTS if event.type != "displayed_anger"]
    for k, reading in enumerate(readings):
        near = any(event.start_s - 0.5 <= k / FPS <= event.end_s + 0.5 for event in others)
        wrong += not near and reading.lid_gap is not None and reading.lid_gap < CLOSED_SHARE * usual
    return wrong / FPS


def _hostility(readings: Sequence[Reading]) -> list[tuple[float, float]]:
    """Return time and p(anger) + p(disgust) of every reading, referenced to the film's own calm start."""
    logs = [
        (k / FPS, np.log(np.maximum(reading.expression, FLOOR)))
        for k, reading in enumerate(readings)
        if reading.expression
    ]
    hostile = [EXPRESSIONS.index("anger"), EXPRESSIONS.index("disgust")]
    # A calm face, whatever the network makes of it, counts as 0.7 neutral, as in the indicators' definition; and a mild
    # one makes anger no easier to see.
    calm = np.log(np.where(np.array(EXPRESSIONS) == "neutral", 0.7, 0.05))
    shift = np.mean([log for t_s, log in logs if t_s < CALM_END_S], axis=0) - calm
    shift[hostile] = np.maximum(shift[hostile], 0.0)
    found = []
    for t_s, log in logs:
        shares = np.exp(log - shift)
        found.append((t_s, float(shares[hostile].sum() / shares.sum())))
    return found


def _share(hostility: Sequence[tuple[float, float]], start_s: float, end_s: float) -> float:
    inside = [value >= HOSTILITY for t_s, value in hostility if start_s <= t_s <= end_s]
    return float(np.mean(inside)) if inside else 0.0
