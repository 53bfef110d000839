"""A small fluent builder of streams: what happens in the cab, told in seconds, sampled by a camera of any frame rate.

    told = Drive(fps=15).on_motorway().attentive(120).closed(1.6).attentive(60).judge()
    told.alerts("microsleep")

The scenes lie on an exact time line; the camera samples it at its own, optionally jittered, moments. So the same story
is told at 10, 15 and 30 frames a second.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Self

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import (
    EXPRESSIONS,
    AlertChange,
    Button,
    CameraHealth,
    Decision,
    FaceObservation,
    Quality,
    StreamMember,
    Tick,
    VehicleSample,
)
from tests.stories.told import START_NS, AlertStory, S, Told, seconds

__all__ = ["START_NS", "AlertChange", "AlertStory", "Drive", "S", "Tick", "Told", "face_of", "seconds"]

TICK_S: Final = 0.5
SHUT: Final = {"eye_openness_left": 0.02, "eye_openness_right": 0.02}

Scene = Callable[[float], dict[str, Any]]


def face_of(**shares: float) -> dict[str, float]:
    """A displayed expression: the named probabilities, the rest neutral."""
    full = dict.fromkeys(EXPRESSIONS, 0.0) | shares
    full["neutral"] += 1.0 - sum(full.values())
    return full


class Place(NamedTuple):
    """Where a head turns to, from straight ahead."""

    yaw_deg: float
    pitch_deg: float = 0.0


ASIDE: Final = Place(35.0)
LEFT_MIRROR: Final = Place(-42.0, -4.0)
RIGHT_MIRROR: Final = Place(40.0, -6.0)
REAR_MIRROR: Final = Place(28.0, 6.0)
CLUSTER: Final = Place(0.0, -22.0)
PHONE_MOUNT: Final = Place(28.0, -12.0)
LAP: Final = Place(4.0, -32.0)


class _Scene(NamedTuple):
    start_s: float
    end_s: float
    source: str
    looks: Scene
    usual: dict[str, Any]
    fps: float


class Drive:
    """A story under construction. Every scene method takes its length in seconds and returns the drive.

    Verbs that take no length (`at_speed`, `from_now`, `at_fps`, `press`, `camera`, `braking`) happen at this point.
    """

    def __init__(self, *, fps: float = 30.0, jitter: float = 0.0, seed: int = 1, **defaults: Any) -> None:
        self._fps = fps
        self._jitter = jitter
        self._seed = seed
        self._look: dict[str, Any] = {
            "face": 0.95,
            "eye_openness_left": 1.0,
            "eye_openness_right": 1.0,
            "mouth_ratio": 0.3,
            "yaw_deg": 0.0,
            "pitch_deg": 0.0,
            "roll_deg": 0.0,
        } | defaults
        self._scenes: list[_Scene] = []
        self._extras: list[tuple[float, Callable[[int], StreamMember]]] = []
        self._speed: list[tuple[float, float | None]] = []
        self.length_s = 0.0

    # What the driver does.

    def show(self, length_s: float, scene: Scene | None = None, **fields: Any) -> Self:
        """Frames in which these fields differ from the driver's usual look."""
        looks = dict(fields)

        def fixed(_: float) -> dict[str, Any]:
            return looks

        return self._add(length_s, "frames", scene if scene is not None else fixed)

    def ahead(self, length_s: float) -> Self:
        """Eyes open, on the road, without a blink."""
        return self.show(length_s)

    def attentive(self, length_s: float, *, per_minute: float = 15.0, **fields: Any) -> Self:
        """Watching the road: blinks of 0.1 to 0.2 s at uneven intervals, the head never quite still."""
        seeded = random.Random(self._seed + len(self._scenes))
        usual = self._look
        ends: list[float] = []
        starts: list[float] = []
        at_s = 0.0
        while at_s < length_s:
            at_s += 0.5 + seeded.expovariate(per_minute / (60.0 - 0.5 * per_minute))
            starts.append(at_s)
            at_s += seeded.uniform(0.1, 0.2)
            ends.append(at_s)

        def scene(now_s: float) -> dict[str, Any]:
            index = bisect_right(starts, now_s) - 1
            # The last half second is without a blink, so that the next scene begins with open eyes.
            shut = index >= 0 and now_s < ends[index] and ends[index] < length_s - 0.5
            sway = {
                "yaw_deg": usual["yaw_deg"] + 2.0 * math.sin(now_s / 1.7),
                "pitch_deg": usual["pitch_deg"] + 1.5 * math.sin(now_s / 2.3),
            }
            return sway | ({**self._shut(usual)} if shut else {}) | fields

        return self._add(length_s, "frames", scene)

    def blinking(self, length_s: float, *, per_minute: float = 15.0, closed_s: float = 0.15, **fields: Any) -> Self:
        """Blinks like a clock, in the middle of each period."""
        period_s = 60.0 / per_minute

        def scene(at_s: float) -> dict[str, Any]:
            shut = period_s / 2 <= at_s % period_s < period_s / 2 + closed_s
            return fields | ({"eye_openness_left": 0.05, "eye_openness_right": 0.05} if shut else {})

        return self._add(length_s, "frames", scene)

    def closed(self, length_s: float, **fields: Any) -> Self:
        """Eyes shut."""
        return self.show(length_s, **(self._shut(self._look) | fields))

    def aside(self, length_s: float, yaw_deg: float = 35.0, **fields: Any) -> Self:
        """Head turned away."""
        return self.show(length_s, yaw_deg=yaw_deg, **fields)

    def looking(self, length_s: float, towards: Place, **fields: Any) -> Self:
        """Head turned to a place in the cab."""
        turned = {
            "yaw_deg": self._look["yaw_deg"] + towards.yaw_deg,
            "pitch_deg": self._look["pitch_deg"] + towards.pitch_deg,
        }
        return self.show(length_s, **(turned | fields))

    def glancing(self, times: int, off_s: float, on_s: float, towards: Place = ASIDE) -> Self:
        """Look there and back, so many times."""
        for _ in range(times):
            self.looking(off_s, towards).ahead(on_s)
        return self

    def talking(self, length_s: float, **fields: Any) -> Self:
        """Syllables of 4 to 6 a second in phrases, mouth up to wide open, now and then a blink."""
        usual = self._look

        def scene(at_s: float) -> dict[str, Any]:
            phrase = max(0.0, math.sin(at_s * 1.7) + 0.6)
            mouth = 0.3 + 0.35 * phrase * abs(math.sin(at_s * (14 + 3 * math.sin(at_s))))
            return {"mouth_ratio": mouth} | (self._shut(usual) if at_s % 3.1 < 0.12 else {}) | fields

        return self._add(length_s, "frames", scene)

    def no_face(self, length_s: float) -> Self:
        """Frames without a face."""
        return self.show(length_s, face=None)

    # What the camera and the vehicle do.

    def silent(self, length_s: float) -> Self:
        """No frames: the slot times out and ticks."""
        return self._add(length_s, "ticks", lambda _: {})

    def suspended(self, length_s: float) -> Self:
        """Nothing at all comes: the process sleeps."""
        return self._add(length_s, "nothing", lambda _: {})

    def from_now(self, **fields: Any) -> Self:
        """From here on the driver usually looks like this: glasses put on, a mask, another seat position."""
        self._look = self._look | fields
        return self

    def at_fps(self, fps: float) -> Self:
        """From here on the camera gives so many frames a second, unless the story's camera is slower anyway."""
        self._fps = min(fps, self._fps)
        return self

    def at_speed(self, speed_kmh: float | None) -> Self:
        """From here on the bus tells this speed twice a second; None stops it."""
        self._speed.append((self.length_s, speed_kmh))
        return self

    def on_motorway(self) -> Self:
        """From here on 110 km/h."""
        return self.at_speed(110.0)

    def in_town(self) -> Self:
        """From here on 40 km/h."""
        return self.at_speed(40.0)

    def standing(self) -> Self:
        """From here on the vehicle stands."""
        return self.at_speed(0.0)

    def braking(self, mps2: float) -> Self:
        """The bus tells of this deceleration now."""
        return self.member(lambda t_ns: VehicleSample(t_ns=t_ns, acceleration_mps2=-mps2))

    def press(self, name: str) -> Self:
        """The driver presses `ack` or `wrong` now."""
        return self.member(lambda t_ns: Button(t_ns=t_ns, name="ack" if name == "ack" else "wrong"))

    def camera(self, state: Any) -> Self:
        """The camera reports its condition now."""
        return self.member(lambda t_ns: CameraHealth(t_ns=t_ns, state=state))

    def member(self, make: Callable[[int], StreamMember]) -> Self:
        """Any other member now."""
        self._extras.append((self.length_s, make))
        return self

    # What comes of it.

    def stream(self) -> list[StreamMember]:
        """The members in order of time."""
        members: list[tuple[int, int, StreamMember]] = []
        members += [(t_ns, 2, member) for t_ns, member in self._observations()]
        members += [(self._ns(at_s), 1, make(self._ns(at_s))) for at_s, make in self._extras]
        members += [(sample.t_ns, 0, sample) for sample in self._vehicle()]
        members.sort(key=lambda item: (item[0], item[1]))
        return [member for _, _, member in members]

    def judge(self, rules: Rules | None = None, *, close: bool = False, **engine: Any) -> Told:
        """Feed the stream to a fresh engine."""
        judged = DecisionEngine(rules if rules is not None else Rules(), **engine)
        decisions: list[Decision] = []
        for member in self.stream():
            decisions += judged.feed(member)
        if close:
            decisions += judged.close(self._ns(self.length_s))
        return Told(judged, decisions)

    @staticmethod
    def _ns(at_s: float) -> int:
        return START_NS + round(at_s * S)

    @staticmethod
    def _shut(usual: dict[str, Any]) -> dict[str, Any]:
        """Shut eyes: those that are seen at all, as far as they shut behind these glasses."""
        shut = usual.get("shut", SHUT)
        return {name: value for name, value in shut.items() if usual[name] is not None}

    def _add(self, length_s: float, source: str, looks: Scene) -> Self:
        end_s = round(self.length_s + length_s, 9)
        self._scenes.append(_Scene(self.length_s, self.length_s + length_s, source, looks, self._look, self._fps))
        self.length_s = end_s
        return self

    def _moments(self) -> Iterator[tuple[float, _Scene]]:
        """When the camera would take its frames, and in which scene."""
        seeded = random.Random(self._seed)
        scenes = iter(self._scenes)
        scene = next(scenes, None)
        base_s, frame = 0.0, 0
        while scene is not None:
            period_s = 1.0 / scene.fps
            at_s = base_s + frame * period_s
            if self._jitter and frame:
                at_s += seeded.uniform(-self._jitter, self._jitter) * period_s
            frame += 1
            while scene is not None and at_s >= scene.end_s - 1e-9:
                following = next(scenes, None)
                if following is not None and following.fps != scene.fps:
                    base_s, frame = max(at_s, following.start_s), 1
                scene = following
            if scene is not None:
                yield at_s, scene

    def _observations(self) -> Iterator[tuple[int, StreamMember]]:
        ticked_s = -1.0
        for at_s, scene in self._moments():
            in_scene_s = at_s - scene.start_s
            if scene.source == "frames":
                fields = scene.usual | scene.looks(in_scene_s)
                fields.pop("shut", None)
                if fields["face"] is None:
                    fields = {"face": None, "quality": fields.get("quality")}
                if isinstance(fields.get("quality"), dict):
                    fields["quality"] = Quality(**fields["quality"])
                yield self._ns(at_s), FaceObservation(t_ns=self._ns(at_s), **fields)
            elif scene.source == "ticks" and at_s - ticked_s >= TICK_S - 1e-9 and in_scene_s >= TICK_S - 1e-9:
                ticked_s = at_s
                yield self._ns(at_s), Tick(t_ns=self._ns(at_s))

    def _vehicle(self) -> Iterator[VehicleSample]:
        for index, (start_s, speed_kmh) in enumerate(self._speed):
            end_s = self._speed[index + 1][0] if index + 1 < len(self._speed) else self.length_s
            if speed_kmh is None:
                continue
            at_s = start_s
            while at_s < end_s:
                yield VehicleSample(t_ns=self._ns(at_s), speed_kmh=speed_kmh)
                at_s += 0.5


def drowsy(drive: Drive, length_s: float, share: float, closed_s: float = 0.6) -> Drive:
    """Closures of `closed_s` that fill this share of the time."""
    period_s = closed_s / share

    def scene(at_s: float) -> dict[str, float]:
        shut = at_s % period_s >= period_s - closed_s
        return {"eye_openness_left": 0.05, "eye_openness_right": 0.05} if shut else {}

    return drive.show(length_s, scene)
