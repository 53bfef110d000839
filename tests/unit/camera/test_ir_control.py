"""The infrared light in a cabin: a lamp, the camera's own exposure control, daylight and night."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from edge.camera.base import Frame
from edge.camera.ir_control import NOT_LIT, RETRY_S, IrControl
from edge.camera.ir_light import IrLightError
from edge.config.schema import IrLight
from edge.runtime.clock import ManualClock

FPS = 10
TARGET_GREY = 90.0
LONGEST_US, MOST_GAIN = 16000.0, 8.0


class Lamp:
    """Remembers its power; broken ones take it and stay dark."""

    def __init__(self, light: float = 0.02) -> None:
        self.light = light
        self.power: float | None = None
        self.openings = 0
        self.fails = False

    def open(self) -> None:
        self.openings += 1
        if self.fails:
            raise IrLightError("pin 18 cannot be used; look at the wiring")
        self.power = 0.0

    def set(self, power: float) -> None:
        if self.fails:
            raise IrLightError("pin 18 cannot be used; look at the wiring")
        self.power = power

    def close(self) -> None:
        self.power = None


class Cabin:
    """Frames of a face that lamp and daylight light, exposed by a control that follows within a few frames."""

    def __init__(self, lamp: Lamp, ambient: float, **settings: object) -> None:
        self.lamp, self.ambient = lamp, ambient
        self.clock = ManualClock(monotonic_ns=1_000_000_000)
        self.control = IrControl(IrLight(**settings), lamp, self.clock)  # type: ignore[arg-type]
        self.exposed = 4000.0
        """Exposure in microseconds times gain."""
        self.frames = True
        self._sequence = 0
        self.powers: list[float] = []

    def run(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """One step of the control follows each frame: its waits move the clock."""
        stop = threading.Event()
        left = round(seconds * FPS)

        def beat() -> None:
            nonlocal left
            left -= 1
            meanwhile()
            self.powers.append(self.control.power)
            if left <= 0:
                stop.set()
            elif self.frames:
                self._frame()

        if self.frames:
            self._frame()
        self.control.run(stop, beat)

    def _frame(self) -> None:
        light = self.ambient + self.lamp.light * (self.lamp.power or 0.0)
        grey = min(255.0, light * self.exposed)
        picture = np.full((48, 64), round(grey), np.uint8)
        gain = max(1.0, self.exposed / LONGEST_US)
        t_ns = self.clock.monotonic_ns()
        self.control.frame(Frame(picture, t_ns, self._sequence, exposure_us=self.exposed / gain, gain=gain))
        self._sequence += 1
        wanted = self.exposed * TARGET_GREY / max(grey, 1.0)
        self.exposed = min(max(self.exposed + 0.4 * (wanted - self.exposed), 50.0), LONGEST_US * MOST_GAIN)


def test_at_night_the_lamp_lights_and_settles() -> None:
    cabin = Cabin(Lamp(), ambient=0.0005)
    cabin.run(120)
    assert cabin.control.lit is True
    assert cabin.control.condition.state == "ok"
    last = cabin.powers[-200:]
    assert max(last) - min(last) < 0.02, "no hunting"
    assert 0.1 < last[-1] <= 1.0
    assert cabin.lamp.power is None, "given back, off, at the end"


def test_in_daylight_it_stays_dark() -> None:
    cabin = Cabin(Lamp(), ambient=0.2)
    cabin.exposed = 450.0
    cabin.run(30)
    assert max(cabin.powers) == 0.0
    assert cabin.control.lit is None, "nobody can tell by day"
    assert cabin.control.condition.state == "ok"


def test_from_day_to_night_it_comes_up_slowly_and_is_tried_in_the_dark() -> None:
    cabin = Cabin(Lamp(), ambient=0.2)
    cabin.exposed = 450.0
    cabin.run(10)
    cabin.ambient = 0.0005
    cabin.run(60)
    assert cabin.control.lit is True


@pytest.mark.parametrize("ambient", [0.0005, 0.002])
def test_a_lamp_that_does_not_light_is_told_in_the_dark(ambient: float) -> None:
    cabin = Cabin(Lamp(light=0.0), ambient=ambient)
    cabin.exposed = 20000.0
    cabin.run(30)
    assert cabin.control.lit is False
    assert cabin.control.condition.state == "ir_fault"
    assert cabin.control.condition.detail == NOT_LIT


def test_without_frames_it_is_off_within_a_second_and_a_step() -> None:
    cabin = Cabin(Lamp(), ambient=0.0005, check=False)
    cabin.exposed = 20000.0
    cabin.run(5)
    assert cabin.powers[-1] > 0.0
    cabin.frames = False
    cabin.powers.clear()
    cabin.run(3)
    off = next(step for step, power in enumerate(cabin.powers) if power == 0.0)
    assert off <= 11
    assert set(cabin.powers[off:]) == {0.0}


def test_an_output_that_fails_is_told_and_tried_again() -> None:
    lamp = Lamp()
    lamp.fails = True
    cabin = Cabin(lamp, ambient=0.0005, check=False)
    cabin.exposed = 20000.0
    cabin.run(RETRY_S - 5)
    assert lamp.openings == 1
    assert cabin.control.condition.state == "ir_fault"
    assert "look at the wiring" in str(cabin.control.condition.detail)
    lamp.fails = False
    cabin.run(10)
    assert cabin.control.condition.state == "ok"
    assert cabin.powers[-1] > 0.0


def test_the_largest_power_is_a_cap() -> None:
    cabin = Cabin(Lamp(light=0.001), ambient=0.00001, check=False, max_power=0.6)
    cabin.exposed = 40000.0
    cabin.run(20)
    assert max(cabin.powers) == pytest.approx(0.6)


def test_a_light_that_works_again_is_noticed_within_a_minute_or_so() -> None:
    lamp = Lamp(light=0.0)
    cabin = Cabin(lamp, ambient=0.0005)
    cabin.exposed = 20000.0
    cabin.run(30)
    assert cabin.control.condition.state == "ir_fault"
    lamp.light = 0.02
    cabin.run(75)
    assert cabin.control.condition.state == "ok"
    assert cabin.control.lit is True
