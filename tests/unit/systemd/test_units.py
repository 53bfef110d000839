"""The units: what systemd itself says of them, and that nothing in them hides the hardware the daemon needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.power import FILE_NAME
from tests.support.figures import Figures

ROOM = Path(__file__).parents[3] / "systemd"
DAEMON = ROOM / "edge-dms.service"
UNITS = sorted([*ROOM.glob("*.service"), *ROOM.glob("*.timer"), *ROOM.glob("*.path")])

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: sudo apt install systemd"
)


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def verify(folder: Path, *, spoil: str = "") -> str:
    """What `systemd-analyze verify` has to say; the commands are replaced by one that exists on every machine."""
    for unit in UNITS:
        text = re.sub(r"^(Exec\w+)=/(?:opt|usr)/\S+", r"\1=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (folder / unit.name).write_text(text + (spoil if unit == DAEMON else ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(folder / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"},
    )
    return done.stderr


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path, figure: Figures) -> None:
    complaints = verify(tmp_path)
    figure("unit_file", "complaints of systemd-analyze verify", len(complaints.splitlines()), at_most=0)


@needs_systemd
def test_a_misspelt_setting_would_be_told(tmp_path: Path) -> None:
    assert "ProtectHoem" in verify(tmp_path, spoil="\n[Service]\nProtectHoem=yes\n")


@needs_systemd
def test_the_daemon_is_exposed_no_more_than_it_has_to_be(figure: Figures) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", str(DAEMON)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    score = re.search(r"exposure level for edge-dms.service: ([0-9.]+)", done.stdout)
    assert score is not None
    figure("unit_file", "exposure in systemd-analyze security (10 is a naive unit)", float(score[1]), at_most=1.5)


def test_nothing_hides_camera_pins_sound_or_accelerator() -> None:
    found = settings(DAEMON)
    assert "PrivateDevices" not in found
    assert found["DevicePolicy"] == ["closed"]
    allowed = {value.split()[0] for value in found["DeviceAllow"]}
    # V4L2 and media nodes, their buffers, GPIO, USB and PCIe Edge TPU, sound.
    assert allowed >= {
        "char-video4linux",
        "char-media",
        "char-dma_heap",
        "char-gpiochip",
        "char-usb_device",
        "char-apex",
        "char-alsa",
    }
    # libcamera and libusb learn of devices over netlink, vehicle speed comes over CAN, alerts leave over IP.
    assert set(found["RestrictAddressFamilies"][0].split()) >= {"AF_NETLINK", "AF_CAN", "AF_INET", "AF_INET6"}


def test_lgpio_has_a_folder_for_its_pipe() -> None:
    found = settings(DAEMON)
    folder = f"/run/{found['RuntimeDirectory'][0]}"
    assert found["WorkingDirectory"] == [folder]
    assert f"LG_WD={folder}" in found["Environment"]


def test_cpuinfo_stays_readable() -> None:
    assert settings(DAEMON)["ProcSubset"] == ["all"]


def test_the_watchdog_is_slower_than_the_daemon_and_the_end_longer_than_the_hand_over() -> None:
    from edge.app import DRAIN_S, JOIN_S, ROUND_S

    found = settings(DAEMON)
    assert found["Type"] == ["notify"]
    assert float(found["WatchdogSec"][0].removesuffix("s")) >= 4 * ROUND_S
    assert float(found["TimeoutStopSec"][0].removesuffix("s")) > DRAIN_S + JOIN_S


def test_the_daemon_starts_after_the_clock_and_without_a_network() -> None:
    found = settings(DAEMON)
    assert "time-set.target" in found["After"][0].split()
    assert not [value for values in found.values() for value in values if "network-online" in value]


def test_repeated_failures_are_answered() -> None:
    found = settings(DAEMON)
    assert found["Restart"] == ["always"]
    assert found["OnFailure"] == ["edge-dms-escalate.service"]
    assert int(found["StartLimitBurst"][0]) * 62 < 600, "starts that time out must reach the limit within ten minutes"


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not here")
def test_the_users_file_makes_the_user_in_its_groups(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(ROOM / "sysusers.conf")], check=True)
    groups = {line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert "edge-dms" in groups
    for group in ("video", "audio", "plugdev", "gpio"):
        assert groups[group] == "edge-dms"
    assert "edge-dms" in (tmp_path / "etc/passwd").read_text()


def test_the_board_goes_off_only_on_a_fresh_wish_and_only_once() -> None:
    path, service = ROOM / "edge-dms-poweroff.path", ROOM / "edge-dms-poweroff.service"
    wish = ["/var/lib/edge-dms/poweroff"]
    assert wish[0].endswith(f"/{FILE_NAME}")
    # A wish that was left behind must not switch a starting board off: a change is waited for, not the file.
    assert settings(path)["PathChanged"] == wish
    assert "PathExists" not in settings(path)
    assert settings(service)["ConditionPathExists"] == wish
    first, second = settings(service)["ExecStart"]
    assert first == f"/bin/rm -f {wish[0]}"
    assert second.endswith("poweroff")
    assert path.name in settings(DAEMON)["Wants"][0]
