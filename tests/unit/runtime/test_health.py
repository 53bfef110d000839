from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.runtime import health
from edge.runtime.clock import ManualClock
from edge.runtime.health import BoardSensors, RateMeter, peak_rss_mb, rss_mb, temperature_c, throttling

if TYPE_CHECKING:
    from pathlib import Path

S = 1_000_000_000


def zone(root: Path, number: int, kind: str, reading: str) -> None:
    folder = root / f"thermal_zone{number}"
    folder.mkdir()
    (folder / "type").write_text(kind)
    (folder / "temp").write_text(reading)


def test_the_hottest_processor_zone_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal\n", "61234\n")
    zone(tmp_path, 1, "cpu-1-thermal\n", "64500\n")
    zone(tmp_path, 2, "iwlwifi_1\n", "90000\n")
    assert temperature_c(tmp_path) == 64.5


def test_without_a_processor_zone_the_hottest_of_all_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, "acpitz\n", "27800\n")
    zone(tmp_path, 1, "battery\n", "31000\n")
    assert temperature_c(tmp_path) == 31.0


def test_broken_and_absent_sensors_are_unknown_and_not_zero(tmp_path: Path) -> None:
    assert temperature_c(tmp_path / "nowhere") is None
    zone(tmp_path, 0, "cpu-thermal", "")
    zone(tmp_path, 1, "cpu-thermal", "-274000")
    zone(tmp_path, 2, "cpu-thermal", "999999000")
    (tmp_path / "thermal_zone3").mkdir()
    assert temperature_c(tmp_path) is None


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("0", "none"),
        ("50000\n", "none"),
        ("50005\n", "under_voltage,throttled"),
        ("0x8", "soft_temperature_limit"),
        ("a", "frequency_capped,soft_temperature_limit"),
    ],
)
def test_the_firmware_word_is_told_in_words_for_now_only(tmp_path: Path, word: str, text: str) -> None:
    (tmp_path / "get_throttled").write_text(word)
    assert throttling(tmp_path / "get_throttled") == text


def on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_vcgencmd_is_asked_where_the_kernel_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(tmp_path, 'test "$1" = get_throttled && echo throttled=0x20002', monkeypatch)
    assert throttling(tmp_path / "none") == "frequency_capped"


@pytest.mark.parametrize("script", ["exit 255", "echo VCHI initialization failed", "echo throttled="])
def test_a_vcgencmd_that_fails_is_unknown(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(tmp_path, script, monkeypatch)
    assert throttling(tmp_path / "none") is None


def test_a_vcgencmd_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "VCGENCMD_S", 0.05)
    on_path(tmp_path, "exec sleep 60", monkeypatch)
    assert throttling(tmp_path / "none") is None


def test_a_board_without_vcgencmd_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert throttling(tmp_path / "none") is None


def test_throttling_is_asked_every_ten_seconds_only(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal", "50000")
    word = tmp_path / "get_throttled"
    word.write_text("0")
    clock = ManualClock()
    sensors = BoardSensors(clock, thermal=tmp_path, throttled=word)
    first = sensors.read()
    assert (first.temperature_c, first.throttling) == (50.0, "none")
    word.write_text("1")
    (tmp_path / "thermal_zone0" / "temp").write_text("51000")
    clock.advance(9.0)
    second = sensors.read()
    assert (second.temperature_c, second.throttling) == (51.0, "none")
    clock.advance(1.0)
    assert sensors.read().throttling == "under_voltage"


def test_memory_is_told_in_mebibytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tedge\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n")
    monkeypatch.setattr(health, "STATUS", status)
    assert rss_mb() == 100.0
    assert peak_rss_mb() == 200.0


def test_memory_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STATUS", tmp_path / "none")
    assert rss_mb() is None
    assert peak_rss_mb() > 1.0


def test_this_process_has_a_size() -> None:
    now = rss_mb()
    assert now is not None
    assert 1.0 < now <= peak_rss_mb()


def test_the_rate_is_known_from_the_second_event_on() -> None:
    meter = RateMeter()
    assert meter.rate_hz(5 * S) is None
    meter.mark(5 * S)
    assert meter.rate_hz(5 * S) is None
    meter.mark(5 * S + S // 10)
    assert meter.rate_hz(5 * S + S // 10) == pytest.approx(10.0)


def test_the_rate_follows_the_last_two_seconds() -> None:
    meter = RateMeter(window_s=2.0)
    for index in range(90):
        meter.mark(round(index * S / 30))
    assert meter.rate_hz(3 * S - S // 30) == pytest.approx(30.0, abs=0.5)
    for index in range(20):
        meter.mark(3 * S + round(index * S / 10))
    assert meter.rate_hz(5 * S - 1) == 10.0


def test_a_silent_camera_falls_to_zero() -> None:
    meter = RateMeter(window_s=2.0)
    for index in range(90):
        meter.mark(round(index * S / 30))
    assert meter.rate_hz(4 * S) == pytest.approx(15.0, abs=0.5)
    assert meter.rate_hz(60 * S) == 0.0


def test_stamps_that_run_back_start_the_rate_anew() -> None:
    meter = RateMeter()
    meter.mark(100 * S)
    meter.mark(101 * S)
    meter.mark(S)
    assert meter.rate_hz(S) is None
    meter.mark(S + S // 20)
    assert meter.rate_hz(S + S // 20) == pytest.approx(20.0)
