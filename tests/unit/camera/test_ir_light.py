"""Outputs of the infrared light: gpiozero's own mock pins, and a folder shaped as the kernel's PWM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.camera.ir_light import GpioOutput, HardwarePwm, IrLightError, output_for
from edge.config.schema import IrLight


@pytest.fixture
def pins() -> Iterator[object]:
    from gpiozero import Device
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    before, Device.pin_factory = Device.pin_factory, MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    folder = tmp_path / "pwmchip0" / "pwm2"
    folder.mkdir(parents=True)
    for name in ("enable", "duty_cycle", "period", "polarity"):
        (folder / name).write_text("")
    return tmp_path


def test_a_pin_is_off_until_it_is_told_and_after(pins: object) -> None:
    output = output_for(IrLight(output="gpio", pin=18, frequency_hz=800))
    assert isinstance(output, GpioOutput)
    output.set(1.0)
    output.open()
    pin = pins.pin(18)  # type: ignore[attr-defined]
    assert (pin.state, pin.frequency) == (0.0, 800)
    output.set(0.25)
    assert pin.state == pytest.approx(0.25)
    output.set(7.0)
    assert pin.state == 1.0
    output.close()
    output.close()
    assert pin.state == 0.0


def test_a_pin_that_something_else_uses_is_told(pins: object) -> None:
    first, second = GpioOutput(18, 800, active_high=True), GpioOutput(18, 800, active_high=True)
    first.open()
    with pytest.raises(IrLightError, match=r"pin 18 cannot be used .*camera\.ir\.pin"):
        second.open()
    first.close()


def test_hardware_pulses(chip: Path) -> None:
    settings = IrLight(output="hardware_pwm", pwm_channel=2, frequency_hz=10_000, active_high=False)
    output = output_for(settings, pwm_root=chip)
    assert isinstance(output, HardwarePwm)
    output.open()
    channel = chip / "pwmchip0" / "pwm2"
    read = {name: (channel / name).read_text() for name in ("enable", "duty_cycle", "period", "polarity")}
    assert read == {"enable": "1", "duty_cycle": "0", "period": "100000", "polarity": "inversed"}
    output.set(0.3)
    assert (channel / "duty_cycle").read_text() == "30000"
    output.close()
    assert (channel / "duty_cycle").read_text() == "0"
    assert (channel / "enable").read_text() == "0"
    assert (chip / "pwmchip0" / "unexport").read_text() == "2"
    output.set(1.0)
    assert (channel / "duty_cycle").read_text() == "0"


def test_missing_hardware_is_told_with_what_to_do(tmp_path: Path) -> None:
    output = HardwarePwm(0, 2, 1000, True, tmp_path)  # noqa: FBT003
    with pytest.raises(IrLightError, match=r"dtoverlay=pwm"):
        output.open()
    output.close()


def test_a_chip_that_goes_away_is_told(chip: Path) -> None:
    output = HardwarePwm(0, 2, 1000, True, chip)  # noqa: FBT003
    output.open()
    for file in (chip / "pwmchip0" / "pwm2").iterdir():
        file.unlink()
    (chip / "pwmchip0" / "pwm2").rmdir()
    with pytest.raises(IrLightError, match="does not take a width"):
        output.set(0.5)
    output.close()


def test_no_output_where_the_light_is_not_ours() -> None:
    assert output_for(IrLight()) is None
