"""Wall clock: whether a time service sets it, and what keeps it while the board is off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.uplink.wallclock import EARLIEST_PLAUSIBLE_NS, KernelWallClock, rfc3339

if TYPE_CHECKING:
    from edge.doctor.machine import Machine

NAMES: Final = ("clock", "rtc")
RTC_OFF_S: Final = 120.0
"""A battery-backed clock drifts seconds a month [D]."""


def look(machine: Machine) -> list[Finding]:
    """Return whether alerts get the right time."""
    return [_clock(), _rtc(machine)]


def _clock() -> Finding:
    now = KernelWallClock().now()
    told = rfc3339(now.wall_ns)
    if now.wall_ns < EARLIEST_PLAUSIBLE_NS:
        return fail(
            "clock",
            f"it is {told}: never set; certificates will be `not yet valid`",
            "sudo timedatectl set-ntp true; without internet fit a battery-backed clock",
        )
    if not now.synced:
        return warn("clock", f"it is {told}, and no time service has set it", "sudo timedatectl set-ntp true")
    within = "" if now.error_ms is None else f", within {now.error_ms:.0f} ms"
    return ok("clock", f"it is {told}, set by a time service{within}")


def _rtc(machine: Machine) -> Finding:
    rtc = next(iter(machine.glob("/sys/class/rtc/rtc[0-9]*")), None)
    if rtc is None:
        return warn(
            "rtc",
            "no battery-backed clock: after power-on the time is wrong until the link is up",
            "fit one (Raspberry Pi 5: a cell at J5), so that alerts at the start have the right time",
        )
    name = machine.text(rtc / "name") or rtc.name
    epoch = machine.text(rtc / "since_epoch")
    if epoch is None or not epoch.isdecimal():
        return warn("rtc", f"{name} does not tell the time", "sudo hwclock --systohc; check its battery")
    behind_s = abs(time.time() - int(epoch))
    if behind_s > RTC_OFF_S:
        return warn("rtc", f"{name} is {behind_s:,.0f} s off", "sudo hwclock --systohc; check its battery")
    return ok("rtc", f"{name} keeps the time")
