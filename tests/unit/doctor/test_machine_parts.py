"""Disk, card, heat, clock, vehicle and cab."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import AudioOutput, Cab, Config, GpioOutput, GpsdVehicle, Heat, Outbox, Service, Vehicle
from edge.doctor import cab, clock, heat, storage, vehicle

if TYPE_CHECKING:
    from pathlib import Path


def test_room_is_measured_where_the_outbox_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(service=Service(state_dir=str(tmp_path / "not" / "yet")), outbox=Outbox(max_mb=64))
    real = os.statvfs(tmp_path)
    assert storage._disk(config).status == "ok"
    for free_mb, status in ((10, "fail"), (100, "warn"), (10_000, "ok")):
        fields = list(real)
        fields[4] = int(free_mb * 1e6 / real.f_frsize)
        monkeypatch.setattr(storage.os, "statvfs", lambda _path, fields=fields: os.statvfs_result(fields))
        found = storage._disk(config)
        assert found.status == status
        assert f"free in {tmp_path}" in found.detail
    fields[8] |= os.ST_RDONLY
    assert "read-only" in storage._disk(config).detail


def test_a_folder_of_somebody_else_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.os, "access", lambda *_: False)
    assert "may not write" in storage._disk(Config(service=Service(state_dir=str(tmp_path)))).detail


def test_cards_tell_how_worn_they_are(tree: Any, command: Any) -> None:
    command("journalctl", "exit 1")
    assert storage._health(tree).status == "ok"
    tree.put("/sys/block/mmcblk0/device/name", "SC64G\n")
    assert storage._health(tree) == ("storage_health", "ok", "SC64G", None)
    tree.put("/sys/block/mmcblk0/device/life_time", "0x02 0x03\n")
    assert "at most 30 % of its life used" in storage._health(tree).detail
    tree.put("/sys/block/mmcblk0/device/life_time", "0x02 0x09\n")
    assert storage._health(tree).status == "warn"
    tree.put("/sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    assert storage._health(tree).status == "fail"


def test_the_kernels_complaints_about_the_card_are_shown(tree: Any, command: Any) -> None:
    command("journalctl", "echo 'mmc0: error -110 whilst initialising SD card'")
    found = storage._health(tree)
    assert found.status == "warn"
    assert "error -110" in found.detail


COOLER = Heat(reduce_from_c=50.0, minimum_above_c=55.0, stop_above_c=60.0)


@pytest.mark.parametrize(
    ("degrees", "bands", "status", "says"),
    [
        (45, Heat(), "ok", "45 °C"),
        (75, Heat(), "warn", "75 °C: the daemon works less from 70 °C on"),
        (84, Heat(), "fail", "84 °C: the watch is at its minimum above 80 °C"),
        (86, Heat(), "fail", "86 °C: nobody is watched above 85 °C"),
        (52, COOLER, "warn", "52 °C: the daemon works less from 50 °C on"),
        (75, COOLER, "fail", "75 °C: nobody is watched above 60 °C"),
    ],
)
def test_heat_is_judged_by_the_bands_of_the_daemon(
    tree: Any, degrees: int, bands: Heat, status: str, says: str
) -> None:
    tree.put("/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    tree.put("/sys/class/thermal/thermal_zone0/temp", f"{degrees}000\n")
    found = heat._temperature(tree, bands)
    assert (found.status, found.detail) == (status, says)


@pytest.mark.parametrize(
    ("word", "status", "says"),
    [
        ("0", "ok", "none since power-on"),
        ("50000", "warn", "since power-on: under_voltage, throttled"),
        ("50005", "fail", "now: under_voltage, throttled"),
        ("8", "fail", "soft_temperature_limit"),
    ],
)
def test_throttling_now_and_before(tree: Any, word: str, status: str, says: str) -> None:
    tree.put("/sys/devices/platform/soc/soc:firmware/get_throttled", word)
    found = heat._throttling(tree)
    assert found.status == status
    assert says in found.detail
    assert found.status == "ok" or ("supply" in (found.remedy or "")) == ("under_voltage" in found.detail)


def test_a_board_without_sensors_is_no_fault(tree: Any, command: Any) -> None:
    assert [one.status for one in heat.look(tree, Config())] == ["ok", "ok"]


def test_the_battery_backed_clock(tree: Any) -> None:
    assert "no battery-backed clock" in clock._rtc(tree).detail
    tree.put("/sys/class/rtc/rtc0/name", "rpi-rtc soc:rpi_rtc\n")
    assert "does not tell" in clock._rtc(tree).detail
    tree.put("/sys/class/rtc/rtc0/since_epoch", f"{int(time.time())}\n")
    assert clock._rtc(tree).status == "ok"
    tree.put("/sys/class/rtc/rtc0/since_epoch", "0\n")
    assert "s off" in clock._rtc(tree).detail


def test_a_clock_that_was_never_set_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock._clock().status in {"ok", "warn"}
    monkeypatch.setattr("edge.uplink.wallclock.time.time_ns", lambda: 10**18)
    found = clock._clock()
    assert found.status == "fail"
    assert "not yet valid" in found.detail


def test_the_vehicle(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vehicle.look(tree, Config())[0].status == "ok"
    assert vehicle.look(tree, Config(vehicle=Vehicle(source="fixed")))[0].status == "warn"
    (found,) = vehicle.look(tree, Config(vehicle=Vehicle(source="obd")))
    assert (found.status, found.detail) == ("fail", "there is no interface can0")


@pytest.mark.parametrize(
    ("report", "status", "says"),
    [
        ({"class": "TPV", "mode": 3, "speed": 10.0}, "ok", "gpsd tells 36 km/h"),
        ({"class": "TPV", "mode": 1}, "fail", "no fix"),
        (None, "fail", "cannot be reached"),
    ],
)
def test_gpsd_is_listened_to(
    tree: Any, monkeypatch: pytest.MonkeyPatch, report: dict[str, Any] | None, status: str, says: str
) -> None:
    monkeypatch.setattr(vehicle, "LISTEN_S", 3.0 if report else 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def talk() -> None:
            line, _ = server.accept()
            with line, contextlib.suppress(OSError):
                while True:
                    line.sendall(json.dumps(report).encode() + b"\n")
                    time.sleep(0.05)

        if report is None:
            server.close()
        else:
            threading.Thread(target=talk, daemon=True).start()
        settings = Vehicle(source="gpsd", gpsd=GpsdVehicle(host="127.0.0.1", port=port))
        (found,) = vehicle.look(tree, Config(vehicle=settings))
    assert found.status == status
    assert says in found.detail


def test_a_cab_that_cannot_warn_says_so(tree: Any, command: Any) -> None:
    assert cab.look(tree, Config())[0].status == "warn"
    gpio = Config(cab=Cab(gpio=GpioOutput(buzzer_pin=23)))
    assert "no GPIO pins" in cab.look(tree, gpio)[1].detail
    tree.put("/dev/gpiochip0")
    assert cab.look(tree, gpio)[1].status == "ok"
    assert [one.name for one in cab.look(tree, gpio)] == list(cab.NAMES)


def test_a_speaker_needs_a_player_and_a_card(tree: Any, command: Any) -> None:
    config = Config(cab=Cab(audio=AudioOutput(language="none")))
    command("aplay", "exit 0")
    assert "no sound card" in cab.look(tree, config)[0].detail
    tree.put("/proc/asound/cards", " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n")
    assert cab.look(tree, config)[0].status == "ok"
