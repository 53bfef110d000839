"""A technician and a driver before the installation wizard, and the measures of a camera that sits well."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.aim.measures import Measures
from edge.aim.session import Action, Session
from edge.config.rules import Rules
from edge.config.schema import Camera

WELL = Measures(
    yaw_deg=12.0,
    pitch_deg=5.0,
    view_yaw_deg=12.0,
    view_pitch_deg=5.0,
    roll_deg=1.0,
    distance_cm=80.0,
    face_px=150.0,
    face_ratio=150 / 640,
    margin_ratio=0.2,
    off_x_ratio=0.05,
    off_y_ratio=0.0,
    sharpness=0.1,
    brightness_ratio=0.45,
    clipped_ratio=0.0,
    evenness_ratio=0.8,
    glint_ratio=0.0,
)


STEP_NS = 100_000_000
LOOKS = {
    "left_mirror": (52.0, -1.0),
    "right_mirror": (-38.0, -1.0),
    "inner_mirror": (-16.0, 13.0),
    "cluster": (12.0, -13.0),
}


class Player:
    """A technician and a driver in front of a session."""

    def __init__(self, camera: Camera | None = None, rules: Rules | None = None, **more: Any) -> None:
        self.session = Session(camera or Camera(fov_deg=60.0), rules or Rules(), **more)
        self.now_ns = 0

    def press(self, do: Any, step: str | None = None, **more: float) -> None:
        self.session.press(Action(step=step or self.session.step, do=do, **more))

    def look(self, measures: Measures | None = WELL, seconds: float = 3.0) -> None:
        for _ in range(int(seconds * 10)):
            self.now_ns += STEP_NS
            self.session.frame(self.now_ns, measures)

    def to(self, step: str) -> None:
        """Do what every step asks for until `step`."""
        while self.session.step != step:
            at = self.session.step
            if self.session.state().measured:
                pass
            elif at == "ahead":
                self.press("measure")
                self.look()
            elif at in LOOKS:
                yaw, pitch = LOOKS[at]
                self.press("measure")
                self.look(msgspec.structs.replace(WELL, yaw_deg=yaw, pitch_deg=pitch))
            self.press("next")
            assert self.session.step != at
