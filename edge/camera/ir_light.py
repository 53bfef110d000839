"""The pin or hardware PWM that drives the infrared light. Off is the state of a light that nobody drives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from edge.config.schema import IrLight

NS_PER_S: Final = 1_000_000_000
PWM_ROOT: Final = Path("/sys/class/pwm")


class IrLightError(Exception):
    """The light cannot be driven. The message says what happened and what to do about it."""


class IrOutput(Protocol):
    """What drives the light; used by one thread."""

    def open(self) -> None:
        """Take the output, light off. Raises `IrLightError` with a remedy."""

    def set(self, power: float) -> None:
        """Set the power, 0 to 1. Raises `IrLightError`."""

    def close(self) -> None:
        """Light off, output given back; harmless when repeated or never opened."""


def output_for(settings: IrLight, *, pwm_root: Path = PWM_ROOT) -> IrOutput | None:
    """Make the configured output; None when the light is not ours to drive."""
    if settings.output == "gpio" and settings.pin is not None:
        return GpioOutput(settings.pin, settings.frequency_hz, active_high=settings.active_high)
    if settings.output == "hardware_pwm":
        return HardwarePwm(
            settings.pwm_chip, settings.pwm_channel, settings.frequency_hz, settings.active_high, pwm_root
        )
    return None


class GpioOutput:
    """A GPIO pin through gpiozero: pulse width by software, good for lamps with a capacitor, and for on and off."""

    def __init__(self, pin: int, frequency_hz: float, *, active_high: bool) -> None:
        self._pin, self._frequency_hz, self._active_high = pin, frequency_hz, active_high
        self._device: Any = None

    def open(self) -> None:
        """Take the pin."""
        self.close()
        try:
            import gpiozero  # noqa: PLC0415 - an extra, there only where pins are configured
        except ImportError as error:
            raise IrLightError(
                f"gpiozero cannot be loaded ({error}); install it with `pip install edge-dms[gpio]`"
            ) from error
        try:
            self._device = gpiozero.PWMOutputDevice(
                self._pin, active_high=self._active_high, initial_value=0.0, frequency=self._frequency_hz
            )
        except (gpiozero.GPIOZeroError, OSError) as error:
            raise IrLightError(
                f"pin {self._pin} cannot be used ({error}); add the user to the group gpio, and check camera.ir.pin "
                "against what else uses the header"
            ) from error

    def set(self, power: float) -> None:
        """Set the pulse width."""
        if self._device is not None:
            self._device.value = min(max(power, 0.0), 1.0)

    def close(self) -> None:
        """Switch off and free the pin."""
        device, self._device = self._device, None
        if device is not None:
            device.off()
            device.close()


class HardwarePwm:
    """A channel of the kernel's PWM: steady pulses that no load of the processor disturbs."""

    def __init__(self, chip: int, channel: int, frequency_hz: float, active_high: bool, root: Path) -> None:
        self._chip = root / f"pwmchip{chip}"
        self._channel = channel
        self._period_ns = round(NS_PER_S / frequency_hz)
        self._polarity = "normal" if active_high else "inversed"
        self._folder: Path | None = None

    def open(self) -> None:
        """Take the channel."""
        self.close()
        folder = self._chip / f"pwm{self._channel}"
        try:
            if not folder.is_dir():
                (self._chip / "export").write_text(str(self._channel), encoding="ascii")
            self._folder = folder
            self._write("enable", 0)
            # The width must never be longer than the period, neither before nor after.
            self._write("duty_cycle", 0)
            self._write("period", self._period_ns)
            self._write("polarity", self._polarity)
            self._write("enable", 1)
        except OSError as error:
            self._folder = None
            raise IrLightError(
                f"{folder} cannot be used ({error.strerror or error}); add `dtoverlay=pwm,pin=18,func=2` to "
                "/boot/firmware/config.txt and check camera.ir.pwm_chip against `ls /sys/class/pwm`"
            ) from error

    def set(self, power: float) -> None:
        """Set the pulse width. Raises `IrLightError`."""
        if self._folder is None:
            return
        try:
            self._write("duty_cycle", round(self._period_ns * min(max(power, 0.0), 1.0)))
        except OSError as error:
            raise IrLightError(f"{self._folder} does not take a width ({error.strerror or error})") from error

    def close(self) -> None:
        """Switch off and give the channel back."""
        folder = self._folder
        if folder is None:
            return
        try:
            self._write("duty_cycle", 0)
            self._write("enable", 0)
            (self._chip / "unexport").write_text(str(self._channel), encoding="ascii")
        except OSError:
            # The chip is gone, and with it the light.
            return
        finally:
            self._folder = None

    def _write(self, name: str, value: int | str) -> None:
        if self._folder is not None:
            (self._folder / name).write_text(str(value), encoding="ascii")
