"""What happens in the sample drive, second by second: pure functions from time to the driver's pose.

Every event is written down once, as data (`EVENTS`); the pose and the truth file both follow from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

FPS: Final = 30
DURATION_S: Final = 119.0
WIDTH: Final = 640
HEIGHT: Final = 480
SPEED_KMH: Final = 80
"""The speed the demo drives at while the film runs."""

CLOSED_LIDS: Final = 0.7
"""Lid closure at which an eye counts as closed: openness below 0.3, as in the indicators' definition."""

EventType = Literal["blink", "slow_blink", "long_closure", "yawn", "look_away", "face_absent", "displayed_anger"]


@dataclass(frozen=True)
class Event:
    """Something the driver does. `start_s` and `end_s` are the moments at which the defining bound is crossed."""

    type: EventType
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Time between the two crossings."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Pose:
    """The driver at one moment."""

    lids: float
    """0 as open as in the portrait, 1 closed."""
    mouth: float
    """0 closed, 1 the wide open mouth of a yawn."""
    anger: float
    """0 neutral, 1 brows down, lids tight, lips pressed."""
    yaw_deg: float
    """Positive: the face turns towards the image's right side."""
    pitch_deg: float
    """Positive: up."""
    roll_deg: float
    """Positive: clockwise in the image."""
    shift_x_px: float
    shift_y_px: float


LOOK_YAW_DEG: Final = 33.0
"""Where the head rests during the look aside: well past the 23 deg of the definition, still found by a detector."""
OFF_ROAD_YAW_DEG: Final = 23.0
GONE_SHARE: Final = 0.58
"""Of the way out of the frame: here half of the face is outside, and no network finds it any more."""


def _blinks(*at: tuple[float, float]) -> tuple[Event, ...]:
    return tuple(Event("blink", start, round(start + length, 3)) for start, length in at)


def _slow_blinks(first_s: float, every_s: float, lengths_s: tuple[float, ...]) -> tuple[Event, ...]:
    starts = (round(first_s + k * every_s, 3) for k in range(len(lengths_s)))
    return tuple(
        Event("slow_blink", start, round(start + length, 3)) for start, length in zip(starts, lengths_s, strict=True)
    )


EVENTS: Final[tuple[Event, ...]] = tuple(
    sorted(
        (
            *_blinks((2.6, 0.15), (6.3, 0.14), (9.7, 0.17), (13.9, 0.15), (17.2, 0.14)),
            Event("look_away", 19.5, 23.5),
            *_blinks((25.2, 0.16)),
            Event("long_closure", 27.5, 29.3),
            *_blinks((32.0, 0.15)),
            Event("yawn", 34.0, 37.8),
            *_blinks((39.4, 0.16)),
            *_slow_blinks(42.0, 2.1, (0.62, 0.76, 0.7, 0.78, 0.66, 0.74, 0.72)),
            *_blinks((58.4, 0.16)),
            Event("long_closure", 61.0, 64.5),
            # Not earlier: the alarm of a sleeper ends after 3 s of open eyes, and a blink would start them anew.
            *_blinks((68.6, 0.15)),
            # A second less than the ten: ten seconds of it may be reported as a blind camera.
            Event("face_absent", 70.5, 79.8),
            *_blinks((82.2, 0.15)),
            Event("displayed_anger", 84.0, 114.0),
            *_blinks((87.6, 0.14), (91.9, 0.15), (96.3, 0.14), (100.5, 0.16), (104.6, 0.14), (109.2, 0.15)),
            *_blinks((116.3, 0.15)),
        ),
        key=lambda event: event.start_s,
    )
)


def frame_count() -> int:
    """Return the number of frames of the film."""
    return round(DURATION_S * FPS)


def pose_at(t_s: float) -> Pose:
    """Return the driver's pose at a time of the film."""
    lids = max(_between(event, t_s, _LID_RAMP_S[event.type]) for event in EVENTS if event.type in _LID_RAMP_S)
    yawn = _strongest("yawn", t_s, 0.9)
    anger = _strongest("displayed_anger", t_s, 1.0)
    look = _strongest("look_away", t_s, 0.5, OFF_ROAD_YAW_DEG / LOOK_YAW_DEG)
    away = _strongest("face_absent", t_s, 1.3, GONE_SHARE)
    drowsy = _strongest("long_closure", t_s, 1.6)
    sway = _sway(t_s)
    return Pose(
        lids=min(1.0, max(lids, 0.3 * yawn)),
        mouth=yawn,
        anger=anger,
        yaw_deg=LOOK_YAW_DEG * look + sway.yaw_deg - 6.0 * away,
        pitch_deg=sway.pitch_deg + 5.0 * yawn - 4.0 * drowsy - 2.0 * anger - 3.0 * away,
        roll_deg=sway.roll_deg - 16.0 * away - 1.5 * drowsy,
        shift_x_px=sway.shift_x_px - 560.0 * away - 6.0 * look,
        shift_y_px=sway.shift_y_px + 90.0 * away + 5.0 * drowsy,
    )


_LID_RAMP_S: Final[dict[str, float]] = {"blink": 0.12, "slow_blink": 0.24, "long_closure": 0.3}
"""How long the lids take from open to closed [D]; a tired lid is slower."""


def _smooth(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)


def _crossing(level: float) -> float:
    """Where on its way from 0 to 1 the smooth ramp passes a level."""
    return 0.5 - math.sin(math.asin(1.0 - 2.0 * level) / 3.0)


def _between(event: Event, t_s: float, ramp_s: float, level: float = CLOSED_LIDS) -> float:
    """0 to 1: a ramp up that passes `level` at the event's start, and down again that passes it at its end."""
    before = _crossing(level) * ramp_s
    rise = _smooth((t_s - event.start_s + before) / ramp_s)
    fall = _smooth((event.end_s - t_s + before) / ramp_s)
    return min(rise, fall)


def _strongest(kind: EventType, t_s: float, ramp_s: float, level: float = CLOSED_LIDS) -> float:
    return max(_between(event, t_s, ramp_s, level) for event in EVENTS if event.type == kind)


def _sway(t_s: float) -> Pose:
    """Give the motion of somebody who drives: never quite still."""

    def wave(period_s: float, phase: float) -> float:
        return math.sin(2.0 * math.pi * (t_s / period_s + phase))

    return Pose(
        lids=0.0,
        mouth=0.0,
        anger=0.0,
        yaw_deg=1.3 * wave(7.3, 0.1) + 0.7 * wave(3.1, 0.4),
        pitch_deg=0.8 * wave(5.9, 0.7) + 0.4 * wave(2.3, 0.2),
        roll_deg=0.7 * wave(8.7, 0.3) + 0.3 * wave(3.7, 0.9),
        shift_x_px=2.2 * wave(6.7, 0.6) + 0.5 * wave(1.3, 0.0),
        shift_y_px=1.4 * wave(4.9, 0.2) + 0.5 * wave(0.9, 0.5),
    )
