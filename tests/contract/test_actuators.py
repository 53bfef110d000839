"""What the player asks of every output: pins, speaker and log alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge.actuators.audio import AudioActuator
from edge.actuators.base import Actuator
from edge.actuators.gpio import GpioActuator
from edge.actuators.log import LogActuator
from edge.config.schema import AudioOutput, GpioOutput
from edge.types import AlertKind
from tests.support.players import stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["gpio", "audio", "log"])
def actuator(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actuator]:
    monkeypatch.setenv("PLAYED_PCM", str(tmp_path / "played.pcm"))
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    made: dict[str, Actuator] = {
        "gpio": GpioActuator(GpioOutput(buzzer_pin=18, led_pin=23)),
        "audio": AudioActuator(AudioOutput(language="none"), stand_in(tmp_path)),
        "log": LogActuator(),
    }
    yield made[request.param]
    made[request.param].close()
    factory.close()


def test_it_keeps_the_protocol(actuator: Actuator) -> None:
    assert isinstance(actuator, Actuator)
    assert actuator.name
    assert actuator.note is None


def test_every_warning_can_be_begun_replaced_and_ended(actuator: Actuator) -> None:
    actuator.open()
    for kind in get_args(AlertKind):
        for level in (1, 3, 5):
            actuator.start(level, kind)
    assert actuator.check() in {True, False}
    actuator.stop()
    assert actuator.check() is False


def test_the_sign_of_life_may_be_cut_by_a_warning(actuator: Actuator) -> None:
    actuator.open()
    actuator.test()
    actuator.start(4, "sleep")
    actuator.stop()
    assert actuator.check() is False


def test_stop_and_close_are_harmless_at_any_time(actuator: Actuator) -> None:
    actuator.stop()
    actuator.close()
    actuator.open()
    actuator.open()
    actuator.start(5, "unresponsive")
    actuator.close()
    actuator.close()
    actuator.stop()


def test_an_alarm_reaches_the_driver_through_everything_but_the_log(actuator: Actuator) -> None:
    assert actuator.gives(4) is (actuator.name != "log")
