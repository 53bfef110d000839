"""What warns the driver: speaker, buzzer, light. Nothing is sounded: `edge-dms sound` does that."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Final

from edge.actuators.audio import AudioActuator
from edge.actuators.base import ActuatorError
from edge.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from edge.config.schema import AudioOutput, Config
    from edge.doctor.machine import Machine

NAMES: Final = ("audio", "gpio")


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return whether a warning would be heard or seen."""
    cab = config.cab
    if cab.audio is None and cab.gpio is None:
        return [
            warn("audio", "nothing warns the driver: warnings go to the log alone", "set cab.audio or cab.gpio"),
            ok("gpio", "cab.gpio is not set"),
        ]
    audio = ok("audio", "cab.audio is not set") if cab.audio is None else _audio(machine, cab.audio)
    return [audio, ok("gpio", "cab.gpio is not set") if cab.gpio is None else _gpio(machine)]


def _audio(machine: Machine, output: AudioOutput) -> Finding:
    actuator = AudioActuator(output)
    try:
        actuator.open()
    except ActuatorError as error:
        what, _, remedy = str(error).partition("; ")
        return fail("audio", what, remedy or "edge-dms sound")
    note = actuator.note
    actuator.close()
    cards = machine.text("/proc/asound/cards")
    if not cards or "no soundcards" in cards:
        return fail("audio", "there is no sound card", "plug the speaker in; on a Raspberry Pi: dtparam=audio=on")
    if note:
        return warn("audio", f"device {output.device}, but {note}", "see cab.audio.language, speech_dir and mixer")
    return ok("audio", f"device {output.device}, language {output.language}; `edge-dms sound` lets you hear it")


def _gpio(machine: Machine) -> Finding:
    if importlib.util.find_spec("gpiozero") is None:
        return fail("gpio", "gpiozero is not installed", "pip install 'edge-dms[gpio]' into the daemon's venv")
    chips = machine.glob("/dev/gpiochip*")
    if not chips:
        return fail("gpio", "this machine has no GPIO pins", "run on the board, or take cab.gpio out")
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return fail("gpio", f"this user may not use {chips[0]}", "sudo usermod -aG gpio USER, then log in again")
    return ok("gpio", f"pins are there ({chips[0]})")
