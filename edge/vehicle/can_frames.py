"""Speed, ignition and who drives, from frames that the vehicle sends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.vehicle.bus import Bus
from edge.vehicle.live import Reading
from edge.vehicle.signal import can_id, decode

if TYPE_CHECKING:
    from edge.config.schema import CanVehicle


class CanFeed:
    """Listens only: nothing is ever sent."""

    name = "can"

    def __init__(self, settings: CanVehicle) -> None:
        self._settings = settings
        self._speed, self._ignition = settings.speed, settings.ignition
        self._speed_id = can_id(settings.speed)
        self._ignition_id = None if settings.ignition is None else can_id(settings.ignition)
        self._driver = settings.driver
        self._driver_id = None if settings.driver is None else can_id(settings.driver)
        self._bus: Bus | None = None
        self._unusable = 0

    def open(self) -> None:
        """Open the bus for the frames of the configuration."""
        signals = [signal for signal in (self._speed, self._ignition, self._driver) if signal is not None]
        self._bus = Bus(self._settings.bus, [(can_id(signal), signal.extended) for signal in signals])
        self._unusable = 0

    def read(self, timeout_s: float) -> Reading | None:
        """Return what the next frame says."""
        frame = None if self._bus is None else self._bus.receive(timeout_s)
        if frame is None:
            return None
        number, data = frame
        speed = decode(self._speed, data) if number == self._speed_id else None
        ignition = None
        if self._ignition is not None and number == self._ignition_id:
            value = decode(self._ignition, data)
            ignition = None if value is None else value >= self._ignition.on_from
        driver = None
        if self._driver is not None and number == self._driver_id:
            value = decode(self._driver, data)
            driver = f"can-{value:.0f}" if value else None
        if speed is None and ignition is None and number != self._driver_id:
            self._unusable += 1
        return Reading(speed, ignition, driver=driver)

    def silence(self) -> str:
        """Say what has not come."""
        channel, number = self._settings.bus.channel, self._speed.id
        if self._unusable:
            return (
                f"CAN {channel}: frames come but none holds a speed ({self._unusable} so far); "
                "check start_bit, length, byte_order and scale of vehicle.can"
            )
        return f"CAN {channel}: no frame {number}; is it sent on this bus? `candump {channel}` shows what is"

    def close(self) -> None:
        """Close the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()
