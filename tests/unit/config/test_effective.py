"""Every value in force is told with its place, credentials are not; the listing reads back as the configuration."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.config import profiles
from edge.config.effective import differences, settings_of
from edge.config.effects import takes_effect
from edge.config.load import load_text, load_with_places
from edge.config.schema import Config
from edge.config.secrets import secret_keys
from edge.config.typed import all_paths
from edge.config.yaml_text import settings_text

SAMPLES = sorted((Path(__file__).parents[3] / "firmware_config").glob("*.yaml"))


def listed(text: str, tmp_path: Path) -> dict[str, tuple[object, str]]:
    file = tmp_path / "dms.yaml"
    file.write_text(text)
    return {one.key: (one.value, one.place.replace(str(tmp_path), "")) for one in settings_of(load_with_places(file))}


def test_a_value_comes_from_the_file_the_profile_or_the_defaults(tmp_path: Path) -> None:
    settings = listed("profile: quiet\ncamera:\n  fps: 25\nrules: {closure: {microsleep_s: 1.2}}\n", tmp_path)
    assert settings["camera.fps"] == (25.0, "/dms.yaml:3")
    assert settings["camera.width"] == (640, "default")
    assert settings["rules.closure.microsleep_s"] == (1.2, "/dms.yaml:4")
    own = next(iter(profiles.load("quiet").provenance))
    assert settings[f"rules.{own}"][1].startswith("profile quiet.yaml:")


def test_the_line_of_a_profile_is_the_line_of_its_file() -> None:
    for name in profiles.names():
        profile = profiles.load(name)
        lines = (profiles.FOLDER / f"{name}.yaml").read_text().splitlines()
        for path in profile.provenance:
            assert lines[profile.lines[path] - 1].strip().startswith(path.rpartition(".")[2] + ":")


def test_a_credential_is_not_shown(tmp_path: Path) -> None:
    assert "mqtt.username" in secret_keys(Config)
    settings = listed("mqtt: {username: canary}\n", tmp_path)
    assert settings["mqtt.username"][0] == "(not shown)"
    assert listed("{}", tmp_path)["mqtt.username"][0] is None
    (found,) = differences(load_text("mqtt: {username: canary-1}"), load_text("mqtt: {username: canary-2}"))
    assert (found.key, found.before, found.after) == ("mqtt.username", "(not shown)", "(not shown)")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_listing_of_a_sample_reads_back_as_the_same_configuration(sample: Path) -> None:
    loaded = load_with_places(sample)
    text = settings_text((one.key, one.value, one.place) for one in settings_of(loaded))
    assert load_text(text) == loaded.config


def test_awkward_values_read_back(tmp_path: Path) -> None:
    text = (
        "camera: {device: 'on', path: 'a: #b\\\"é', source: files, seat_region: [0.125, 0, 0.5, 1]}\n"
        "rules: {zones: [{name: mirror-left, yaw_deg: -40, pitch_deg: 5.5}]}\n"
        "service: {state_dir: 'no'}\n"
    )
    file = tmp_path / "dms.yaml"
    file.write_text(text)
    loaded = load_with_places(file)
    assert load_text(settings_text((one.key, one.value, "") for one in settings_of(loaded))) == loaded.config


def test_differences_are_of_what_is_in_force() -> None:
    before = load_text("camera: {fps: 30}\n")
    after = load_text("camera: {fps: 25}\nrules: {closure: {microsleep_s: 1.2}}\ncab: {gpio: {led_pin: 4}}\n")
    assert differences(before, load_text("")) == []
    found = {one.key: (one.before, one.after, one.takes_effect) for one in differences(before, after)}
    assert found["camera.fps"] == (30.0, 25.0, "restart")
    assert found["rules.closure.microsleep_s"] == (1.5, 1.2, "live")
    assert found["cab.gpio.led_pin"] == (None, 4, "restart")
    back = {one.key for one in differences(after, before)}
    assert "cab.gpio.led_pin" in back


def test_thresholds_change_live_and_everything_else_at_a_start() -> None:
    rules = msgspec.to_builtins(Config().rules)
    for key in all_paths(Config):
        section, _, name = key.removeprefix("rules.").partition(".")
        is_threshold = key.startswith("rules.") and isinstance(rules.get(section), dict) and bool(name)
        if is_threshold:
            assert takes_effect(key) == "live"
        elif not key.startswith("rules") or key == "rules.zones":
            assert takes_effect(key) == "restart"
