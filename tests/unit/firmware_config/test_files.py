"""Boot fragments, rules and examples: what they name fits the configurations, the units and the installer."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from edge.config.load import load_config

CHECKOUT = Path(__file__).parents[3]
ROOM = CHECKOUT / "firmware_config"
SAMPLES = sorted(ROOM.glob("*.yaml"))


def settings(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def test_each_camera_of_the_installer_has_a_fragment_and_nothing_else_does() -> None:
    known = re.search(r"'' \| ([a-z0-9 |]+)\) ;;", (CHECKOUT / "tools/install.sh").read_text())
    assert known is not None
    cameras = set(known[1].split(" | "))
    assert cameras == {"ov9281", "imx219", "imx708", "imx296"}
    assert {file.stem for file in (ROOM / "boot").iterdir()} == cameras | {"common", "pwm"}
    for camera in cameras:
        assert settings(ROOM / "boot" / f"{camera}.txt") == [f"dtoverlay={camera}"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_for_a_raspberry_pi_drives_the_lamp_that_the_firmware_holds_low(sample: Path) -> None:
    camera = load_config(sample).camera
    if camera.source == "picamera" and camera.light == "infrared":
        assert (camera.ir.output, camera.ir.pin) == ("gpio", 22)
        assert "gpio=22=op,dl" in settings(ROOM / "boot/common.txt")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_reads_its_credentials_where_systemd_puts_them(sample: Path) -> None:
    mqtt = load_config(sample).mqtt
    files = [mqtt.password_file, *((mqtt.tls.ca_file, mqtt.tls.cert_file, mqtt.tls.key_file) if mqtt.tls else ())]
    for file in filter(None, files):
        assert file.startswith("/run/credentials/edge-dms.service/edge-dms_")


def test_the_lamp_is_held_low_from_the_firmware_on() -> None:
    common = settings(ROOM / "boot/common.txt")
    assert "gpio=22=op,dl" in common
    assert "camera_auto_detect=0" in common
    assert "dtparam=watchdog=on" in common


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_pins_of_the_samples_are_low_at_the_start_and_drawn(sample: Path) -> None:
    low = {int(pin) for line in settings(ROOM / "boot/common.txt") for pin in re.findall(r"\b(\d+)\b", line)}
    gpio = load_config(sample).cab.gpio
    drawing = (ROOM / "wiring.svg").read_text()
    for pin in (gpio.buzzer_pin, gpio.led_pin) if gpio else ():
        if pin is not None:
            assert pin in low
            assert f"GPIO {pin}" in drawing


def test_the_samples_of_employed_drivers_are_without_expression() -> None:
    for name in ("taxi", "bus", "lorry", "eu_workplace"):
        assert load_config(ROOM / f"{name}.yaml").expression.enabled is False


def test_credentials_in_the_samples_are_where_the_unit_puts_them() -> None:
    credentials = [path for sample in SAMPLES for path in re.findall(r"/run/credentials/\S+", sample.read_text())]
    assert credentials
    loaded = re.search(r"^LoadCredential=([\w-]+):", (CHECKOUT / "systemd/edge-dms.service").read_text(), re.MULTILINE)
    assert loaded is not None
    for path in credentials:
        assert path.startswith(f"/run/credentials/edge-dms.service/{loaded[1]}_")


def test_both_ids_of_the_accelerator_are_given_to_a_group_of_the_daemon() -> None:
    rules = settings(ROOM / "60-edge-dms.rules")
    groups = re.findall(r"^m edge-dms (\w+)", (CHECKOUT / "systemd/sysusers.conf").read_text(), re.MULTILINE)
    for vendor, product in (("1a6e", "089a"), ("18d1", "9302")):
        (rule,) = (line for line in rules if vendor in line)
        assert product in rule
    named = re.findall(r'GROUP="(\w+)"', "\n".join(rules))
    assert named
    assert set(named) <= set(groups)


def test_the_drawing_is_well_formed_and_says_what_it_is() -> None:
    root = ET.parse(ROOM / "wiring.svg").getroot()  # noqa: S314 - our own file
    assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_the_steps_to_a_watched_vehicle_are_twenty_at_most() -> None:
    text = (ROOM / "INSTALL.md").read_text()
    section = text.split("## From a flashed card")[1].split("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) <= 20


def test_examples_for_the_first_start_are_yaml_and_install_the_bundle() -> None:
    text = (ROOM / "cloud-init/user-data").read_text()
    assert text.startswith("#cloud-config\n"), "cloud-init ignores the file without this line"
    document = yaml.safe_load(text)
    (install,) = (command for command in document["runcmd"] if command[0] == "bash")
    assert "--no-apt" in install
    assert yaml.safe_load((ROOM / "cloud-init/network-config").read_text())["version"] == 2


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="cloud-init is not here: sudo apt install cloud-init")
def test_cloud_init_knows_every_key() -> None:
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(ROOM / "cloud-init/user-data")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("chronyd") is None, reason="chronyd is not here: sudo apt install chrony")
def test_chrony_knows_every_setting() -> None:
    done = subprocess.run(
        ["chronyd", "-p", "-f", str(ROOM / "chrony.conf")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "makestep 1 -1" in done.stdout
