"""The truth file: what happens in the film and which alerts follow from the definitions of the indicators.

Nothing here is read off the daemon. The film's own lids, head and mouth are known exactly, and the rules are applied
to them: the times of the closure ladder are sums, PERCLOS is counted over the script's lids.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sample_drive.script import (
    DURATION_S,
    EVENTS,
    FPS,
    HEIGHT,
    SPEED_KMH,
    WIDTH,
    Event,
    frame_count,
    pose_at,
)

EARLY_S: Final = 0.2
LATE_S: Final = 0.5
"""Room around a computed time: the lids' crossing is known to a frame or two, and an alert takes a frame to be sent."""

DEEP_LIDS: Final = 0.8
"""Lid closure beyond which an eye is deeply closed: openness below 0.2."""
PERCLOS60_L1_RATIO: Final = 0.08

FATIGUE_LATE_S: Final = 3.0

NOTES: Final = (
    "A warped portrait is not a person: nothing about accuracy follows from this film.",
    (
        "Events start and end where the film's own value crosses the defining bound: lids 70 % closed, head turned by "
        "23 deg, mouth at 70 % of its widest, half of the face out of the frame."
    ),
    (
        "expected_alerts: an alert of this kind reaches at least this level within these times of the film, "
        f"at a fixed {SPEED_KMH} km/h. They follow from the definitions, not from a run."
    ),
    (
        "Fatigue may come before the PERCLOS threshold through the fused level, never before the first long closure. "
        "It is open at the end, as is displayed anger: their exits are held for 60 s and 30 s."
    ),
    "The face is away for less than ten seconds, so no camera fault is expected.",
)


def truth(*, film: str, anger_expected: bool) -> dict[str, Any]:
    """Return the truth document. `anger_expected`: the expression network is convinced by the bout."""
    notes = list(NOTES)
    if not anger_expected:
        notes.append("The anger bout does not convince the expression network, so no alert is expected of it.")
    return {
        "film": film,
        "fps": FPS,
        "frames": frame_count(),
        "duration_s": DURATION_S,
        "width": WIDTH,
        "height": HEIGHT,
        "speed_kmh": SPEED_KMH,
        "events": [_event(event) for event in EVENTS],
        "expected_alerts": expected_alerts(anger_expected=anger_expected),
        "notes": notes,
    }


def _event(event: Event) -> dict[str, Any]:
    sure = event.type in {"blink", "slow_blink", "long_closure"}
    return {
        "type": event.type,
        "start_s": event.start_s,
        "end_s": event.end_s,
        "certainty": "exact" if sure else "approximate",
    }


def expected_alerts(*, anger_expected: bool) -> list[dict[str, Any]]:
    """Every alert that the definitions demand, by time."""
    alerts: list[dict[str, Any]] = []

    def expect(kind: str, level: int, at_s: float, until_s: float | None = None, late_s: float = LATE_S) -> None:
        alerts.append(
            {
                "kind": kind,
                "level": level,
                "not_before_s": round(at_s - EARLY_S, 2),
                "not_after_s": round((until_s or at_s) + late_s, 2),
            }
        )

    for event in EVENTS:
        for kind, level, after_s in _LADDERS.get(event.type, ()):
            if event.duration_s >= after_s + EARLY_S:
                expect(kind, level, event.start_s + after_s)
    closures = [event for event in EVENTS if event.type == "long_closure"]
    expect("fatigue", 1, closures[0].start_s, perclos60_crossing_s(PERCLOS60_L1_RATIO), FATIGUE_LATE_S)
    # The second closure of a second and more in ten minutes, with PERCLOS as the second cue.
    expect("fatigue", 2, closures[0].start_s, closures[1].end_s, FATIGUE_LATE_S)
    if anger_expected:
        bout = next(event for event in EVENTS if event.type == "displayed_anger")
        # 60 % of the valid time, of which there must be 20 s: 12 s at the least, while the face was away before.
        expect("displayed_anger", 1, bout.start_s + 0.6 * 20.0 - 1.0, bout.end_s)
    return sorted(alerts, key=lambda alert: (alert["not_before_s"], alert["level"]))


_LADDERS: Final[dict[str, tuple[tuple[str, int, float], ...]]] = {
    "long_closure": (("eyes_closed", 1, 1.0), ("microsleep", 3, 1.5), ("sleep", 4, 3.0)),
    "look_away": (("distraction", 1, 2.0), ("distraction", 2, 3.0), ("distraction", 3, 5.0)),
    "face_absent": (("driver_absent", 1, 3.0), ("driver_absent", 2, 6.0)),
}
"""Kind, level and time after the start, for everything that only has to last."""


@cache
def _film() -> tuple[tuple[bool, bool], ...]:
    """Say of every frame whether a face is there, and whether its eyes are deeply closed in more than a blink."""
    told = []
    for k in range(frame_count()):
        now = {event.type for event in EVENTS if event.start_s <= k / FPS < event.end_s}
        closed = bool(now & {"slow_blink", "long_closure"})
        told.append(("face_absent" not in now, closed and pose_at(k / FPS).lids > DEEP_LIDS))
    return tuple(told)


def perclos60(t_s: float) -> float:
    """Count PERCLOS over the 60 s before a time on the script's lids; ordinary blinks are too short to count."""
    last = round(t_s * FPS)
    seen = [deep for face, deep in _film()[max(0, last - 60 * FPS) : last] if face]
    return sum(seen) / len(seen) if seen else 0.0


def perclos60_crossing_s(ratio: float) -> float:
    """Return the first time (to 0.1 s) at which PERCLOS reaches a ratio with 30 valid seconds behind it."""
    for tenth in range(300, round(DURATION_S * 10)):
        if perclos60(tenth / 10) >= ratio:
            return tenth / 10
    raise ValueError(f"the script never lifts PERCLOS to {ratio}: it needs more slow blinks")
