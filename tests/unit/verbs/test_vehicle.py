from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.config.load import load_text
from tests.support.can_logs import LITTLE, LORRY, bus

SAID = "5=0,20=30,35=50,50=70,65=0"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "candump.log"
    path.write_text("\n".join(bus(LITTLE)))
    return path


def test_what_is_found_can_be_put_into_the_configuration(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vehicle", "--find", str(log), "--said", SAID]) == 0
    best = capsys.readouterr().out.splitlines()[0]
    config = load_text(f"vehicle:\n  source: can\n  can:\n    {best}\n", "dms.yaml")
    assert config.vehicle.can is not None
    assert (config.vehicle.can.speed.id, config.vehicle.can.speed.scale) == ("0x1A0", 0.01)
    log.write_text("\n".join(bus(LORRY)))
    assert main(["vehicle", "--find", str(log), "--said", SAID, "--json"]) == 0
    speed = json.loads(capsys.readouterr().out.splitlines()[0])["speed"]
    assert speed == {
        "id": "0x18FEF100",
        "extended": True,
        "start_bit": 8,
        "length": 16,
        "byte_order": "little",
        "scale": 0.00390625,
    }


def test_what_the_vehicle_tells_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text("vehicle: {source: fixed, speed_kmh: 42.5}")
    assert main(["vehicle", "--config", str(path), "--seconds", "0.2"]) == 0
    assert "42.5 km/h" in capsys.readouterr().out
    assert main(["vehicle", "--config", str(path), "--seconds", "0.2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["speed_kmh"] == 42.5


def test_what_ails_the_source_is_said_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dms.yaml"
    path.write_text("vehicle: {source: gpsd, gpsd: {host: 127.0.0.1, port: 1}}")
    assert main(["vehicle", "--config", str(path), "--seconds", "0.5"]) == 1
    assert "vehicle_unreachable: gpsd at 127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "vehicle.source is `none`"),
        (["--find", "missing.log", "--said", SAID], "missing.log cannot be read"),
        (["--find", "{log}"], "--find needs --said"),
        (["--said", SAID], "--said goes with --find"),
        (["--find", "{log}", "--said", "5=0,20=30"], "at least 4 speeds"),
        (["--find", __file__, "--said", SAID], "no log of `candump -l`"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(
    log: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vehicle", *(text.format(log=log) for text in arguments)]) == 1
    assert words in capsys.readouterr().err


def test_what_was_said_is_read_strictly(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["vehicle", "--find", "x", "--said", "5:0"])
    assert "expected seconds=km/h" in capsys.readouterr().err
