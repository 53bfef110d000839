from __future__ import annotations

from edge.actuators.audio import AudioActuator
from edge.actuators.gpio import GpioActuator
from edge.actuators.log import LogActuator
from edge.actuators.open import actuators_for
from edge.config.schema import AudioOutput, Cab, GpioOutput


def test_the_section_says_which_outputs_there_are_and_sound_comes_first() -> None:
    assert [type(actuator) for actuator in actuators_for(Cab())] == [LogActuator]
    assert actuators_for(Cab(log=False)) == []
    both = actuators_for(Cab(gpio=GpioOutput(buzzer_pin=18)))
    assert [type(actuator) for actuator in both] == [GpioActuator, LogActuator]
    assert [actuator.name for actuator in both] == ["gpio", "log"]


def test_a_speaker_is_an_output_of_its_own() -> None:
    assert [type(actuator) for actuator in actuators_for(Cab(audio=AudioOutput(), log=False))] == [AudioActuator]
