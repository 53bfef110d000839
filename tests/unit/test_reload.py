"""A file that is read again changes thresholds at once, names what waits, and is refused as a whole for one mistake."""

from __future__ import annotations

from typing import Any

from edge.config.load import load_text
from edge.config.schema import Config
from edge.reload import REFUSED, RESTART_NEEDED, ConfigReload


class Vehicle:
    def __init__(self, text: str = "") -> None:
        self.text = text
        self.changes: list[dict[str, Any]] = []
        self.told: list[Config] = []
        self.reload = ConfigReload(load_text(text), lambda: load_text(self.text), self.changes.append, self.told.append)

    def write(self, text: str) -> str:
        self.text = text
        return self.reload.again()


def test_thresholds_change_at_once() -> None:
    vehicle = Vehicle()
    assert vehicle.write("rules: {closure: {microsleep_s: 1.2}}").endswith("in force now: rules.closure.microsleep_s")
    assert vehicle.changes == [{"rules.closure.microsleep_s": 1.2}]
    assert vehicle.told[-1].rules.closure.microsleep_s == 1.2
    assert vehicle.reload.faults() == []
    assert vehicle.write("").endswith("in force now: rules.closure.microsleep_s")
    assert vehicle.changes[-1] == {"rules.closure.microsleep_s": 1.5}


def test_what_needs_a_restart_waits_and_is_named_until_it_is_taken_back() -> None:
    vehicle = Vehicle()
    said = vehicle.write(
        "camera: {fps: 25}\nrules: {closure: {microsleep_s: 1.2}, zones: [{name: a, yaw_deg: 1, pitch_deg: 1}]}"
    )
    assert "in force now: rules.closure.microsleep_s" in said
    assert "waiting for a restart: camera.fps, rules.zones" in said
    assert vehicle.reload.faults() == [RESTART_NEEDED]
    assert vehicle.reload.running.camera.fps == 30.0
    assert vehicle.reload.running.rules.zones == ()
    assert vehicle.write("rules: {closure: {microsleep_s: 1.2}}").endswith("nothing differs")
    assert vehicle.reload.faults() == []


def test_one_mistake_keeps_everything() -> None:
    vehicle = Vehicle("rules: {closure: {microsleep_s: 1.2}}")
    said = vehicle.write("rules: {closure: {microsleep_s: 1.3, sleep_s: .nan}}\ncamera: {fpx: 3}")
    assert said == "configuration read again: refused for 2 problems; the running one is kept"
    assert vehicle.changes == []
    assert vehicle.reload.running.rules.closure.microsleep_s == 1.2
    assert vehicle.reload.faults() == [REFUSED]
    vehicle.write("rules: {closure: {microsleep_s: 1.3}}")
    assert vehicle.reload.faults() == []


def test_a_section_that_is_taken_out_is_noticed() -> None:
    vehicle = Vehicle("cab: {gpio: {led_pin: 4}}")
    assert "waiting for a restart: cab.gpio" in vehicle.write("")


def test_a_profile_changes_as_a_whole_at_a_start() -> None:
    vehicle = Vehicle()
    said = vehicle.write("profile: quiet")
    assert "waiting for a restart: profile, rules." in said
    assert vehicle.changes == []


def test_a_credential_is_named_but_not_told() -> None:
    assert "canary" not in Vehicle().write("mqtt: {username: canary}")
