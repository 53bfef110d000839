"""The steps of an installation: what is asked now, what was found, what comes next. Explicit moments, no clock.

Before you begin → camera → look ahead → mirrors and instruments → result. Any number of screens may look on and press;
a press names the step it was made in, so that two people who press at once do not skip one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.aim.judge import Lamp, ahead_verdicts, camera_verdicts, face_verdict, lamp_verdict
from edge.aim.look import SteadyLook
from edge.aim.measures import RecentMeasures, medians
from edge.aim.verdict import passes, worst
from edge.aim.zones import TARGETS, Seat, looked_at, setting_of, tapped, usual_place, zone_verdict
from edge.decision.privacy import STANDING_KMH

if TYPE_CHECKING:
    from edge.aim.measures import Measures
    from edge.aim.verdict import Verdict
    from edge.aim.zones import Spot, Target
    from edge.config.rules import Rules, Zone
    from edge.config.schema import Camera
    from edge.types import ObservabilityReason

Press = Literal["next", "back", "measure", "place", "skip", "finish", "save", "quit"]
STEPS: Final = ("start", "camera", "ahead", *(target.name for target in TARGETS), "result")
TITLES: Final[dict[str, str]] = {
    "start": "Before you begin",
    "camera": "Place the camera",
    "ahead": "Look ahead",
    **{target.name: target.title for target in TARGETS},
    "result": "Result",
}
ASKS: Final[dict[str, str]] = {
    "start": "The vehicle is parked, the handbrake is on. The driver sits in his seat as he drives, glasses as usual.",
    "camera": "Move camera and lamp until all is green. The driver looks at the road.",
    "ahead": "Ask the driver to sit as usual and to look straight ahead at the road.",
    **{target.name: target.ask for target in TARGETS},
    "result": "",
}
MOVES: Final = "The vehicle moves. Park it and begin again."


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A press on a screen."""

    step: str
    """In which it was made."""
    do: Press
    x_deg: float | None = None
    """`place`: where on the map."""
    y_deg: float | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A zone, or a hint where one usually is, on the map."""

    name: str
    title: str
    x_deg: float
    y_deg: float
    half_width_deg: float
    half_height_deg: float
    known: bool
    current: bool


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen shows."""

    step: str
    number: int
    """Of the step, from 1."""
    steps: int
    title: str
    following: str
    """Title of the next step; empty in the last one."""
    ask: str
    face: bool
    verdicts: list[Verdict]
    advice: str
    """What to do first; empty when nothing is to be done."""
    look: float | None = None
    """Progress of a measurement that runs, 0 to 1."""
    failed: str | None = None
    """Why the last one came to nothing."""
    measured: bool = False
    """Whether this step has what it needs."""
    may_skip: bool = False
    view: tuple[float, float] | None = None
    """Where the head points now, on the map."""
    road: tuple[float, float] = (0.0, 0.0)
    """Of the road on the map: half its width, and how far down it reaches, in degrees."""
    places: list[Place] = []
    passed: bool | None = None
    """The result, in the last step."""
    vehicle: str = ""
    """What is known of its standing still."""
    ended: str | None = None
    """Why the wizard has ended."""


class Session:
    """One installation. Belongs to one thread."""

    def __init__(self, camera: Camera, rules: Rules, *, lamp_driven: bool = False) -> None:
        self.camera = camera
        self._rules = rules
        self.seat = Seat(camera.wheel_side, camera.flip)
        self.lamp: Lamp | None = Lamp() if lamp_driven else None
        self.speed_kmh: float | None = None
        """What the vehicle last told; None: it does not tell."""
        self.ended: str | None = None
        """Why it ended before its end."""
        self.finished = False
        """Whether somebody pressed the last button."""
        self.save = False
        """... and wanted the configuration written."""
        self.ahead: Measures | None = None
        """Medians of the look ahead."""
        self.spots: dict[str, Spot] = {}
        self._step = 0
        self._recent = RecentMeasures()
        self._now: Measures | None = None
        self._reason: ObservabilityReason | None = None
        self._look: SteadyLook | None = None
        self._failed: str | None = None

    @property
    def step(self) -> str:
        """The name of the step."""
        return STEPS[self._step]

    def frame(self, t_ns: int, measures: Measures | None, reason: ObservabilityReason | None = None) -> None:
        """Take what was measured of one frame; None without a face, and why."""
        self._recent.add(t_ns, measures)
        self._now, self._reason = measures, reason
        if self._look is None:
            return
        self._look.add(t_ns, measures)
        if self._look.held is not None:
            self._take(self._look.held)
            self._look = None
        elif self._look.failed is not None:
            self._failed = self._look.failed
            self._look = None

    def vehicle(self, speed_kmh: float) -> None:
        """Take what the vehicle tells; one that moves ends the session."""
        self.speed_kmh = speed_kmh
        if speed_kmh >= STANDING_KMH and not self.finished:
            self.ended = MOVES

    def press(self, action: Action) -> None:
        """Do what somebody pressed, if it makes sense now."""
        if action.do == "quit":
            self.ended = self.ended or "Stopped by hand; nothing was stored."
        elif action.step != self.step or self.over:
            return
        elif action.do == "back" and self._step:
            self._go(self._step - 1)
        elif action.do == "next" and self._may_go_on():
            self._go(self._step + 1)
        elif action.do == "skip" and self._may_skip():
            self.spots.pop(self.step, None)
            self._go(self._step + 1)
        elif action.do == "measure":
            self._measure()
        elif action.do == "place":
            self._place(action)
        elif action.do in {"finish", "save"} and self.step == "result":
            self.finished, self.save = True, action.do == "save"

    @property
    def over(self) -> bool:
        """Whether nothing more can be done."""
        return self.finished or self.ended is not None

    def verdicts(self) -> list[Verdict]:
        """Return all lights of the installation, as far as it has come."""
        return [*self._camera_lights(self.ahead), *ahead_verdicts(self.ahead), *self._zone_lights()]

    @property
    def passed(self) -> bool:
        """Whether all of it may stay as it is."""
        return passes(self.verdicts())

    def neutral(self) -> tuple[float, float] | None:
        """Return yaw and pitch of the look ahead, as the configuration has them; None before it was measured."""
        if self.ahead is None or self.ahead.yaw_deg is None or self.ahead.pitch_deg is None:
            return None
        return round(self.ahead.yaw_deg, 1), round(self.ahead.pitch_deg, 1)

    def zones(self) -> list[Zone]:
        """Return the zones as the configuration has them."""
        return [setting_of(self.spots[target.name], self.seat) for target in TARGETS if target.name in self.spots]

    def settings(self) -> dict[str, Any]:
        """Return what the configuration should say, by dotted key; zones that have other names are kept."""
        neutral = self.neutral()
        if neutral is None:
            return {}
        ours = {target.name for target in TARGETS}
        kept = [zone for zone in self._rules.zones if zone.name not in ours]
        return {
            "camera.neutral_yaw_deg": neutral[0],
            "camera.neutral_pitch_deg": neutral[1],
            "rules.zones": [msgspec.to_builtins(zone) for zone in (*kept, *self.zones())],
        }

    def state(self) -> State:
        """Return what a screen shows now."""
        verdicts = self._shown()
        first = worst(verdicts)
        return State(
            step=self.step,
            number=self._step + 1,
            steps=len(STEPS),
            title=TITLES[self.step],
            following=TITLES[STEPS[self._step + 1]] if self._step + 1 < len(STEPS) else "",
            ask=ASKS[self.step],
            face=self._now is not None,
            verdicts=verdicts,
            advice=first.sentence if first is not None else "",
            look=None if self._look is None else round(self._look.progress, 2),
            failed=self._failed,
            measured=self._may_go_on(),
            may_skip=self._may_skip(),
            view=self._view(),
            road=(self._rules.distraction.yaw_deg, -self._rules.distraction.pitch_down_deg),
            places=self._places(),
            passed=self.passed if self.step == "result" else None,
            vehicle=self._standing(),
            ended=self.ended,
        )

    def _go(self, step: int) -> None:
        if step >= len(STEPS):
            return
        self._step = step
        self._look = self._failed = None
        if self.step == "camera":
            # Whoever comes back here moves the camera, and every angle with it.
            self.ahead = None
            self.spots.clear()

    def _target(self) -> Target | None:
        return next((target for target in TARGETS if target.name == self.step), None)

    def _may_go_on(self) -> bool:
        if self.step == "ahead":
            return self.ahead is not None
        if self._target() is not None:
            return self.step in self.spots
        return self.step != "result"

    def _may_skip(self) -> bool:
        target = self._target()
        return target is not None and target.may_be_missing

    def _measure(self) -> None:
        self._failed = None
        if self.step == "ahead":
            self._look = SteadyLook()
        elif self._target() is not None:
            self._look = SteadyLook(away_from=self.neutral())

    def _place(self, action: Action) -> None:
        target = self._target()
        if target is None or action.x_deg is None or action.y_deg is None:
            return
        self._look = self._failed = None
        self.spots[target.name] = tapped(target.name, action.x_deg, action.y_deg)

    def _take(self, held: list[Measures]) -> None:
        target, neutral = self._target(), self.neutral()
        if self.step == "ahead":
            self.ahead = medians(held)
        elif target is not None and neutral is not None:
            self.spots[target.name] = looked_at(target.name, held, neutral, self.seat)

    def _shown(self) -> list[Verdict]:
        target = self._target()
        if self.step == "start":
            return []
        if self.step == "camera":
            recent = self._recent.medians()
            return [face_verdict(seen=recent is not None, reason=self._reason), *self._camera_lights(recent)]
        if self.step == "ahead":
            recent = self._recent.medians()
            return [
                face_verdict(seen=recent is not None, reason=self._reason),
                *ahead_verdicts(self.ahead or recent),
            ]
        if target is not None:
            return [self._zone_light(target)]
        return self.verdicts()

    def _camera_lights(self, measures: Measures | None) -> list[Verdict]:
        lights = camera_verdicts(
            measures, infrared=self.camera.light == "infrared", lens_known=self.camera.fov_deg is not None
        )
        return lights if self.lamp is None else [*lights, lamp_verdict(self.lamp)]

    def _zone_light(self, target: Target) -> Verdict:
        return zone_verdict(target, self.spots.get(target.name), self.spots.values(), self.seat)

    def _zone_lights(self) -> list[Verdict]:
        return [self._zone_light(target) for target in TARGETS]

    def _view(self) -> tuple[float, float] | None:
        neutral, now = self.neutral(), self._now
        if neutral is None or now is None or now.yaw_deg is None or now.pitch_deg is None:
            return None
        return round(self.seat.x_of(now.yaw_deg - neutral[0]), 1), round(now.pitch_deg - neutral[1], 1)

    def _places(self) -> list[Place]:
        if self._target() is None and self.step != "result":
            return []
        found = []
        for target in TARGETS:
            spot = self.spots.get(target.name)
            if spot is None and target.name != self.step:
                continue
            spot = spot or tapped(target.name, *usual_place(target.name, self.seat))
            found.append(
                Place(
                    name=target.name,
                    title=target.title,
                    x_deg=spot.x_deg,
                    y_deg=spot.y_deg,
                    half_width_deg=spot.half_width_deg,
                    half_height_deg=spot.half_height_deg,
                    known=target.name in self.spots,
                    current=target.name == self.step,
                )
            )
        return found

    def _standing(self) -> str:
        if self.speed_kmh is None:
            return "The vehicle does not tell its speed: make sure yourself that it cannot move."
        return f"The vehicle tells {self.speed_kmh:.0f} km/h."
