"""Measures of one frame, and what ends an installation: a lost camera, silence, a vehicle that moves."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from typing import Self

import numpy as np
import pytest

from edge import aiming
from edge.aim.session import Action
from edge.aiming import Aiming, VehicleMovesError, measures_of
from edge.camera.base import CameraLostError, Frame
from edge.config.schema import Camera, Config, IrLight, Vehicle
from edge.runtime.clock import ManualClock
from edge.types import FaceObservation, Quality
from edge.vision.landmarks import POINTS

GRAY = np.full((480, 640), 100, np.uint8)
FOV_DEG = 60.0
FOCAL_PX = 320 / math.tan(math.radians(30))


def points(across_px: float = 50.0) -> np.ndarray:
    made = np.full((POINTS, 2), 300.0, np.float32)
    made[[33, 263]] = [[300 - across_px / 2, 240], [300 + across_px / 2, 240]]
    return made


def face(box: tuple[float, float, float, float] | None = (0.4, 0.4, 0.2, 0.2)) -> FaceObservation:
    return FaceObservation(
        t_ns=0, face=0.9, face_box=box, yaw_deg=10.0, pitch_deg=5.0, roll_deg=1.0, quality=Quality(face_px=128.0)
    )


def test_a_face_in_the_middle_is_on_the_lenses_axis() -> None:
    found = measures_of(face(), points(), GRAY, FOV_DEG)
    assert found is not None
    assert (found.view_yaw_deg, found.view_pitch_deg) == (10.0, 5.0)
    assert found.distance_cm == pytest.approx(FOCAL_PX * 9.0 * math.cos(math.radians(10)) / 50)
    assert found.face_ratio == pytest.approx(0.2)
    assert found.margin_ratio == pytest.approx(0.4)


def test_a_face_at_the_right_and_low_is_seen_from_another_side() -> None:
    found = measures_of(face((0.8, 0.8, 0.2, 0.2)), points(), GRAY, FOV_DEG)
    assert found is not None
    # A head at the picture's right that is turned to it by 10 degrees has turned still farther from the lens.
    assert found.view_yaw_deg == pytest.approx(10 + math.degrees(math.atan2(0.4 * 640, FOCAL_PX)))
    assert found.view_pitch_deg == pytest.approx(5 - math.degrees(math.atan2(0.4 * 480, FOCAL_PX)))
    assert (found.yaw_deg, found.pitch_deg) == (10.0, 5.0), "what the configuration compares with"
    assert found.margin_ratio == pytest.approx(0.0)
    assert (found.off_x_ratio, found.off_y_ratio) == (pytest.approx(0.4), pytest.approx(0.4))


def test_an_unknown_lens_gives_no_distance() -> None:
    found = measures_of(face(), points(), GRAY, None)
    assert found is not None
    assert found.distance_cm is None
    assert found.view_yaw_deg == 10.0


def test_nobody_is_nothing() -> None:
    assert measures_of(face(None), points(), GRAY, FOV_DEG) is None
    assert measures_of(face(), None, GRAY, FOV_DEG) is None


class Lamp:
    """An output that notes what it was set to."""

    def __init__(self) -> None:
        self.power = 0.0
        self.shone = threading.Event()

    def open(self) -> None:
        self.power = 0.0

    def set(self, power: float) -> None:
        self.power = power
        if power > 0:
            self.shone.set()

    def close(self) -> None:
        self.power = 0.0


class Eyes:
    """Stands for camera and networks: frames until `lost`, nobody in them."""

    def __init__(self, path: None, config: Config) -> None:
        self.source = self
        self.lost = threading.Event()
        self.closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()

    def frames(self) -> Iterator[Frame]:
        for number in itertools.count():
            if self.closed.wait(0.01):
                return
            if self.lost.is_set():
                raise CameraLostError("no frame came for a second", "check the cable")
            yield Frame(GRAY, number * 10_000_000, number)

    def perceive(self, frame: Frame) -> list[FaceObservation]:
        return [FaceObservation(t_ns=frame.t_ns, quality=Quality(reason="no_face"))]

    def mesh_points(self) -> None:
        return None


@pytest.fixture(autouse=True)
def _eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiming, "Perception", Eyes)


def test_a_camera_that_is_lost_ends_it_and_says_why() -> None:
    with Aiming(Config(), timeout_s=60) as wizard:
        rounds = wizard.rounds()
        next(rounds)
        wizard._perception.lost.set()  # type: ignore[attr-defined]
        for _ in rounds:
            pass
    assert "check the cable" in (wizard.session.ended or "")
    assert "Nothing was stored" in (wizard.session.ended or "")


def test_time_is_counted_from_the_last_press() -> None:
    clock = ManualClock()
    with Aiming(Config(), timeout_s=100, clock=clock) as wizard:
        rounds = wizard.rounds()
        clock.advance(99)
        next(rounds)
        wizard.presses.put(Action(step="start", do="next"))
        next(rounds)
        assert (wizard.session.step, wizard.left_s) == ("camera", 100.0)
        clock.advance(101)
        assert list(rounds) or wizard.session.over
    assert "Nobody pressed anything" in (wizard.session.ended or "")


def test_the_lamp_follows_the_frames_and_is_off_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lamp = Lamp()
    monkeypatch.setattr("edge.camera.ir_control.output_for", lambda ir: lamp)
    camera = Camera(ir=IrLight(output="gpio", pin=18, check=False))
    with Aiming(Config(camera=camera), timeout_s=60) as wizard:
        rounds = wizard.rounds()
        while not lamp.shone.is_set():
            next(rounds)
        assert wizard.session.lamp is not None
    assert lamp.power == 0.0


def test_a_vehicle_that_moves_is_left_alone() -> None:
    with pytest.raises(VehicleMovesError, match="80 km/h"), Aiming(Config(vehicle=Vehicle(source="fixed")), 60):
        pass
