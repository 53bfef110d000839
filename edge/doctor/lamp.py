"""The infrared lamp: switched off and on before the open camera where the daemon would drive it; kept off at boot."""

from __future__ import annotations

import contextlib
import re
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.camera.ir_check import LIT_RATIO, SETTLE_S
from edge.camera.ir_light import IrLightError, output_for
from edge.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.camera.base import Frame
    from edge.config.schema import Config
    from edge.doctor.machine import Machine

NAME: Final = "infrared_lamp"
BOOT_FILES: Final = ("/boot/firmware/config.txt", "/boot/config.txt")
_HELD: Final = re.compile(r"^\s*gpio=(\d+)=op,dl", re.MULTILINE)
OFF_S: Final = 0.8
"""So long is looked with the lamp off: settling, then a few frames [D]."""
DARK: Final = 25.0
"""Mean grey below which the networks find little [D]."""
PHONE: Final = "look at it through a phone's camera: it glows violet when it is on; check wire, pin and supply"


class LampTrial:
    """What was found out about the lamp while frames were read."""

    def __init__(self) -> None:
        self.driven = False
        """The lamp is ours to drive, and was."""
        self.error: IrLightError | None = None
        self._unlit: float | None = None

    @contextlib.contextmanager
    def lit(self, config: Config, read: Callable[[float], list[Frame]]) -> Iterator[None]:
        """Look with the lamp off, then keep it on for the time of the context."""
        output = output_for(config.camera.ir) if config.camera.light == "infrared" else None
        if output is None:
            yield
            return
        try:
            try:
                output.open()
                self._unlit = _light(read(OFF_S))
                output.set(config.camera.ir.max_power)
                self.driven = True
            except IrLightError as error:
                self.error = error
            yield
        finally:
            output.close()

    def ratio(self, frames: list[Frame]) -> float | None:
        """Return the light in these frames over the light with the lamp off; None when that cannot be told."""
        lit = _light(frames)
        if not self.driven or self._unlit is None or lit is None:
            return None
        return lit / self._unlit if self._unlit > 0 else float("inf")


def judge(machine: Machine, config: Config, trial: LampTrial, frames: list[Frame]) -> Finding:
    """Return the finding about the lamp from frames that were read with it on; none: the daemon holds the camera."""
    if config.camera.light == "visible":
        return ok(NAME, "none is used: camera.light is visible")
    if trial.error is not None:
        what, _, remedy = str(trial.error).partition("; ")
        return fail(NAME, what, remedy or "check camera.ir")
    broken = _broken(trial, frames)
    if broken is not None:
        return broken
    held = _held_pin(machine)
    if held is not None and config.camera.ir.output == "none":
        return warn(
            NAME,
            f"the firmware holds GPIO {held} low and camera.ir drives no pin: a lamp wired there never lights",
            f"set camera.ir.output: gpio and camera.ir.pin: {held}, or camera.light: visible where there is no lamp",
        )
    if not _kept_off_at_boot(machine):
        return warn(
            NAME,
            "nothing keeps the lamp off until the daemon runs",
            "add gpio=22=op,dl (your lamp's pin) to /boot/firmware/config.txt",
        )
    return ok(NAME, _told(trial.ratio(frames), frames))


def _broken(trial: LampTrial, frames: list[Frame]) -> Finding | None:
    ratio = trial.ratio(frames)
    if not frames or float(np.mean(frames[-1].gray)) >= DARK:
        return None
    if ratio is None:
        return warn(NAME, "the picture is dark: the lamp is off or broken", PHONE)
    return fail(NAME, "switching it on changes nothing in the dark", PHONE) if ratio < LIT_RATIO else None


def _told(ratio: float | None, frames: list[Frame]) -> str:
    if ratio is not None and ratio >= LIT_RATIO:
        return f"switched on it gives {min(ratio, 99):.1f} times the light"
    if ratio is not None:
        return "too bright here to tell whether it lights; ask again in the dark"
    seen = "the picture is lit" if frames else "the running daemon holds the camera"
    return f"{seen}; whether the light is the lamp's shows only in the dark"


def _kept_off_at_boot(machine: Machine) -> bool:
    """Tell whether the firmware switches the pin off; True as well on a board without such a file."""
    return _boot_text(machine) is None or _held_pin(machine) is not None


def _held_pin(machine: Machine) -> int | None:
    """Return the pin that the firmware holds low; None when it holds none."""
    held = _HELD.search(_boot_text(machine) or "")
    return int(held[1]) if held else None


def _boot_text(machine: Machine) -> str | None:
    return next((text for file in BOOT_FILES if (text := machine.text(file)) is not None), None)


def _light(frames: list[Frame]) -> float | None:
    """Return the light that came in, settled: mean grey, over exposure and gain where the camera tells them."""
    settled = [frame for frame in frames if frame.t_ns - frames[0].t_ns >= SETTLE_S * 1e9]
    if not settled:
        return None
    return median(float(np.mean(frame.gray)) / ((frame.exposure_us or 1.0) * (frame.gain or 1.0)) for frame in settled)
