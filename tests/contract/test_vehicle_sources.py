"""What every source of speed and ignition promises, checked on every one of them."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import CanBus, CanIgnition, CanSignal, CanVehicle, GpioVehicle, GpsdVehicle, ObdVehicle
from edge.vehicle.absent import AbsentVehicle
from edge.vehicle.base import Trouble, VehicleSource
from edge.vehicle.can_frames import CanFeed
from edge.vehicle.fixed import FixedVehicle
from edge.vehicle.gpio import GpioFeed
from edge.vehicle.gpsd import GpsdFeed
from edge.vehicle.live import Feed, LiveVehicle
from edge.vehicle.obd import ObdFeed
from tests.support.vehicles import CanVan, Gpsd, ObdCar, TalkingVehicle, Vehicle, Wires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.types import VehicleSample

can = pytest.importorskip("can")
FRESH_S = 0.5
PATIENCE_S = 20.0


@dataclass
class Rig:
    source: VehicleSource
    vehicle: Vehicle
    name: str
    tolerance_kmh: float = 0.02
    tells_ignition: bool = False
    silence: str = ""
    """What the trouble says when nothing comes."""
    breaks: bool = False
    """Whether the connection can break."""
    stamps: list[int] = field(default_factory=list)

    def until(self, met: Callable[[VehicleSample], bool]) -> VehicleSample:
        """Ask as the pipeline does until a sample meets a condition."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            sample = self.source.poll(time.monotonic_ns())
            if sample is not None:
                assert sample.t_ns <= time.monotonic_ns()
                self.stamps.append(sample.t_ns)
                if met(sample):
                    return sample
            time.sleep(0.01)
        pytest.fail(f"no such sample; {self.source.trouble}")

    def drives(self, speed_kmh: float) -> VehicleSample:
        return self.until(
            lambda sample: sample.speed_kmh is not None and abs(sample.speed_kmh - speed_kmh) <= self.tolerance_kmh
        )

    def troubled(self, met: Callable[[Trouble | None], bool]) -> Trouble | None:
        """Wait until what ails the source meets a condition."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            if met(self.source.trouble):
                return self.source.trouble
            time.sleep(0.01)
        pytest.fail(f"the trouble is {self.source.trouble}")


def live(feed: Feed) -> LiveVehicle:
    return LiveVehicle(feed, fresh_s=FRESH_S, retry_s=(0.05, 0.2))


def can_rig() -> Rig:
    channel = uuid.uuid4().hex
    settings = CanVehicle(
        speed=CanSignal(id="0x1A0", start_bit=8, length=16, scale=0.01),
        ignition=CanIgnition(id="0x3C0", start_bit=17),
        bus=CanBus(interface="virtual", channel=channel),
    )
    return Rig(live(CanFeed(settings)), CanVan(channel), "can", tells_ignition=True, silence="no frame 0x1A0")


def obd_rig(*, wide: bool = False) -> Rig:
    channel = uuid.uuid4().hex
    settings = ObdVehicle(bus=CanBus(interface="virtual", channel=channel), period_s=0.2, extended=wide)
    return Rig(
        live(ObdFeed(settings)), ObdCar(channel, wide=wide), "obd", tolerance_kmh=0.5, silence="no answer to PID 0D"
    )


def gpsd_rig() -> Rig:
    vehicle = Gpsd()
    feed = GpsdFeed(GpsdVehicle(host="127.0.0.1", port=vehicle.port))
    return Rig(live(feed), vehicle, "gpsd", silence="no report of a receiver", breaks=True)


def gpio_rig() -> Rig:
    settings = GpioVehicle(ignition_pin=17, speed_pin=27, pulses_per_km=4000)
    return Rig(LiveVehicle(GpioFeed(settings)), Wires(), "gpio", tolerance_kmh=12.0, tells_ignition=True)


def obd_wide_rig() -> Rig:
    return obd_rig(wide=True)


def fixed_rig() -> Rig:
    return Rig(FixedVehicle(50.0), Vehicle(), "fixed")


RIGS = {
    "can": can_rig,
    "obd": obd_rig,
    "obd_wide": obd_wide_rig,
    "gpsd": gpsd_rig,
    "gpio": gpio_rig,
    "fixed": fixed_rig,
}


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = RIGS[request.param]()
    threads = threading.active_count()
    if isinstance(made.vehicle, TalkingVehicle):
        made.vehicle.start()
    yield made
    made.source.close()
    made.source.close()
    made.vehicle.close()
    assert threading.active_count() <= threads


def started(rig: Rig, speed_kmh: float | None = 50.0) -> Rig:
    rig.vehicle.speed_kmh = speed_kmh
    rig.source.start()
    return rig


def test_the_speed_is_told_with_its_source_and_in_order(rig: Rig) -> None:
    sample = started(rig).drives(50.0)
    assert sample.speed_source == rig.name
    assert rig.source.trouble is None
    if rig.name != "fixed":
        rig.vehicle.speed_kmh = 83.0
        rig.drives(83.0)
    assert rig.stamps == sorted(rig.stamps)


def test_the_ignition_is_told_where_it_is_known_and_never_guessed(rig: Rig) -> None:
    sample = started(rig).drives(50.0)
    if not rig.tells_ignition:
        assert sample.ignition is None
        return
    rig.until(lambda one: one.ignition is True)
    rig.vehicle.ignition = False
    rig.until(lambda one: one.ignition is False)


def test_a_standstill_is_a_speed(rig: Rig) -> None:
    if rig.name == "fixed":
        pytest.skip("drives for ever")
    started(rig).drives(50.0)
    rig.vehicle.speed_kmh = 0.0
    rig.tolerance_kmh = 0.5
    rig.drives(0.0)


def test_nonsense_changes_nothing(rig: Rig) -> None:
    rig.vehicle.nonsense = True
    started(rig).drives(50.0)
    assert all(
        sample.speed_kmh is None or abs(sample.speed_kmh - 50.0) <= rig.tolerance_kmh
        for sample in [rig.until(lambda _: True) for _ in range(2)]
    )


def test_nonsense_alone_is_no_speed(rig: Rig) -> None:
    if not rig.silence:
        pytest.skip("cannot talk nonsense")
    rig.vehicle.nonsense = True
    started(rig, None)
    rig.troubled(lambda trouble: trouble is not None and trouble.fault == "vehicle_silent")
    assert rig.source.poll(time.monotonic_ns()) is None


def test_silence_is_unknown_and_says_why_until_the_vehicle_speaks_again(rig: Rig) -> None:
    if not rig.silence:
        pytest.skip("is never silent")
    started(rig, None)
    trouble = rig.troubled(lambda told: told is not None and rig.silence in told.reason)
    assert trouble is not None
    assert trouble.fault == "vehicle_silent"
    rig.vehicle.speed_kmh = 50.0
    rig.drives(50.0)
    rig.vehicle.speed_kmh = None
    rig.troubled(lambda told: told is not None and told.fault == "vehicle_silent")
    while rig.source.poll(time.monotonic_ns()) is not None:
        pass
    time.sleep(FRESH_S)
    assert rig.source.poll(time.monotonic_ns()) is None, "what is old is not told again"


def test_a_broken_connection_is_made_anew(rig: Rig) -> None:
    if not rig.breaks:
        pytest.skip("has no connection")
    started(rig).drives(50.0)
    rig.vehicle.leave()
    trouble = rig.troubled(lambda told: told is not None and told.fault == "vehicle_unreachable")
    assert trouble is not None
    assert ";" in trouble.reason, "what happened; what to do"
    rig.vehicle.come()
    rig.vehicle.speed_kmh = 66.0
    rig.drives(66.0)
    rig.troubled(lambda told: told is None)


class Absurd:
    """A feed that throws whatever libraries throw."""

    name = "can"

    def __init__(self) -> None:
        self.opened = 0

    def open(self) -> None:
        self.opened += 1
        if self.opened < 3:
            raise RuntimeError("driver")

    def read(self, timeout_s: float) -> Any:
        if self.opened < 5:
            raise ZeroDivisionError
        from edge.vehicle.live import Reading

        return Reading(speed_kmh=float("nan")) if self.opened < 6 else Reading(speed_kmh=12.0)

    def silence(self) -> str:
        return "nothing"

    def close(self) -> None:
        self.opened += self.opened >= 5
        raise OSError


def test_whatever_a_driver_throws_the_vehicle_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    feed = Absurd()
    source = live(feed)
    rig = Rig(source, Vehicle(), "can")
    source.start()
    trouble = rig.troubled(lambda told: told is not None and told.fault == "vehicle_failed")
    assert trouble is not None
    assert "can: " in trouble.reason
    rig.troubled(lambda _: feed.opened >= 5)
    feed.opened = 6
    rig.drives(12.0)
    rig.troubled(lambda told: told is None)
    source.close()
    failures = [record for record in caplog.records if record.exc_info]
    assert len(failures) == 1, "told once, not at each attempt"


@pytest.mark.parametrize(
    "settings", [CanBus(interface="socketcan", channel="nowhere9"), CanBus(interface="slcan", channel="/dev/null")]
)
def test_a_bus_that_is_not_there_says_what_to_do(settings: CanBus) -> None:
    rig = Rig(live(ObdFeed(ObdVehicle(bus=settings))), Vehicle(), "obd")
    rig.source.start()
    trouble = rig.troubled(lambda told: told is not None and told.fault != "vehicle_silent")
    rig.source.close()
    assert trouble is not None
    assert "ip link" in trouble.reason or "serial" in trouble.reason.lower()


def test_wires_without_a_pulse_say_nothing_and_why() -> None:
    wires = Wires()
    rig = Rig(live(GpioFeed(GpioVehicle(speed_pin=27))), wires, "gpio")
    rig.source.start()
    trouble = rig.troubled(lambda told: told is not None)
    assert trouble is not None
    assert trouble.fault == "vehicle_silent"
    assert "no pulse yet" in trouble.reason
    assert rig.source.poll(time.monotonic_ns()) is None, "a broken wire does not say that the vehicle stands"
    rig.source.close()
    wires.close()


def test_a_source_that_is_not_there_says_nothing() -> None:
    source = AbsentVehicle()
    source.start()
    assert source.poll(0) is None
    assert source.trouble is None
    source.close()
    assert isinstance(source, VehicleSource)
