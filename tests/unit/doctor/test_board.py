"""Board, system, service and the last start in words, with the remedy."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import Config, Service
from edge.doctor import board
from edge.runtime.last_start import boot_id, note_start

if TYPE_CHECKING:
    from pathlib import Path

    from edge.doctor.finding import Finding

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'


def found(tree: Any, state_dir: Path | str = "/nonexistent") -> dict[str, Finding]:
    config = Config(service=Service(state_dir=str(state_dir)))
    return {one.name: one for one in board.look(tree, config)}


def test_a_raspberry_pi_is_known_by_its_name(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    tree.put("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    tree.put("/proc/meminfo", "MemTotal:        4145728 kB\nMemFree: 1 kB\n")
    assert found(tree)["board"] == ("board", "ok", "Raspberry Pi 5 Model B Rev 1.0, aarch64, 4048 MB of memory", None)


def test_a_32_bit_system_fails_and_little_memory_warns(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "armv7l")
    assert "64-bit" in (found(tree)["board"].remedy or "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    tree.put("/proc/meminfo", "MemTotal: 400000 kB\n")
    assert found(tree)["board"].status == "warn"


@pytest.mark.parametrize(
    ("release", "status"),
    [
        (DEBIAN, "ok"),
        (DEBIAN.replace("12", "10"), "fail"),
        ('PRETTY_NAME="Mendel GNU/Linux 5 (Eagle)"\nID=mendel\nVERSION_ID="5"\n', "warn"),
        ("", "warn"),
    ],
)
def test_the_release_is_judged(tree: Any, release: str, status: str) -> None:
    tree.put("/etc/os-release", release)
    assert found(tree)["os"].status == status


@pytest.mark.parametrize(
    ("says", "status", "detail"),
    [
        ("LoadState=not-found", "warn", "not installed"),
        ("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0", "ok", "active (running)"),
        ("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=3", "warn", "restarted 3 times"),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\nNRestarts=5", "fail", "failed"),
        ("LoadState=loaded\nActiveState=inactive\nSubState=dead\nNRestarts=0", "warn", "inactive"),
    ],
)
def test_the_service_is_asked_of_systemd(tree: Any, command: Any, says: str, status: str, detail: str) -> None:
    tree.path("/run/systemd/system").mkdir(parents=True)
    command("systemctl", f"printf '{says}'")
    service = found(tree)["service"]
    assert service.status == status
    assert detail in service.detail


def test_safe_mode_is_told_with_its_reason_and_the_way_out(tree: Any, command: Any) -> None:
    tree.path("/run/systemd/system").mkdir(parents=True)
    command("systemctl", r"printf 'LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0'")
    tree.put(board.SAFE_MODE, "3 reboots within an hour did not help\n")
    service = found(tree)["service"]
    assert service.status == "fail"
    assert "in safe mode: 3 reboots within an hour did not help" in service.detail
    assert "escalate --settled" in (service.remedy or "")


def test_the_last_start_tells_of_this_boot(tree: Any, tmp_path: Path) -> None:
    assert found(tree, tmp_path)["last_start"].status == "warn"
    note_start(tmp_path, boot_s=lambda: 14.2)
    start = found(tree, tmp_path)["last_start"]
    assert start.status == "ok"
    assert start.detail.startswith("watching 14.2 s after power-on")
    note_start(tmp_path, boot_s=lambda: 900.0)
    again = found(tree, tmp_path)["last_start"]
    assert again.detail.startswith("watching 14.2 s after power-on")
    assert "2 starts" in again.detail


def test_a_start_before_the_last_reboot_is_not_taken_for_this_one(tree: Any, tmp_path: Path) -> None:
    note_start(tmp_path, boot_s=lambda: 14.2, boot="another")
    start = found(tree, tmp_path)["last_start"]
    assert start.status == "warn"
    assert "not since" in start.detail
    assert boot_id() != "another"


def test_a_slow_first_start_is_a_warning(tree: Any, tmp_path: Path) -> None:
    note_start(tmp_path, boot_s=lambda: 75.0)
    assert "systemd-analyze blame" in (found(tree, tmp_path)["last_start"].remedy or "")
