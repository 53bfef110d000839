"""Where speed and ignition come from: the source is opened and listened to, as the daemon would."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.runtime.instance import is_taken
from edge.vehicle.open import vehicle_for

if TYPE_CHECKING:
    from edge.config.schema import Config, Vehicle
    from edge.doctor.machine import Machine
    from edge.types import VehicleSample

NAMES: Final = ("vehicle_bus",)
LISTEN_S: Final = 4.0
"""A bus that is awake sends its speed ten times a second, gpsd once [D]."""
POLL_S: Final = 0.05


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return whether the vehicle's speed is known."""
    vehicle = config.vehicle
    if vehicle.source == "none":
        return [ok("vehicle_bus", "vehicle.source is none: speed unknown, the cautious rules apply")]
    if vehicle.source == "fixed":
        told = f"the speed is fixed at {vehicle.speed_kmh:g} km/h"
        return [warn("vehicle_bus", told, "for the bench only: set vehicle.source")]
    channel = _kernel_channel(vehicle)
    if channel is not None and not machine.path(f"/sys/class/net/{channel}").exists():
        told = f"there is no interface {channel}"
        return [fail("vehicle_bus", told, "check the adapter and its dtoverlay in /boot/firmware/config.txt: ip link")]
    if channel is None and vehicle.source != "gpsd" and is_taken(config.service.state_dir):
        return [ok("vehicle_bus", f"{vehicle.source}: held by the running daemon; its health tells what ails it")]
    return [_listen(vehicle)]


def _kernel_channel(vehicle: Vehicle) -> str | None:
    """Return the CAN interface of the kernel that the source needs; any number of programs may listen to one."""
    bus = vehicle.can.bus if vehicle.source == "can" and vehicle.can is not None else None
    bus = vehicle.obd.bus if vehicle.source == "obd" else bus
    return bus.channel if bus is not None and bus.interface == "socketcan" else None


def _listen(vehicle: Vehicle) -> Finding:
    source = vehicle_for(vehicle)
    source.start()
    last: VehicleSample | None = None
    try:
        ends = time.monotonic() + LISTEN_S
        while time.monotonic() < ends:
            sample = source.poll(time.monotonic_ns())
            last = sample or last
            if sample is not None and sample.speed_kmh is not None:
                break
            time.sleep(POLL_S)
        trouble = source.trouble
    finally:
        source.close()
    if last is None:
        reason = trouble.reason if trouble is not None else "nothing came"
        what, _, remedy = reason.partition("; ")
        told = what if what.startswith(vehicle.source) else f"{vehicle.source}: {what}"
        if not remedy or "by itself" in remedy:
            remedy = "switch the ignition on; check wiring and settings, see firmware_config/vehicle.md"
        return fail("vehicle_bus", told, remedy)
    ignition = {True: ", ignition on", False: ", ignition off", None: ""}[last.ignition]
    if last.speed_kmh is None:
        return ok("vehicle_bus", f"{vehicle.source} tells no speed{ignition}")
    return ok("vehicle_bus", f"{vehicle.source} tells {last.speed_kmh:.0f} km/h{ignition}")
