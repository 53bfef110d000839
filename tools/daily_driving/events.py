"""What must be told: events planned into ordinary driving, each with the alert that it must raise."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from edge.types import FaceObservation, Quality

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from daily_driving.people import Person
    from edge.types import AlertKind

LEARNING_S: Final = 100.0
"""Before the first event, so that the driver is known."""
BETWEEN_S: Final = 25.0
AFTER_S: Final = 2.0
"""An alert may be told so long after its event: it takes the next frames to see that a threshold was passed."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One event. `level` is what the alert must reach."""

    kind: AlertKind
    level: int
    start_s: float
    length_s: float
    look: Callable[[float], dict[str, object]]
    """From seconds since its start to the fields that differ from ordinary driving; `anger` sets the expression."""

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.length_s

    def shown(self, ordinary: FaceObservation, since_s: float, person: Person, frame: int) -> FaceObservation:
        """Return what the camera sees of it in place of the ordinary driver."""
        fields = dict(self.look(since_s))
        if fields.pop("gone", False):
            return FaceObservation(
                t_ns=ordinary.t_ns, quality=fields.get("quality") or Quality(faces=0, reason="no_face")
            )
        anger = fields.pop("anger", None)
        if anger is not None:
            fields["expression"] = person.face(float(anger)) if frame % 3 == 0 else None  # type: ignore[arg-type]
            fields["mouth_ratio"] = person.mouth_ratio
        shut = fields.pop("lids", None)
        if shut is not None:
            fields["eye_openness_left"] = fields["eye_openness_right"] = shut
            fields["yaw_deg"], fields["pitch_deg"] = person.yaw_deg, person.pitch_deg
        if "turn_deg" in fields:
            fields["yaw_deg"] = person.yaw_deg + float(fields.pop("turn_deg"))  # type: ignore[arg-type]
            fields["pitch_deg"] = person.pitch_deg
        seen = {"face": 0.93, "quality": Quality(face_px=160.0, faces=1, reason="ok")}
        if ordinary.face is None:
            seen |= {"mouth_ratio": person.mouth_ratio, "yaw_deg": person.yaw_deg, "pitch_deg": person.pitch_deg}
        return msgspec.structs.replace(ordinary, **(seen | fields))


def plan(random: Random) -> list[Planned]:
    """Plan one event of each kind: drowsiness first, for long closures are fatigue, too; then in an order by chance."""
    makers = [_eyes_closed, _microsleep, _sleep, _unresponsive, _distraction, _vats, _absent, _health]
    random.shuffle(makers)
    at_s = LEARNING_S
    planned = []
    for make in (_fatigue, *makers, _anger):
        at_s += BETWEEN_S + random.uniform(0.0, 10.0)
        event = make(random, at_s)
        planned.append(event)
        at_s = event.end_s
    return planned


def length_of(planned: list[Planned]) -> float:
    """Return how long a drive with these events lasts, s."""
    return planned[-1].end_s + 5.0


def _shut(kind: AlertKind, level: int, at_s: float, length_s: float, random: Random) -> Planned:
    bottom = random.uniform(0.0, 0.08)
    return Planned(kind, level, at_s, length_s, lambda _: {"lids": bottom})


def _eyes_closed(random: Random, at_s: float) -> Planned:
    return _shut("eyes_closed", 1, at_s, random.uniform(1.2, 1.4), random)


def _microsleep(random: Random, at_s: float) -> Planned:
    return _shut("microsleep", 3, at_s, random.uniform(1.7, 2.8), random)


def _sleep(random: Random, at_s: float) -> Planned:
    return _shut("sleep", 4, at_s, random.uniform(3.2, 5.8), random)


def _unresponsive(random: Random, at_s: float) -> Planned:
    return _shut("unresponsive", 5, at_s, random.uniform(6.3, 10.0), random)


def _distraction(random: Random, at_s: float) -> Planned:
    """Plan a long glance to the side, eyes open."""
    turn_deg = random.uniform(28.0, 55.0) * random.choice((-1, 1))
    return Planned("distraction", 2, at_s, random.uniform(3.3, 6.0), lambda _: {"turn_deg": turn_deg})


def _vats(random: Random, at_s: float) -> Planned:
    """Plan reading in portions: 1.3 to 1.8 s away, 0.7 to 1.2 s on the road."""
    off_s, on_s = random.uniform(1.3, 1.8), random.uniform(0.7, 1.2)
    turn_deg = random.uniform(28.0, 50.0)

    def look(since_s: float) -> dict[str, object]:
        return {"turn_deg": turn_deg if since_s % (off_s + on_s) < off_s else 0.0}

    return Planned("vats", 2, at_s, 35.0, look)


def _absent(random: Random, at_s: float) -> Planned:
    return Planned("driver_absent", 2, at_s, random.uniform(6.5, 12.0), lambda _: {"gone": True})


def _health(random: Random, at_s: float) -> Planned:
    """Plan a covered lens; the camera says so."""
    covered = {"gone": True, "quality": Quality(faces=0, reason="covered")}
    return Planned("health", 1, at_s, random.uniform(3.0, 8.0), lambda _: covered)


def _anger(random: Random, at_s: float) -> Planned:
    """Plan a minute of displayed anger of which the network reads three quarters, in runs of 3 s on average.

    Recall in time, as the acceptance vector has it [S the specification]. He does not speak: speech is not read.
    """
    runs: list[float] = []
    until_s = 0.0
    while until_s < 60.0:
        until_s += random.expovariate(1 / 3.0)
        missed_from_s = until_s
        until_s += random.expovariate(1 / 1.0)
        runs += [missed_from_s, until_s]

    def look(since_s: float) -> dict[str, object]:
        missed = bisect_right(runs, since_s) % 2
        return {"anger": 0.15 if missed else 0.75}

    return Planned("displayed_anger", 1, at_s, 60.0, look)


def _fatigue(random: Random, at_s: float) -> Planned:
    """Plan three minutes with the eyes shut for a fifth to a quarter of the time, 0.4 to 0.8 s each."""
    shut_s = random.uniform(0.4, 0.8)
    period_s = shut_s / random.uniform(0.18, 0.26)

    def look(since_s: float) -> dict[str, object]:
        return {"lids": 0.05} if since_s % period_s >= period_s - shut_s else {}

    return Planned("fatigue", 2, at_s, 180.0, look)
