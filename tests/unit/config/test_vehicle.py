from __future__ import annotations

import pytest

from edge.config.load import ConfigError, load_text


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as told:
        load_text(text, "dms.yaml")
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vehicle: {source: can}", ("needs the frame that holds the speed", "add `can:`")),
        ("vehicle: {source: gpio}", ("needs a pin", "speed_pin")),
        ("vehicle: {can: {speed: {id: 416}}}", ("vehicle.can.speed.id",)),
        ('vehicle: {can: {speed: {id: "1A0"}}}', ("vehicle.can.speed.id",)),
        ('vehicle: {can: {speed: {id: "0x18FEF100"}}}', ("does not fit into 11 bit", "extended: true")),
        ('vehicle: {can: {speed: {id: "0x38FEF100", extended: true}}}', ("does not fit into 29 bit",)),
        ('vehicle: {can: {speed: {id: "0x1A0", start_bits: 8}}}', ("start_bit",)),
        ("vehicle: {source: gpio, gpio: {speed_pin: 23}}\ncab: {gpio: {buzzer_pin: 23}}", ("pin 23 is taken",)),
        ("vehicle: {source: gpio, gpio: {speed_pin: 22, ignition_pin: 22}}", ("pin 22 is taken",)),
        ("vehicle: {privacy_after_s: 5}", ("privacy_after_s",)),
        ("vehicle: {source: obd, obd: {bus: {channel: can1, bitrate: 5}}}", ("bitrate",)),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, words: tuple[str, ...]) -> None:
    told = problems(text)
    assert told.startswith("dms.yaml:")
    for word in words:
        assert word in told


def test_what_is_not_asked_for_is_not_judged() -> None:
    config = load_text("vehicle: {gpio: {speed_pin: 23}}\ncab: {gpio: {buzzer_pin: 23}}", "dms.yaml")
    assert config.vehicle.source == "none"
