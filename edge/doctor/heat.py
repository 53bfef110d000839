"""Temperature, and what the firmware of a Raspberry Pi says of supply and throttling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.runtime.health import THERMAL, THROTTLED, THROTTLING_BITS, firmware_word, temperature_c

if TYPE_CHECKING:
    from edge.config.schema import Config, Heat
    from edge.doctor.machine import Machine

NAMES: Final = ("temperature", "throttling")
COOLING: Final = "give it a heat sink and air, away from the sun"
SINCE_BOOT: Final = 16
"""The same bits, so much higher, say what happened since boot [S Raspberry Pi, get_throttled]."""


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return how hot the board is, by the bands in which its daemon works less, and what holds it back."""
    return [_temperature(machine, config.heat), _throttling(machine)]


def _temperature(machine: Machine, heat: Heat) -> Finding:
    degrees = temperature_c(machine.path(str(THERMAL)))
    if degrees is None:
        return ok("temperature", "this board tells none")
    told = f"{degrees:.0f} °C"
    if degrees > heat.stop_above_c:
        return fail("temperature", f"{told}: nobody is watched above {heat.stop_above_c:g} °C", COOLING)
    if degrees > heat.minimum_above_c:
        return fail("temperature", f"{told}: the watch is at its minimum above {heat.minimum_above_c:g} °C", COOLING)
    if degrees >= heat.reduce_from_c:
        return warn("temperature", f"{told}: the daemon works less from {heat.reduce_from_c:g} °C on", COOLING)
    return ok("temperature", told)


def _throttling(machine: Machine) -> Finding:
    word = firmware_word(machine.path(str(THROTTLED)))
    if word is None:
        return ok("throttling", "this board tells nothing about it")
    now = [name for bit, name in THROTTLING_BITS.items() if word >> bit & 1]
    past = [name for bit, name in THROTTLING_BITS.items() if word >> (bit + SINCE_BOOT) & 1]
    remedy = (
        "use the official supply and a short thick cable; 5.1 V at the board"
        if "under_voltage" in now + past
        else "give it a heat sink and air"
    )
    if now:
        return fail("throttling", f"now: {', '.join(now)} (0x{word:x})", remedy)
    if past:
        return warn("throttling", f"since power-on: {', '.join(past)} (0x{word:x})", remedy)
    return ok("throttling", "none since power-on")
