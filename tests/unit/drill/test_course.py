"""Where a drill is refused, what it changes in a configuration, and that nothing in service leads to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.config.schema import Config, Mqtt, Power, Remote, Service, Tls, Vehicle
from edge.drill import standstill
from edge.drill.bench import drilled
from edge.drill.catalogue import CATALOGUE
from edge.drill.course import drill, refuse_beside_service
from edge.drill.names import FAULTS
from edge.drill.outcome import DrillError, Limits, Measured, NotDoneError
from edge.drill.standstill import Standstill, VehicleMovesError
from edge.runtime.instance import SingleInstance
from edge.types import VehicleSample


def test_every_fault_has_a_name_and_a_line_and_they_come_in_the_same_order() -> None:
    assert list(CATALOGUE) == list(FAULTS)


def test_beside_the_daemon_in_service_it_is_refused(tmp_path: Path) -> None:
    config = Config(service=Service(state_dir=str(tmp_path)))
    refuse_beside_service(config)
    with SingleInstance(tmp_path), pytest.raises(DrillError, match=r"in service in .* systemctl stop edge-dms"):
        refuse_beside_service(config)
    refuse_beside_service(config)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_where_nobody_may_look_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o000)
    with pytest.raises(DrillError, match="run it as root"):
        refuse_beside_service(Config(service=Service(state_dir=str(tmp_path / "state"))))


class Road:
    """A vehicle with one speed after another."""

    def __init__(self, *speeds_kmh: float | None) -> None:
        self._speeds_kmh = list(speeds_kmh)
        self.closed = False

    def start(self) -> None:
        pass

    def poll(self, t_ns: int) -> VehicleSample | None:
        return VehicleSample(t_ns=t_ns, speed_kmh=self._speeds_kmh.pop(0)) if self._speeds_kmh else None

    def close(self) -> None:
        self.closed = True


def parked(monkeypatch: pytest.MonkeyPatch, *speeds_kmh: float | None) -> tuple[Standstill, Road]:
    road = Road(*speeds_kmh)
    monkeypatch.setattr(standstill, "vehicle_for", lambda _vehicle: road)
    return Standstill(Vehicle(source="gpsd")), road


def test_a_moving_vehicle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, _ = parked(monkeypatch, None, 48.0)
    with pytest.raises(VehicleMovesError, match=r"the vehicle moves \(48 km/h\): park it"):
        watch.begin()


def test_one_that_drives_off_ends_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, road = parked(monkeypatch, 0.0, 1.2, 9.0)
    watch.begin()
    watch.check()
    with pytest.raises(VehicleMovesError):
        watch.check()
    watch.close()
    assert road.closed


@pytest.mark.parametrize("source", ["none", "fixed"])
def test_a_speed_that_nobody_measures_says_nothing(source: Any) -> None:
    watch = Standstill(Vehicle(source=source, speed_kmh=80))
    watch.begin()
    watch.check()
    watch.close()
    assert not watch.is_told


def test_what_reaches_beyond_the_bench_is_taken_out(tmp_path: Path) -> None:
    vehicle = Config(
        mqtt=Mqtt(host="broker.example.org", fleet="north", vehicle="van-07", username="v", tls=Tls(ca_file="/ca")),
        power=Power(off_with_ignition=True),
        remote=Remote(commands=True, configuration=True),
        vehicle=Vehicle(source="none", driver_token="anna"),  # noqa: S106 - a token of a test
    )
    changed = drilled(vehicle, tmp_path / "state", 4711, speed_kmh=80.0)
    assert (changed.mqtt.host, changed.mqtt.port, changed.mqtt.fleet) == ("127.0.0.1", 4711, "drill")
    assert changed.mqtt.tls is None
    assert changed.mqtt.username is None
    assert not changed.power.off_with_ignition
    assert changed.remote == Remote()
    assert changed.vehicle.driver_token is None
    assert changed.service.state_dir == str(tmp_path / "state")
    kept = ("rules", "cab", "inference", "vision", "expression", "heat", "profile")
    assert all(getattr(changed, name) == getattr(vehicle, name) for name in kept)


class Bench:
    """Notes what the course does when a fault goes badly."""

    def __init__(self) -> None:
        self.restarted = 0
        self.line: Any = self

    def mend(self) -> int:
        return 0

    def restart(self) -> None:
        self.restarted += 1


def replaced(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    from edge.drill.fault import Fault

    fault = Fault(
        **({"name": "cover", "limits": Limits(3.0, 3.0), "strike": lambda _: Measured(1.0, 1.0, 0)} | changes)
    )
    monkeypatch.setitem(CATALOGUE, "cover", fault)


def raising(error: Exception) -> Any:
    def strike(_bench: object) -> Measured:
        raise error

    return strike


def test_a_fault_that_fails_does_not_keep_the_next_from_being_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, strike=raising(NotDoneError("the driver was warned not within 9 s")))
    bench: Any = Bench()
    (outcome,) = drill(bench, ["cover"])
    assert (outcome.status, outcome.why) == ("failed", "the driver was warned not within 9 s")
    assert bench.restarted == 1


def test_what_cannot_be_done_here_is_skipped_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, missing=lambda: "no C compiler", strike=raising(AssertionError()))
    bench: Any = Bench()
    (outcome,) = drill(bench, ["cover"])
    assert (outcome.status, outcome.why) == ("skipped", "no C compiler")


def test_a_vehicle_that_drives_off_ends_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, strike=raising(VehicleMovesError("it moves")))
    bench: Any = Bench()
    with pytest.raises(VehicleMovesError):
        list(drill(bench, ["cover", "cover"]))


def test_the_daemon_in_service_holds_no_fault_and_no_way_to_one() -> None:
    asked = "import sys, edge.app, edge.verbs.run; print([m for m in sys.modules if m.startswith('edge.drill')])"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
    names = set(msgspec.json.schema(Config)["$defs"])
    assert not any("drill" in name.lower() or "fault" in name.lower() for name in names), "no setting leads there"
