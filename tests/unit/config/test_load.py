"""Every way of getting a configuration wrong is told at its place, in plain words."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.editor_schema import editor_schema
from edge.config.load import ConfigError, load_config, load_text
from edge.config.schema import Config
from edge.config.typed import _PATTERN_WORDS

SLEEP_FLOOR = "at most 3 is a safety floor: Euro NCAP calls 3 s sleep"


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_text(text, "c.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~", "camera:\n", "rules:\n  closure:\n"])
def test_nothing_written_means_all_defaults(text: str) -> None:
    assert load_text(text) == Config()


def test_values_arrive_typed() -> None:
    config = load_text(
        "camera: {source: v4l2, device: 0, fps: 25, seat_region: [0.1, 0, 0.5, 1], path: ~}\n"
        "mqtt: {protocol: 5, tls: {ca_file: ca.pem}}\n"
        "rules: {zones: [{name: mirror, yaw_deg: -40, pitch_deg: 5}], closure: {microsleep_s: 1.2}}\n"
        "expression: {enabled: false}\n"
    )
    assert config.camera.device == "0"
    assert config.camera.fps == 25.0
    assert isinstance(config.camera.fps, float)
    assert config.camera.seat_region == (0.1, 0.0, 0.5, 1.0)
    assert config.mqtt.protocol == "5"
    assert config.mqtt.tls is not None
    assert config.rules.zones[0].yaw_deg == -40.0
    assert config.rules.closure.microsleep_s == 1.2
    assert config.expression.enabled is False


@pytest.mark.parametrize("value", ["2024-01-01", "'canary canary'", "0x1f"])
def test_a_refused_credential_is_not_repeated(value: str) -> None:
    for text in (f"mqtt: {{username: {value}}}", f"vehicle: {{driver_token: {value}}}"):
        try:
            load_text(text, "c.yaml")
        except ConfigError as error:
            assert value.strip("'") not in str(error)  # noqa: PT017 - a user name may be of this form
    assert "username: YAML reads what was written as a date, not as text; put it in quotes" in str(
        problems("mqtt: {username: 2024-01-01}")
    )


def test_a_pattern_is_searched_for_as_an_editor_does() -> None:
    audio = load_text("cab: {audio: {device: 'plughw:CARD=UACDemo'}}").cab.audio
    assert audio is not None
    assert audio.device == "plughw:CARD=UACDemo"


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = "camera:\n  fps: fast\n  widht: 640\nmqtt:\n  port: 0\nrules:\n  closure:\n    sleep_s: 9\n"
    assert problems(text) == [
        "c.yaml:2:8: camera.fps: expected a number from 5 to 60, found `fast`",
        "c.yaml:3:3: camera.widht: unknown setting; did you mean `width`",
        "c.yaml:5:9: mqtt.port: expected a whole number from 1 to 65535, found 0",
        "c.yaml:8:14: rules.closure.sleep_s: expected a number from 2 to 3, found 9; " + SLEEP_FLOOR,
    ]


def test_a_setting_in_the_wrong_section_is_found_elsewhere() -> None:
    assert problems("rules:\n  microsleep_s: 1.2\n") == [
        "c.yaml:2:3: rules.microsleep_s: unknown setting; did you mean `rules.closure.microsleep_s`"
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("camera: {fps: 3e1}", "YAML reads `3e1` as text; write 30"),
        ("camera: {fps: 12:30}", "in base 60, as 750"),
        ("vehicle: {speed_kmh: 12:30:45}", "in base 60, as 45045"),
        ("inference: {threads: 010}", "octal; write 10"),
        ("camera: {fps: 025.5}", "octal; write 25.5"),
        ("camera: {width: 0x280}", "is not a decimal number"),
        ("camera: {width: 1_280}", "write 1280"),
        ("camera: {fps: '30'}", "write 30 without quotes"),
        ("camera: {fps: .nan}", "would switch the warning off unseen"),
        ("camera: {fps: -.INF}", "is infinite"),
        ("camera: {width: true}", "YAML reads as yes or no"),
        ("camera: {width: 640.0}", "write 640"),
        ("camera: {fps: 30fps}", "the unit stands in the key's name"),
        ("camera: {flip: on}", "expected true or false, found `on`; write true"),
        ("camera: {flip: No}", "write false"),
        ("camera: {flip: 1}", "write true"),
        ("camera: {flip: ~}", "leave the line out"),
        ("camera: {fps: }", "leave the line out"),
        ("camera: {source: no}", "YAML reads `no` as yes or no"),
        ("camera: {source: picamara}", "did you mean `picamera`"),
        ("bad: 1", "known here: version, profile, camera"),
        ("microslep_s: 1", "did you mean `rules.closure.microsleep_s`"),
        ("camera: {rotation_deg: 45}", "expected one of 0, 90, 180, 270"),
        ("camera: {seat_region: [0, 0, 1]}", "expected 4 values, found 3"),
        ("camera: {seat_region: 1}", "expected a list"),
        ("camera: {seat_region: [0, 0, 1, 1.5]}", "camera.seat_region[3]: expected a number from 0 to 1"),
        ("camera: {device: on}", 'put it in quotes: "on"'),
        ("camera: {device: 2024-01-01}", "as a date"),
        ("camera: {device: [0]}", "expected text, found a list"),
        ("mqtt: {host: ''}", "must not be empty"),
        ("mqtt: {fleet: My Fleet}", "small letters"),
        ("mqtt: {fleet: 'a#'}", "small letters"),
        ("cab: {audio: {device: -q}}", "text that does not begin with a hyphen"),
        ("vehicle: {source: can, can: {speed: {id: 1A0}}}", 'for example "0x1A0"'),
        ("remote: {keys: [{name: depot, public_key: abc}]}", "44 characters in base64"),
        ("mqtt: {tls: {}}", "mqtt.tls.ca_file: must be given"),
        ("mqtt: 5", "expected a section"),
        ("expression: false", "write `enabled: true` or `enabled: false` in a line below it"),
        ("mqtt: [a]", "expected a section, found a list"),
        ("version: 3", "newer than 2, which this program reads"),
        ("profile: euro-ncap", "did you mean `euro-ncap-2026`"),
        ("profile: zzz", "known: euro-ncap-2026, eu-addw"),
        ("inference: {models_dir: ../../etc}", "climbs out of its folder"),
        ("service: {state_dir: /var/../etc}", "climbs out of its folder"),
        ("camera: {fps: " + "9" * 5000 + "}", "far too many digits"),
        ("camera: &a {}", "anchor `&a` is not allowed"),
        ("camera: *a", "alias `*a` is not allowed"),
        ("camera: {<<: {}}", "merge key"),
        ("camera: !!map {}", "tag `tag:yaml.org,2002:map` is not allowed"),
        ("camera: {fps: !!float 30}", "is not allowed"),
        ("camera: {fps: 30, fps: 20}", "set twice, first in line 1"),
        ("? [camera]\n: 1", "a key must be one word"),
        ("- camera", "expected a section, found a list"),
        ("30", "expected a section, found a single value"),
        ("camera: {\n", "not valid YAML"),
        ("a: 'b", "this quotation mark is never closed"),
        ("version: 1\n---\nversion: 1", "a second document"),
        ("[" * 1000 + "]" * 1000, "nested more than"),
        ("camera:\n\tfps: 30", "2:1: (file): indented with a tab"),
        ("camera:\n  fps:\t30", "2:7: (file): a tab stands here"),
        ("camera:\n  fps: 30\n    width: 640", "3:10: (file): this line is indented deeper than the line above it"),
        ("camera:\n   fps: 30\n  width: 640", "3:3: (file): this line is not indented like the lines above it"),
        ("camera:\n  fps: 30\n  - width: 640", "3:3: (file): a list item among `key: value` lines; remove the `- `"),
        ("mqtt:\n  fleet: north: depot", "2:15: (file): a second `: ` in one line"),
        ("mqtt:\n  username: @home", "2:13: (file): no value may begin with `@`; put the value in quotes"),
        ("mqtt:\n  fleet: *\n", "2:10: (file): no value may begin with `*`"),
        ('mqtt:\n  host: "b\n  port: 1\n', "2:9: (file): this quotation mark is never closed"),
        ("camera: {fps: 30\n", "1:9: (file): this brace `{` is never closed"),
        ('camera: {path: "C:\\drive"}', "use single quotes"),
        ("camera:\n  fps: 30\nwidth 640\n", "3:1: (file): a line without a colon"),
        ("camera:\n  fps:30", "2:3: camera: expected a section, found a single value; write `fps: 30`, with a space"),
        ("camera:\n  fps = 30", "write `fps: 30`, with a space"),
        ("camera: picamera", "write `source: picamera` in a line below it"),
        ("camera:\n  - fps: 30", "write `key: value` lines without `- `"),
        ("cab: {audio: true}", "such as `device: …`"),
        ("camera: {fps: [30]}", "write the value alone, without `[ ]`"),
        ("camera: {fps: {value: 30}}", "found a section; write the value behind the colon"),
        ("power: {grace_s: 1 min}", "write 60, the number alone and in seconds"),
        ("power: {grace_s: 500ms}", "write 0.5, the number alone"),
        ("cab: {audio: {volume: 50%}}", "write 0.5, the number alone and as a share of 1"),
        ("vehicle: {speed_kmh: 50 mph}", "write 80.4672, the number alone and in km/h"),
        ("cab: {gpio: {buzzer_pin: GPIO23}}", "expected a number, found `GPIO23`; write 23"),
        ("camera: {neutral_yaw_deg: \u221212}", "is a typographic one; write -12 with a hyphen"),
        ("camera:\n\u00a0\u00a0fps: 30", "2:1: (file): an invisible character U+00A0"),
        ("camera:\n  fps: 30\u200b", "2:10: (file): an invisible character U+200B"),
        ("mqtt: {host: 'mqtt://broker.example.org'}", "without `mqtt://` before and `:1883` behind it"),
        ("mqtt: {host: 10.0.0.1:1883}", "without `mqtt://` before and `:1883` behind it"),
        ("mqtt: {host: “broker”}", "the name or address of a host alone"),
        ("vehicle: {gpsd: {host: gps:2947}}", "the name or address of a host alone"),
        ("mqtt: {fleet: North Depot}", "found `North Depot`; write north-depot"),
        ("mqtt: {password_file: ~/secret, username: u}", "`~` is for a shell and means nothing here"),
        ("service: {state_dir: $HOME/x}", "`$HOME` is for a shell and means nothing here"),
        ("camera: {source: files, path: ~/drive.mp4}", "write the whole path"),
        ("camera: {source: v4l2, device: video2}", "write 0 or /dev/video2"),
        ("version: 1 \0", "control character U+0000"),
        ("# " + "x" * 70_000, "larger than 64 KiB"),
    ],
)
def test_mistakes_are_explained(line: str, says: str) -> None:
    found = problems(line)
    assert any(says in problem for problem in found), found


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {host: '::1'}", "mqtt: {host: 'fe80::1%eth0'}", "mqtt: {host: 10.0.0.1}",
        "mqtt: {host: xn--gre-6ka8i.example}",
        "inference: {models_dir: ~/models}", "camera: {source: v4l2, device: /dev/v4l/by-id/usb-cam}",
        "# a remark with a\u00a0blank\ncamera: {fps: 25}  # and\u00a0another",
        "camera: {path: '/drives/nord\u00a0est.mp4'}",
        "camera: {neutral_yaw_deg: +12}", "camera:\r\n  fps: 25\r\n", "\ncamera:\r  fps: 25\r",
    ],
)  # fmt: skip
def test_what_is_unusual_and_right_is_taken(text: str) -> None:
    load_text(text)


def test_a_credential_glued_to_its_key_is_not_repeated() -> None:
    (only,) = problems("mqtt:\n  username:canary\n")
    assert "canary" not in only


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("rules: {closure: {microsleep_s: 2.0, sleep_s: 2.0}}", "rules.closure.sleep_s"),
        ("rules: {openness: {deep_below: 0.3}}", "rules.openness.deep_below"),
        ("rules: {perclos: {notice_ratio: 0.05}}", "rules.perclos.notice_ratio"),
        ("rules: {blink: {microsleep_rate_warning: 4}}", "rules.blink.microsleep_rate_warning"),
        ("rules: {distraction: {warning_s: 3.5}}", "rules.distraction.warning_s"),
        ("rules: {presence: {absent_notice_s: 5, absent_warning_s: 4}}", "rules.presence.absent_warning_s"),
        ("rules: {anger: {exit30: 0.5, share30: 0.4}}", "rules.anger.share30"),
        ("camera: {seat_region: [0.5, 0, 0.6, 1]}", "camera.seat_region"),
        ("camera: {seat_region: [0.5, 0, 0.0, 1]}", "camera.seat_region"),
        ("camera: {source: files}", "camera.source"),
        ("power: {off_with_ignition: true}", "power.off_with_ignition"),
        ("power: {off_with_ignition: true}\nvehicle: {source: gpio, gpio: {speed_pin: 4}}", "power.off_with_ignition"),
        ("cab: {gpio: {buzzer_pin: 17, led_pin: 17}}", "cab.gpio.led_pin"),
        ("recording: {stream_file: a, decisions_file: a}", "recording.decisions_file"),
        ("mqtt: {tls: {ca_file: a, cert_file: b}}", "mqtt.tls.cert_file"),
        ("mqtt: {password_file: p}", "mqtt.password_file"),
    ],
)
def test_settings_that_do_not_go_together(text: str, key: str) -> None:
    found = problems(text)
    assert any(f" {key}: " in problem for problem in found), found


def test_rules_over_several_keys_stay_silent_about_refused_values() -> None:
    assert len(problems("rules: {closure: {microsleep_s: 1e0, sleep_s: 2.0}}")) == 1


def test_latin1_utf16_and_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes("version: 1\n# für".encode("latin-1"))
    with pytest.raises(ConfigError, match=r":2:4: \(file\): byte 0xfc is not UTF-8 text"):
        load_config(file)
    file.write_bytes("version: 1".encode("utf-16"))
    with pytest.raises(ConfigError, match="saved as UTF-16"):
        load_config(file)
    file.write_bytes("version: 1\n".encode("utf-8-sig"))
    assert load_config(file) == Config()


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        for path, says in [
            (tmp_path, "a folder"),
            (tmp_path / "fifo", "not a regular file"),
            (Path("/dev/zero"), "not a regular file"),
            (tmp_path / "sock", "cannot be opened"),
            (tmp_path / "none.yaml", "no such file"),
            (tmp_path / "none.yaml" / "deeper", "no such file"),
        ]:
            with pytest.raises(ConfigError, match=says):
                load_config(path)


def test_a_large_file_is_not_parsed(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("x: '" + "a" * 10_000_000 + "'")
    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        load_config(file)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("x")
    text = f"mqtt: {{username: u, password_file: {secret}}}"
    secret.chmod(0o644)
    assert "chmod 600" in problems(text)[0]
    secret.chmod(0o600)
    assert load_text(text).mqtt.password_file == str(secret)


def test_a_secret_that_systemd_hands_over_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.config.paths.CREDENTIALS", str(tmp_path / "credentials"))
    secret = tmp_path / "credentials" / "edge-dms.service" / "edge-dms_password"
    secret.parent.mkdir(parents=True)
    secret.write_text("x")
    secret.chmod(0o440)  # as an access list for one user shows
    assert load_text(f"mqtt: {{username: u, password_file: {secret}}}").mqtt.password_file == str(secret)


def read(text: str) -> Config | ConfigError:
    try:
        return load_text(text)
    except ConfigError as error:
        return error


@settings(deadline=None)
@given(st.text(st.sampled_from("abc:-[]{}&*!|>'\"%@#?,\n \t0123.~\0é"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    result = read(text)
    if isinstance(result, ConfigError):
        assert result.problems
        assert all(problem.line >= 1 and problem.column >= 1 for problem in result.problems)


@settings(deadline=None)
@given(
    st.sampled_from(["camera.fps", "camera.width", "camera.flip", "camera.source", "mqtt.host", "camera.seat_region"]),
    st.text(st.sampled_from("0123456789.eE+-_:xyonfalsetrue~[], "), max_size=12),
)
def test_any_value_is_read_within_its_range_or_refused(key: str, value: str) -> None:
    section, name = key.split(".")
    result = read(f"{section}:\n  {name}: {value}\n")
    if isinstance(result, Config):
        assert 5.0 <= result.camera.fps <= 60.0
        assert isinstance(result.camera.flip, bool)
        assert type(result.camera.width) is int


def test_every_pattern_of_the_schema_is_explained_in_words() -> None:
    patterns = set(re.findall(r'"pattern": ?("(?:[^"\\]|\\.)*")', json.dumps(editor_schema())))
    assert patterns
    for pattern in map(json.loads, patterns):
        assert pattern in _PATTERN_WORDS, f"add words for {pattern}"


def test_a_section_that_is_missing_because_a_part_was_refused_is_no_second_mistake() -> None:
    text = "vehicle: {source: can, can: {speed: {id: 291, start_bit: 0, length: 16}}}\n"
    (only,) = problems(text)
    assert "vehicle.can.speed.id" in only
    (only,) = problems("vehicle: {source: can}\n")
    assert "needs the frame" in only
