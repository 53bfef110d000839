"""The board goes off a while after the ignition, never without being told to, and never because of an earlier drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config.load import load_text
from edge.config.schema import Power
from edge.power import FILE_NAME, IgnitionWatch, ask_for_poweroff, take_back
from edge.runtime.clock import ManualClock
from edge.types import Tick, VehicleSample

if TYPE_CHECKING:
    from pathlib import Path


def watch(*, off_with_ignition: bool = True) -> tuple[IgnitionWatch, ManualClock]:
    clock = ManualClock()
    return IgnitionWatch(Power(off_with_ignition=off_with_ignition, grace_s=60.0), clock), clock


def test_it_is_over_after_the_grace() -> None:
    ignition, clock = watch()
    ignition.on_member(VehicleSample(t_ns=0, ignition=False))
    clock.advance(59.0)
    ignition.on_member(VehicleSample(t_ns=1, ignition=False))
    assert not ignition.is_over()
    clock.advance(1.0)
    assert ignition.is_over()


def test_a_bus_that_falls_asleep_leaves_it_off_and_only_on_takes_it_back() -> None:
    ignition, clock = watch()
    ignition.on_member(VehicleSample(t_ns=0, ignition=False))
    clock.advance(50.0)
    ignition.on_member(VehicleSample(t_ns=1, speed_kmh=0.0))
    ignition.on_member(Tick(t_ns=2))
    clock.advance(10.0)
    assert ignition.is_over()
    ignition.on_member(VehicleSample(t_ns=3, ignition=True))
    assert not ignition.is_over()


def test_without_the_ignition_or_the_wish_it_never_is() -> None:
    ignition, clock = watch()
    clock.advance(9999.0)
    assert not ignition.is_over()
    unwanted, clock = watch(off_with_ignition=False)
    unwanted.on_member(VehicleSample(t_ns=0, ignition=False))
    clock.advance(9999.0)
    assert not unwanted.is_over()


def test_the_wish_is_a_file_that_a_start_removes(tmp_path: Path) -> None:
    ask_for_poweroff(tmp_path)
    assert (tmp_path / FILE_NAME).exists()
    take_back(tmp_path)
    take_back(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_disk_that_refuses_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ask_for_poweroff(tmp_path / "file" / "below")
    take_back(tmp_path / "file")


def test_a_vehicle_that_tells_of_the_ignition_may_have_it() -> None:
    text = "vehicle: {source: gpio, gpio: {ignition_pin: 5}}\npower: {off_with_ignition: true, grace_s: 60}\n"
    assert load_text(text).power.off_with_ignition
