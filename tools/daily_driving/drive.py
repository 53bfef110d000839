"""A stretch of driving as a stream: a person's habits, what gets in the camera's way, and what is done on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daily_driving.habits import Blinks, Bouts, Expression, Looks, Mouth
from daily_driving.people import MOUTH_NOISE, OPENNESS_NOISE, POSE_NOISE_DEG
from edge.types import CameraHealth, FaceObservation, Quality, VehicleSample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from daily_driving.events import Planned
    from daily_driving.people import Person
    from edge.types import ObservabilityReason, StreamMember

NS: Final = 1_000_000_000
FPS: Final = 15.0
SPEEDS_KMH: Final = ((110.0, 900.0), (80.0, 300.0), (45.0, 240.0), (0.0, 30.0), (35.0, 120.0))
"""Stretches of a speed and how long they last on average [D]."""
EXPRESSION_EVERY: Final = 3
"""The network runs on every third frame, as the daemon's does."""

GLARE_AN_HOUR: Final = (8.0, 1.5)
RUBS_AN_HOUR: Final = (3.0, 1.5)
HANDS_AN_HOUR: Final = (4.0, 0.8)
SQUINTS_AN_HOUR: Final = (6.0, 4.0)
"""Bouts an hour and their mean length in seconds: low sun between trees, rubbing an eye, a hand or a bottle before the
face, eyes narrowed against the light [D: no source was found]."""
SQUINT: Final = 0.45
LOST_YAW_DEG: Final = 62.0
"""Turned farther, no network finds the face [D: measured on clips]."""
HAND_LONGEST_S: Final = 2.5


class Road:
    """The speed over time."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._until_s = 0.0
        self.kmh = SPEEDS_KMH[0][0]

    def at(self, t_s: float) -> float:
        """Return the speed."""
        if t_s >= self._until_s:
            self.kmh, mean_s = self._random.choices(SPEEDS_KMH, [mean_s for _, mean_s in SPEEDS_KMH])[0]
            self._until_s = t_s + self._random.expovariate(1.0 / mean_s)
        return self.kmh


class Hindrances:
    """What keeps the camera from seeing, for moments."""

    def __init__(self, random: Random) -> None:
        self._glare = Bouts.an_hour(random, *GLARE_AN_HOUR)
        self._rubs = Bouts.an_hour(random, *RUBS_AN_HOUR)
        self._hands = Bouts.an_hour(random, *HANDS_AN_HOUR)
        self._squints = Bouts.an_hour(random, *SQUINTS_AN_HOUR)
        self._hand_since_s: float | None = None

    def reason(self, t_s: float) -> ObservabilityReason | None:
        """Return why the eyes are not seen now."""
        glare, rubbed = self._glare.at(t_s), self._rubs.at(t_s)
        return "glare" if glare else "eyes_occluded" if rubbed else None

    def face_hidden(self, t_s: float) -> bool:
        """Tell whether no face is found now."""
        if not self._hands.at(t_s):
            self._hand_since_s = None
            return False
        if self._hand_since_s is None:
            self._hand_since_s = t_s
        return t_s - self._hand_since_s < HAND_LONGEST_S

    def lids(self, t_s: float) -> float:
        """Return what squinting leaves of the lids' openness."""
        return SQUINT if self._squints.at(t_s) else 1.0


class Drive:
    """One person, some minutes or hours."""

    def __init__(self, random: Random, person: Person, plan: Sequence[Planned] = (), *, fps: float = FPS) -> None:
        self._random = random
        self._person = person
        self._plan = plan
        self._fps = fps
        self._blinks = Blinks(random, person)
        self._looks = Looks(random, person)
        self._mouth = Mouth(random, person)
        self._expression = Expression(random, person)
        self._hindrances = Hindrances(random)
        self._road = Road(random)
        self._camera_fault = False

    def members(self, length_s: float) -> Iterator[StreamMember]:
        """Yield the stream."""
        plan = iter(self._plan)
        planned = next(plan, None)
        for frame in range(round(length_s * self._fps)):
            t_s = frame / self._fps
            t_ns = round(t_s * NS)
            while planned is not None and t_s >= planned.end_s:
                planned = next(plan, None)
            now = planned if planned is not None and t_s >= planned.start_s else None
            if frame % round(self._fps / 2) == 0:
                # What is told only above a speed is planned on the open road.
                kmh = 90.0 if self._plan else self._road.at(t_s)
                yield VehicleSample(t_ns=t_ns, speed_kmh=kmh)
            if now is None:
                if self._camera_fault:
                    self._camera_fault = False
                    yield CameraHealth(t_ns=t_ns)
                yield self._attentive(frame, t_s, t_ns)
                continue
            if now.kind == "health" and not self._camera_fault:
                self._camera_fault = True
                yield CameraHealth(t_ns=t_ns, state="covered")
            yield now.shown(self._attentive(frame, t_s, t_ns), t_s - now.start_s, self._person, frame)

    def _attentive(self, frame: int, t_s: float, t_ns: int) -> FaceObservation:
        random, person = self._random, self._person
        mouth = self._mouth.at(t_s)
        talking = self._mouth.talking
        yaw, pitch, lowered = self._looks.at(t_s)
        lids = self._blinks.at(t_s, talking=talking)
        squint = self._hindrances.lids(t_s)
        reason = self._hindrances.reason(t_s)
        yaw += person.yaw_deg + random.gauss(0.0, POSE_NOISE_DEG)
        pitch += person.pitch_deg + random.gauss(0.0, POSE_NOISE_DEG)
        if self._hindrances.face_hidden(t_s) or abs(yaw) > LOST_YAW_DEG:
            return FaceObservation(t_ns=t_ns, quality=Quality(faces=0, reason="no_face"))
        openness = person.open_eye * lids * lowered * squint
        # A blink that the eye measure does not see stays what it is: noise is added to the value, never to its meaning.
        return FaceObservation(
            t_ns=t_ns,
            face=0.93,
            eye_openness_left=None if reason else max(openness + random.gauss(0.0, OPENNESS_NOISE), -0.1),
            eye_openness_right=None if reason else max(openness + random.gauss(0.0, OPENNESS_NOISE), -0.1),
            mouth_ratio=max(mouth + random.gauss(0.0, MOUTH_NOISE), 0.0),
            yaw_deg=yaw,
            pitch_deg=pitch,
            expression=None if frame % EXPRESSION_EVERY else self._expression.at(t_s, talking=talking),
            quality=Quality(face_px=160.0, faces=1, reason=reason or "ok"),
        )
