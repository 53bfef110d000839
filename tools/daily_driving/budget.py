"""The budget of false alarms and of misses, and whether the figures keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from daily_driving.intervals import binomial_share, poisson_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daily_driving.judged import Attentive, Found, ToldAlert
    from daily_driving.recorded import Recorded

AUDIBLE: Final = 2
AUDIBLE_AN_HOUR: Final = 0.2
ANGER_AN_HOUR: Final = 0.1
MISSED_SHARE: Final = 0.02
GROUPS: Final = {"calm": "attentive", "angry": "angry resting face", "misread": "often misread"}
"""By face. How often displayed anger is told of a face that the network often misreads is a figure without a limit: the
rule of 0.6 of 30 s gives 0.32 an hour there [S the specification's simulation], and 0.1 is asked of the other two."""
CLOSURES: Final = ("eyes_closed", "microsleep", "sleep", "unresponsive")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the budget. `limit` None: a figure that has none."""

    name: str
    count: int
    of: float
    """Hours, or events."""
    unit: Literal["/h", "missed"]
    limit: float | None

    @property
    def value(self) -> float:
        """Return the rate or the share."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval."""
        if not self.of:
            return 0.0, float("inf")
        return poisson_rate(self.count, self.of) if self.unit == "/h" else binomial_share(self.count, round(self.of))

    @property
    def verdict(self) -> Literal["-", "broken", "kept", "kept, proven"]:
        """Return whether the limit is kept; proven when the whole interval is below it."""
        if self.limit is None:
            return "-"
        if self.value > self.limit:
            return "broken"
        return "kept, proven" if self.interval[1] <= self.limit else "kept"

    def plain(self) -> dict[str, Any]:
        """Return the line as JSON."""
        low, high = self.interval
        figures = {"name": self.name, "count": self.count, "of": round(self.of, 4), "unit": self.unit}
        values = {"value": round(self.value, 4), "low": round(low, 4), "high": round(high, 4)}
        return figures | values | {"limit": self.limit, "verdict": self.verdict}


def attentive_lines(stretches: Sequence[Attentive]) -> list[Line]:
    """Return what was told of attentive people, a group a face."""
    lines = []
    for face, who in GROUPS.items():
        chosen = [one for one in stretches if one.face == face]
        if chosen:
            hours = sum(one.hours for one in chosen)
            alerts = [alert for one in chosen for alert in one.alerts]
            lines += _lines(who, alerts, hours, anger_limit=None if face == "misread" else ANGER_AN_HOUR)
    return lines


def _lines(who: str, alerts: list[ToldAlert], hours: float, *, anger_limit: float | None) -> list[Line]:
    audible = sum(alert.level >= AUDIBLE for alert in alerts)
    closures = sum(alert.kind in CLOSURES for alert in alerts)
    anger = sum(alert.kind == "displayed_anger" for alert in alerts)
    kinds = sorted({alert.kind for alert in alerts} - {"displayed_anger"})
    return [
        Line(f"{who}: audible", audible, hours, "/h", AUDIBLE_AN_HOUR),
        Line(f"{who}: closures of any level", closures, hours, "/h", 0.0),
        Line(f"{who}: displayed anger", anger, hours, "/h", anger_limit),
        *(
            Line(f"{who}: {kind} L{level}", count, hours, "/h", None)
            for kind in kinds
            for level in range(1, 6)
            if (count := sum((alert.kind, alert.level) == (kind, level) for alert in alerts))
        ),
    ]


def miss_lines(found: Sequence[Found]) -> list[Line]:
    """Return what was missed, a line a kind."""
    return [
        Line(
            f"events: {kind}",
            sum(one.kind == kind and not one.told for one in found),
            sum(one.kind == kind for one in found),
            "missed",
            MISSED_SHARE,
        )
        for kind in dict.fromkeys(one.kind for one in sorted(found, key=lambda one: one.kind))
    ]


def recorded_lines(recordings: Sequence[Recorded]) -> list[Line]:
    """Return what was told of real people that nothing in the notes explains."""
    hours = sum(one.hours for one in recordings)
    alerts = [alert for one in recordings for alert in one.unexplained]
    if not recordings:
        return []
    closures = sum(alert.kind in CLOSURES for alert in alerts)
    return [
        Line("recorded: closures that nothing explains", closures, hours, "/h", 0.0),
        *(
            Line(f"recorded: {kind} that nothing explains", sum(one.kind == kind for one in alerts), hours, "/h", None)
            for kind in sorted({one.kind for one in alerts} - set(CLOSURES))
        ),
    ]
