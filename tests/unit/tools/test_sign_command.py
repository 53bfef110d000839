"""The fleet's tool for keys and signatures: what it makes is believed by the vehicle's own gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sign_command
import yaml

from edge.config.load import load_text
from edge.runtime.signatures import open_keys
from edge.uplink.remote.gate import Gate
from edge.uplink.remote.messages import Ack, Desired

if TYPE_CHECKING:
    from pathlib import Path

VAN = "north-depot/van-07"


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Gate]:
    """Return a key file and the gate of a vehicle that trusts it, by the very lines that the tool prints."""
    assert sign_command.main(["key", "depot-2026", "--folder", str(tmp_path)]) == 0
    config = load_text(capsys.readouterr().out)
    assert config.remote.commands
    return tmp_path / "depot-2026.key", Gate(open_keys(config.remote.keys, "remote.keys"))


def sign(capsys: pytest.CaptureFixture[str], *arguments: str) -> bytes:
    assert sign_command.main(["sign", *arguments]) == 0
    return capsys.readouterr().out.encode()


def test_key_is_ours_alone_and_never_overwritten(
    key: tuple[Path, Gate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = key
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert sign_command.main(["key", "depot-2026", "--folder", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_signed_command_is_believed_and_its_counter_rises(
    key: tuple[Path, Gate], capsys: pytest.CaptureFixture[str]
) -> None:
    path, gate = key
    topic = f"dms/1/{VAN}/cmd/ack"
    payload = sign(capsys, "--key", str(path), VAN, "cmd/ack", '{"alert_id": "a"}')
    command, name = gate.read(topic, payload, Ack)
    assert (command.alert_id, name) == ("a", "depot-2026")
    again, _ = gate.read(topic, sign(capsys, "--key", str(path), VAN, "cmd/ack"), Ack)
    assert command.counter is not None
    assert again.counter is not None
    assert again.counter >= command.counter > 1_700_000_000_000


def test_settings_are_read_from_a_file(
    key: tuple[Path, Gate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, gate = key
    wish: dict[str, Any] = {"version": 3, "settings": {"rules": {"closure": {"microsleep_s": 1.2}}}}
    (tmp_path / "wish.json").write_text(json.dumps(wish))
    payload = sign(capsys, "--key", str(path), VAN, "config/desired", str(tmp_path / "wish.json"))
    desired, _ = gate.read(f"dms/1/{VAN}/config/desired", payload, Desired)
    assert desired.version == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["van-07", "cmd/ping"], "FLEET/VEHICLE"),
        ([VAN, "cmd/ack", "[1]"], "no JSON object"),
        ([VAN, "cmd/ack", "{"], "no JSON object"),
        ([VAN, "cmd/ack", '{"alert": "a"}'], "edge-dms schema cmd/ack"),
        ([VAN, "config/desired", "{}"], "version"),
        ([VAN, "cmd/ack", '{"alert_id": "' + "x" * 4000 + '"}'], "4096 at most"),
    ],
)
def test_mistakes_are_one_sentence(
    key: tuple[Path, Gate], arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign_command.main(["sign", "--key", str(key[0]), *arguments]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_key_of_another_kind_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.key").write_text("no key")
    assert sign_command.main(["sign", "--key", str(tmp_path / "x.key"), VAN, "cmd/ping"]) == 1
    assert "is no key that can be used" in capsys.readouterr().err


def test_what_is_printed_for_the_vehicle_is_yaml_of_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign_command.main(["key", "k", "--folder", str(tmp_path)]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["remote"]["keys"][0]["name"] == "k"
