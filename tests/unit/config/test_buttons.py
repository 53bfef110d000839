from __future__ import annotations

import pytest

from edge.config.load import ConfigError, load_text


@pytest.mark.parametrize(
    "text",
    [
        "cab: {buttons: {wrong_pin: 5, ack_pin: 5}}",
        "cab: {buttons: {wrong_pin: 5}, gpio: {led_pin: 5}}",
        "cab: {buttons: {ack_pin: 5}}\nvehicle: {source: gpio, gpio: {speed_pin: 5}}",
        "cab: {buttons: {ack_pin: 5}}\ncamera: {ir: {output: gpio, pin: 5}}",
    ],
)
def test_a_pin_given_twice_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="pin 5 is given twice"):
        load_text(text, "dms.yaml")


def test_pins_of_their_own() -> None:
    config = load_text("cab: {buttons: {wrong_pin: 5, ack_pin: 6}, gpio: {buzzer_pin: 23}}", "dms.yaml")
    assert config.cab.buttons is not None
    assert (config.cab.buttons.wrong_pin, config.cab.buttons.ack_pin) == (5, 6)
