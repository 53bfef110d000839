from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge.actuators.base import Actuator, ActuatorError
from edge.actuators.gpio import LIGHT, SOUND, GpioActuator, Rhythm
from edge.config.schema import GpioOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gpiozero.pins.mock import MockPin

BUZZER, LED = 18, 23


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    previous, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, factory
    yield factory
    factory.close()
    gpiozero.Device.pin_factory = previous


def opened(**output: Any) -> GpioActuator:
    actuator = GpioActuator(GpioOutput(**({"buzzer_pin": BUZZER, "led_pin": LED} | output)))
    actuator.open()
    return actuator


def toggles(pin: MockPin) -> list[bool]:
    return [bool(state.state) for state in pin.states]


def finish_pattern(device: Any) -> None:
    device._blink_thread.join(30.0)


def test_it_is_an_actuator_and_silent_at_first(pins: MockFactory) -> None:
    actuator = opened()
    assert isinstance(actuator, Actuator)
    assert pins.pin(BUZZER).state == 0
    assert pins.pin(LED).state == 0
    actuator.close()


def test_a_notice_lights_up_without_a_sound(pins: MockFactory) -> None:
    actuator = opened()
    actuator.start(1, "eyes_closed")
    assert pins.pin(LED).state == 1
    assert True not in toggles(pins.pin(BUZZER))
    actuator.stop()
    assert pins.pin(LED).state == 0
    actuator.close()


@pytest.mark.parametrize(("level", "beeps"), [(2, 1), (3, 3)])
def test_warning_and_urgent_have_their_number_of_beeps(level: int, beeps: int, pins: MockFactory) -> None:
    actuator = opened(led_pin=None)
    actuator.start(level, "microsleep")
    finish_pattern(actuator._buzzer)
    assert toggles(pins.pin(BUZZER)).count(True) == beeps
    assert pins.pin(BUZZER).state == 0
    actuator.close()


@pytest.mark.parametrize("level", [4, 5])
def test_alarm_and_emergency_sound_until_they_are_stopped(level: int, pins: MockFactory) -> None:
    actuator = opened()
    actuator.start(level, "sleep")
    if level == 4:
        assert actuator._buzzer._blink_thread.is_alive()
    else:
        assert pins.pin(BUZZER).state == 1
    actuator.stop()
    assert actuator._buzzer._blink_thread is None
    assert pins.pin(BUZZER).state == 0
    assert pins.pin(LED).state == 0
    actuator.close()


def test_each_level_is_more_pressing_than_the_one_below() -> None:
    def share(rhythm: Rhythm | None) -> float:
        if rhythm is None:
            return 0.0
        sounding = rhythm.on_s / (rhythm.on_s + rhythm.off_s)
        # In any two seconds, the pause between two repeats.
        return sounding if rhythm.times is None else rhythm.times * rhythm.on_s / 2.0

    shares = [share(SOUND[level]) for level in range(1, 6)]
    assert shares == sorted(set(shares))
    assert set(LIGHT) == set(SOUND) == {1, 2, 3, 4, 5}
    assert all(rhythm.off_s == 0 or rhythm.on_s + rhythm.off_s >= 1 / 3 for rhythm in LIGHT.values())


def test_a_new_level_replaces_the_pattern(pins: MockFactory) -> None:
    actuator = opened()
    actuator.start(4, "sleep")
    actuator.start(1, "eyes_closed")
    assert actuator._buzzer._blink_thread is None
    assert pins.pin(BUZZER).state == 0
    assert pins.pin(LED).state == 1
    actuator.close()


def test_a_level_beyond_the_table_is_held_to_it(pins: MockFactory) -> None:
    actuator = opened()
    actuator.start(9, "health")
    assert pins.pin(BUZZER).state == 1
    actuator.close()


def test_outputs_that_are_switched_by_a_low_level(pins: MockFactory) -> None:
    actuator = opened(active_high=False)
    assert pins.pin(BUZZER).state == 1
    actuator.start(5, "unresponsive")
    assert pins.pin(BUZZER).state == 0
    actuator.stop()
    assert pins.pin(BUZZER).state == 1
    actuator.close()


def test_one_pin_alone_is_enough(pins: MockFactory) -> None:
    actuator = opened(buzzer_pin=None)
    actuator.start(5, "unresponsive")
    assert pins.pin(LED).state == 1
    actuator.close()


def test_close_is_harmless_and_frees_the_pins(pins: MockFactory) -> None:
    GpioActuator(GpioOutput(led_pin=LED)).close()
    for _ in range(3):
        actuator = opened()
        actuator.start(5, "sleep")
        actuator.close()
        actuator.close()
        assert pins.pin(BUZZER).state == 0
    actuator.stop()


def test_opening_again_takes_the_pins_anew(pins: MockFactory) -> None:
    actuator = opened()
    actuator.start(5, "sleep")
    actuator.open()
    assert pins.pin(BUZZER).state == 0
    actuator.close()


def test_a_pin_that_something_else_uses_is_told_and_nothing_stays_taken(pins: MockFactory) -> None:
    other = gpiozero.LED(BUZZER)
    with pytest.raises(ActuatorError, match=r"in use.*group gpio"):
        opened()
    other.close()
    opened().close()


def test_a_machine_without_pins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)

    def refuse(*_: object) -> None:
        raise gpiozero.BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero.Device, "_default_pin_factory", refuse)
    with pytest.raises(ActuatorError, match="python3-lgpio"):
        opened()


def test_without_gpiozero_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(ActuatorError, match=r"edge-dms\[gpio\]"):
        opened()


def test_the_sign_of_life_is_two_short_flashes_and_beeps(pins: MockFactory) -> None:
    actuator = opened()
    actuator.test()
    assert actuator.check() is False
    for device in (actuator._buzzer, actuator._light):
        finish_pattern(device)
    for pin in (BUZZER, LED):
        assert toggles(pins.pin(pin)).count(True) == 2
        assert pins.pin(pin).state == 0
    actuator.close()


def test_a_notice_is_given_by_the_light_alone() -> None:
    assert GpioActuator(GpioOutput(led_pin=LED)).gives(1)
    assert not GpioActuator(GpioOutput(buzzer_pin=BUZZER)).gives(1)
    assert GpioActuator(GpioOutput(buzzer_pin=BUZZER)).gives(2)
    assert not GpioActuator(GpioOutput()).gives(5)
