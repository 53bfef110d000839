"""`edge-dms sound`, with a stand-in for the sound card."""

from __future__ import annotations

import json
import wave
from typing import TYPE_CHECKING, get_args

import pytest

from edge.actuators.tones import SoundClass
from edge.cli import main
from edge.config.schema import Language
from edge.verbs import sound
from tests.support.players import stand_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in(folder)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("PLAYED_PCM", str(tmp_path / "played.pcm"))
    return tmp_path / "played.pcm"


def test_the_choices_are_those_of_the_cab() -> None:
    assert set(sound._CLASSES) == set(get_args(SoundClass))
    assert get_args(Language) == sound._LANGUAGES


def test_one_class_is_played_and_told(speaker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sound", "--class", "microsleep", "--language", "none", "--device", "swallows", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["device"], told["language"]) == ("swallows", "none")
    assert [(row["class"], row["level"]) for row in told["sounds"]] == [("microsleep", 3)]
    assert speaker.stat().st_size > 10_000


def test_an_alarm_is_cut(speaker: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sound, "_LONGEST_S", 0.3)
    assert main(["sound", "--class", "sleep", "--language", "none"]) == 0
    assert "sleep, level 4" in capsys.readouterr().out


def test_a_device_that_is_not_there_is_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sound", "--class", "fatigue", "--level", "2", "--device", "absent"]) == 1
    assert "aplay -L" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--volume", "2"], ["--device=-x"]])
def test_a_wrong_setting_is_a_complaint(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sound", *wrong]) == 1
    assert "--volume is 0 to 1" in capsys.readouterr().err


def test_the_configuration_says_how_loud_and_the_files_are_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "dms.yaml"
    config.write_text("cab:\n  audio:\n    volume: 0.0\n    urgent_volume: 0.5\n    language: none\n")
    assert main(["sound", "--config", str(config), "--out", str(tmp_path / "out"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["sounds"]
    assert {row["class"] for row in rows} == set(get_args(SoundClass))
    assert {(row["level"] >= 3, row["amplitude"]) for row in rows} == {(False, 0.0), (True, 0.25)}
    for row in rows:
        with wave.open(row["file"], "rb") as file:
            assert file.getframerate() == 22050
            assert row["length_s"] == pytest.approx(file.getnframes() / 22050, abs=0.01)
