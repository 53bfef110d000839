"""Temperature, and what the firmware of a Raspberry Pi says of supply and throttling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.runtime.health import THERMAL, THROTTLED, THROTTLING_BITS, firmware_word, temperature_c

if TYPE_CHECKING:
    from edge.doctor.machine import Machine

NAMES: Final = ("temperature", "throttling")
HOT_C: Final = 70.0
TOO_HOT_C: Final = 80.0
"""The bands in which the daemon works less and at its minimum [D]."""
SINCE_BOOT: Final = 16
"""The same bits, so much higher, say what happened since boot [S Raspberry Pi, get_throttled]."""


def look(machine: Machine) -> list[Finding]:
    """Return how hot the board is and what holds it back."""
    return [_temperature(machine), _throttling(machine)]


def _temperature(machine: Machine) -> Finding:
    degrees = temperature_c(machine.path(str(THERMAL)))
    if degrees is None:
        return ok("temperature", "this board tells none")
    told = f"{degrees:.0f} °C"
    if degrees >= TOO_HOT_C:
        return fail("temperature", told, "give it a heat sink and air, away from the sun; the processor slows down")
    return (
        warn("temperature", told, "give it a heat sink or air before summer")
        if degrees >= HOT_C
        else ok("temperature", told)
    )


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
