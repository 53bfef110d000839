from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge.actuators.buttons import UNAVAILABLE, CabButtons
from edge.config.schema import GpioButtons

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG, ACK = 5, 6


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    previous, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, factory
    yield factory
    factory.close()
    gpiozero.Device.pin_factory = previous


def test_each_button_says_what_it_is(pins: MockFactory) -> None:
    pressed: list[bool] = []
    buttons = CabButtons(GpioButtons(wrong_pin=WRONG, ack_pin=ACK), pressed.append)
    buttons.open()
    assert pressed == []
    pins.pin(WRONG).drive_low()
    pins.pin(WRONG).drive_high()
    pins.pin(ACK).drive_low()
    assert pressed == [True, False]
    assert buttons.faults == ()
    buttons.close()
    buttons.close()


def test_a_button_that_connects_to_the_supply(pins: MockFactory) -> None:
    pressed: list[bool] = []
    buttons = CabButtons(GpioButtons(wrong_pin=WRONG, active_low=False), pressed.append)
    buttons.open()
    pins.pin(WRONG).drive_high()
    assert pressed == [True]
    buttons.close()


def test_pins_that_are_taken_are_told_with_the_remedy(pins: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    taken = gpiozero.LED(ACK)
    buttons = CabButtons(GpioButtons(wrong_pin=WRONG, ack_pin=ACK), lambda _: None)
    with caplog.at_level(logging.WARNING):
        buttons.open()
    assert buttons.faults == (UNAVAILABLE,)
    assert "check cab.buttons" in caplog.text
    taken.close()
    # What was taken before the failure has been given back.
    buttons.open()
    assert buttons.faults == ()
    buttons.close()


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    buttons = CabButtons(GpioButtons(wrong_pin=WRONG), lambda _: None)
    buttons.open()
    assert buttons.faults == (UNAVAILABLE,)
    assert "pip install edge-dms[gpio]" in caplog.text
