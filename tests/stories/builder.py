"""A small fluent builder of streams: what happens in the cab, told in seconds, sampled by a camera of any frame rate.

    drive = Drive(fps=15).ahead(5).closed(1.6).ahead(5)
    told = drive.judge()
    told.alerts("microsleep")

The scenes lie on an exact time line; the camera samples it at its own, optionally jittered, moments. So the same story
is told at 10, 15 and 30 frames a second.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import (
    EXPRESSIONS,
    AlertChange,
    Button,
    CabWarning,
    CameraHealth,
    Decision,
    DriverState,
    Event,
    FaceObservation,
    Quality,
    StreamMember,
    Tick,
    VehicleSample,
)

START_NS = 1_234_567_890_123
S = 1_000_000_000
TICK_S = 0.5

Scene = Callable[[float], dict[str, Any]]


def face_of(**shares: float) -> dict[str, float]:
    """A displayed expression: the named probabilities, the rest neutral."""
    full = dict.fromkeys(EXPRESSIONS, 0.0) | shares
    full["neutral"] += 1.0 - sum(full.values())
    return full


class AlertStory(NamedTuple):
    """One alert from opening to closing, in seconds of the story."""

    kind: str
    key: str
    start_s: float
    end_s: float | None
    level: int
    reason: str | None
    levels: tuple[tuple[float, int], ...]


class Told:
    """What the engine decided about a stream."""

    def __init__(self, engine: DecisionEngine, decisions: list[Decision]) -> None:
        self.engine = engine
        self.decisions = decisions

    def alerts(self, *kinds: str) -> list[AlertStory]:
        """Alerts of these kinds (all without any), in order of opening."""
        found: dict[str, AlertStory] = {}
        for change in self.decisions:
            if not isinstance(change, AlertChange) or (kinds and change.kind not in kinds):
                continue
            at_s = seconds(change.t_ns)
            if change.phase == "opened":
                found[change.key] = AlertStory(
                    change.kind,
                    change.key,
                    seconds(change.started_ns),
                    None,
                    change.level,
                    None,
                    ((at_s, change.level),),
                )
            elif change.phase == "updated":
                story = found[change.key]
                found[change.key] = story._replace(
                    level=max(story.level, change.level), levels=(*story.levels, (at_s, change.level))
                )
            else:
                ended_s = None if change.ended_ns is None else seconds(change.ended_ns)
                found[change.key] = found[change.key]._replace(end_s=ended_s, reason=change.reason)
        return list(found.values())

    def kinds(self) -> list[str]:
        """Kinds of all alerts in order of opening."""
        return [story.kind for story in self.alerts()]

    def events(self, name: str) -> list[tuple[float, float]]:
        """Start and end of the events of this name."""
        return [
            (seconds(event.start_ns), seconds(event.end_ns))
            for event in self.decisions
            if isinstance(event, Event) and event.name == name
        ]

    def warnings(self) -> list[CabWarning]:
        """What the cab was told."""
        return [decision for decision in self.decisions if isinstance(decision, CabWarning)]

    def states(self) -> list[DriverState]:
        """The states that were told."""
        return [decision for decision in self.decisions if isinstance(decision, DriverState)]

    def reading(self, name: str) -> float | None:
        """The value of an indicator at the end."""
        return self.engine.indicators().readings[name].value


def seconds(t_ns: int) -> float:
    """Seconds since the start of the story."""
    return (t_ns - START_NS) / S


class Drive:
    """A story under construction. Every scene method takes its length in seconds and returns the drive."""

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
        self._scenes: list[tuple[float, float, str, Scene]] = []
        self._extras: list[tuple[float, Callable[[int], StreamMember]]] = []
        self._speed: list[tuple[float, float | None]] = []
        self.length_s = 0.0

    def show(self, length_s: float, scene: Scene | None = None, **fields: Any) -> Self:
        """Frames in which these fields differ from the driver's usual look."""
        looks = dict(fields)

        def fixed(_: float) -> dict[str, Any]:
            return looks

        return self._add(length_s, "frames", scene if scene is not None else fixed)

    def _add(self, length_s: float, source: str, scene: Scene) -> Self:
        self._scenes.append((self.length_s, self.length_s + length_s, source, scene))
        self.length_s = round(self.length_s + length_s, 9)
        return self

    def ahead(self, length_s: float) -> Self:
        """Eyes open, on the road."""
        return self.show(length_s)

    def closed(self, length_s: float, **fields: Any) -> Self:
        """Eyes shut."""
        return self.show(length_s, **({"eye_openness_left": 0.02, "eye_openness_right": 0.02} | fields))

    def aside(self, length_s: float, yaw_deg: float = 35.0, **fields: Any) -> Self:
        """Head turned away."""
        return self.show(length_s, yaw_deg=yaw_deg, **fields)

    def no_face(self, length_s: float) -> Self:
        """Frames without a face."""
        return self.show(length_s, face=None)

    def blinking(self, length_s: float, *, per_minute: float = 15.0, closed_s: float = 0.15, **fields: Any) -> Self:
        """Normal blinking."""
        period_s = 60.0 / per_minute

        def scene(at_s: float) -> dict[str, Any]:
            shut = period_s / 2 <= at_s % period_s < period_s / 2 + closed_s
            return fields | ({"eye_openness_left": 0.05, "eye_openness_right": 0.05} if shut else {})

        return self._add(length_s, "frames", scene)

    def silent(self, length_s: float) -> Self:
        """No frames: the slot times out and ticks."""
        return self._add(length_s, "ticks", lambda _: {})

    def suspended(self, length_s: float) -> Self:
        """Nothing at all comes: the process sleeps."""
        return self._add(length_s, "nothing", lambda _: {})

    def at_speed(self, speed_kmh: float | None) -> Self:
        """From here on the bus tells this speed twice a second; None stops it."""
        self._speed.append((self.length_s, speed_kmh))
        return self

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

    def _observations(self) -> Iterator[tuple[int, StreamMember]]:
        seeded = random.Random(self._seed)
        period_s = 1.0 / self._fps
        scenes = iter(self._scenes)
        scene = next(scenes, None)
        frame = 0
        ticked_s = -1.0
        while scene is not None:
            at_s = frame * period_s
            if self._jitter and frame:
                at_s += seeded.uniform(-self._jitter, self._jitter) * period_s
            frame += 1
            while scene is not None and at_s >= scene[1] - 1e-9:
                scene = next(scenes, None)
            if scene is None:
                return
            start_s, _, source, looks = scene
            if source == "frames":
                fields = self._look | looks(at_s - start_s)
                if fields["face"] is None:
                    fields = {"face": None, "quality": fields.get("quality")}
                if isinstance(fields.get("quality"), dict):
                    fields["quality"] = Quality(**fields["quality"])
                yield self._ns(at_s), FaceObservation(t_ns=self._ns(at_s), **fields)
            elif source == "ticks" and at_s - ticked_s >= TICK_S - 1e-9 and at_s - start_s >= TICK_S - 1e-9:
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
