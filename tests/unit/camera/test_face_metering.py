"""Exposure for the face: it gets there, it does not hunt, alone and together with the infrared light."""

from __future__ import annotations

import itertools

import pytest

from edge.camera.face_metering import (
    BRIGHTEST,
    CLIPPED_DOWN,
    DARKEST,
    EV_MAX,
    EV_MIN,
    FADE_RATE,
    HOLD_S,
    RATE_MAX,
    TARGET,
    FaceMetering,
)
from edge.config.schema import IrLight
from edge.indicators.ir_power import IrPower
from edge.types import FaceObservation, Quality, Tick
from tests.support.sensors import FPS, Scene, Sensor

S = 1_000_000_000


class Cab:
    """A sensor before a scene, metered on the face, lit by an infrared light that follows the exposure."""

    def __init__(self, scene: Scene, *, lamp: IrLight | None = None) -> None:
        self.sensor = Sensor(scene)
        self.metering = FaceMetering()
        self.power = None if lamp is None else IrPower(lamp.low_exposure_us, lamp.high_exposure_us, lamp.tau_s)
        self.frames = 0
        self.greys: list[float] = []
        self.evs: list[float] = []
        self.powers: list[float] = []

    def run(self, seconds: float, *, metered: bool = True) -> None:
        for _ in range(round(seconds * FPS)):
            grey, clipped = self.sensor.frame()
            t_ns = self.frames * S // FPS
            self.frames += 1
            if metered:
                self.sensor.ev = self.metering.look(t_ns, grey, clipped)
            if self.power is not None:
                self.sensor.lamp = self.power.frame(t_ns, self.sensor.exposed, 1.0)
            self.greys.append(grey)
            self.evs.append(self.sensor.ev)
            self.powers.append(self.sensor.lamp)

    def swing(self, values: list[float], seconds: float) -> float:
        """How far a value moved over the last seconds."""
        last = values[-round(seconds * FPS) :]
        return max(last) - min(last)


def turns(values: list[float]) -> int:
    """How often a value turned from rising to falling or back."""
    steps = [b - a for a, b in itertools.pairwise(values) if b != a]
    return sum((one > 0) != (other > 0) for one, other in itertools.pairwise(steps))


BACK_LIT = Scene(face=0.15, around=1.5)
LAMP_LIT = Scene(face=0.6, around=0.06, face_share=0.08)
EVEN = Scene(face=1.0, around=0.8)


def test_a_face_against_a_bright_window_becomes_readable() -> None:
    cab = Cab(BACK_LIT)
    cab.run(5, metered=False)
    assert cab.greys[-1] < DARKEST, "the camera alone meters the window"
    cab.run(25)
    assert DARKEST < cab.greys[-1] < BRIGHTEST
    assert cab.evs[-1] > 1.0
    assert cab.swing(cab.evs, 10) == 0.0
    assert cab.swing(cab.greys, 10) < 0.01


def test_a_bright_face_before_a_black_cab_is_not_washed_out() -> None:
    cab = Cab(LAMP_LIT)
    cab.run(5, metered=False)
    assert cab.greys[-1] > BRIGHTEST
    cab.run(25)
    assert cab.greys[-1] < BRIGHTEST
    assert cab.evs[-1] < 0.0
    assert cab.swing(cab.evs, 10) == 0.0


def test_a_face_that_is_well_lit_is_left_alone() -> None:
    cab = Cab(EVEN)
    cab.run(30)
    assert set(cab.evs) == {0.0}


@pytest.mark.parametrize("face", [0.02, 0.1, 0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("around", [0.02, 0.3, 3.0])
@pytest.mark.parametrize("share", [0.04, 0.12, 0.3])
def test_whatever_the_light_it_settles_without_hunting(face: float, around: float, share: float) -> None:
    cab = Cab(Scene(face=face, around=around, face_share=share))
    cab.run(40)
    assert cab.swing(cab.evs, 15) == 0.0
    assert turns(cab.evs) <= 1, "straight there"
    assert EV_MIN <= cab.evs[-1] <= EV_MAX
    plain = Cab(Scene(face=face, around=around, face_share=share))
    plain.run(40, metered=False)
    assert abs(cab.greys[-1] - TARGET) <= abs(plain.greys[-1] - TARGET) + 0.02, "never worse than without"


def test_into_a_tunnel_and_out_the_cameras_own_control_stays_quick() -> None:
    cab = Cab(EVEN)
    cab.run(5)
    for light in (0.02, 1.0):
        cab.sensor.scene = Scene(face=light, around=0.8 * light)
        cab.run(3)
        assert DARKEST < cab.greys[-1] < BRIGHTEST
    cab.run(10)
    assert abs(cab.evs[-1]) < 0.5
    assert cab.swing(cab.evs, 5) == 0.0


@pytest.mark.parametrize("tau_s", [1.0, 5.0, 30.0, 120.0])
@pytest.mark.parametrize(
    "scene",
    [
        Scene(face=0.001, around=0.001, lamp_on_face=0.5, lamp_around=0.02),
        Scene(face=0.01, around=0.002, lamp_on_face=0.3, lamp_around=0.1, face_share=0.3),
        Scene(face=0.05, around=0.6, lamp_on_face=0.5, lamp_around=0.02),
        Scene(face=0.002, around=0.05, lamp_on_face=2.0, lamp_around=0.3),
    ],
    ids=["black cab", "near", "street lamps behind", "strong lamp"],
)
def test_together_with_the_infrared_light_both_loops_come_to_rest(scene: Scene, tau_s: float) -> None:
    cab = Cab(scene, lamp=IrLight(tau_s=tau_s))
    cab.run(40 + 8 * tau_s)
    assert cab.swing(cab.evs, 20) <= 1 / 16
    assert cab.swing(cab.powers, 20) < 0.02
    assert cab.swing(cab.greys, 20) < 0.02
    assert turns(cab.evs) <= 4
    assert cab.greys[-1] > 0.25, "the face is seen"


def test_dusk_until_the_lamp_burns_alone_keeps_the_face_readable() -> None:
    cab = Cab(Scene(face=1.0, around=1.0, lamp_on_face=0.5, lamp_around=0.02), lamp=IrLight())
    cab.run(10)
    for _ in range(60):
        scene = cab.sensor.scene
        scene.face, scene.around = scene.face * 0.85, scene.around * 0.85
        cab.run(3)
    cab.run(200)
    settled = cab.greys[-100 * FPS :]
    assert min(cab.greys[10 * FPS :]) > 0.15
    assert min(settled) > DARKEST - 0.02
    assert max(settled) < BRIGHTEST + 0.02
    assert cab.swing(cab.powers, 30) < 0.02
    assert cab.powers[-1] > 0.1


def test_it_never_moves_faster_than_its_rate() -> None:
    metering = FaceMetering()
    evs = [metering.look(i * S // 10, 0.01, 0.0) for i in range(100)]
    assert max(b - a for a, b in itertools.pairwise(evs)) <= RATE_MAX / 10 + 1 / 16
    assert evs[-1] == EV_MAX
    # A gap of an hour is no reason to jump.
    metering = FaceMetering()
    metering.look(0, 0.01, 0.0)
    assert metering.look(3600 * S, 0.01, 0.0) <= RATE_MAX


def test_half_a_face_in_the_sun_is_made_no_brighter_and_one_washed_out_darker() -> None:
    metering = FaceMetering()
    for i in range(100):
        metering.look(i * S // 10, 0.2, 0.2)
    assert metering.ev == 0.0
    for i in range(100, 200):
        metering.look(i * S // 10, 0.5, CLIPPED_DOWN)
    assert metering.ev == EV_MIN


def test_without_a_face_it_stays_for_a_while_and_fades() -> None:
    metering = FaceMetering()
    for i in range(100):
        metering.look(i * S // 10, 0.05, 0.0)
    assert metering.ev == EV_MAX
    for i in range(100, 100 + round(HOLD_S * 10)):
        metering.look(i * S // 10, None, 0.0)
    assert metering.ev == EV_MAX
    for i in range(200, 201 + round(EV_MAX / FADE_RATE * 10) + 1):
        metering.look(i * S // 10, None, 0.0)
    assert metering.ev == 0.0


def test_it_reads_observations_and_nothing_else() -> None:
    metering = FaceMetering()
    for i in range(100):
        quality = Quality(brightness_ratio=0.05, clipped_ratio=None, faces=1)
        metering.on_member(FaceObservation(t_ns=i * S // 10, face=0.9, quality=quality))
        metering.on_member(Tick(t_ns=i * S // 10))
        metering.on_member(FaceObservation(t_ns=i * S // 10))
    assert metering.ev == EV_MAX
