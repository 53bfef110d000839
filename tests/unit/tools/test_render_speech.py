"""Rendering the cab's sentences: with the real espeak-ng where there is one, and with its failures."""

from __future__ import annotations

import re
import sys
from shutil import which
from typing import TYPE_CHECKING

import pytest
import render_speech

from edge.actuators.speech import Speech, catalogue

if TYPE_CHECKING:
    from pathlib import Path

STAND_IN = f"""#!{sys.executable}
# Speaks as long as its environment says: a beep between two silences.
import os, struct, sys, wave
speed, path = int(sys.argv[4]), sys.argv[6]
seconds = float(os.environ["SPOKEN_S"]) * 160 / speed
with wave.open(path, "wb") as file:
    file.setparams((1, 2, 22050, 0, "NONE", ""))
    file.writeframes(bytes(4410) + struct.pack("<h", 8000) * int(seconds * 22050) + bytes(4410))
"""


@pytest.fixture
def espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "espeak-ng"
    path.parent.mkdir()
    path.write_text(STAND_IN)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    monkeypatch.setenv("SPOKEN_S", "0.5")
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["render_speech.py", *arguments])
    return render_speech.main()


def test_each_language_has_a_voice() -> None:
    assert set(render_speech.VOICES) == set(catalogue())


def test_a_language_is_complete_afterwards_and_old_wordings_are_gone(
    espeak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "speech"
    (out / "fr").mkdir(parents=True)
    (out / "fr" / "sleep-urgent-00000000.wav").write_bytes(b"old")
    assert run(monkeypatch, "--language", "fr", "--out", str(out)) == 0
    speech = Speech("fr", out)
    assert speech.missing == 0
    spoken = speech.samples("sleep", 4)
    assert spoken is not None
    # The silent ends are cut, and it is as loud as a tone.
    assert len(spoken) == 11025
    assert float(abs(spoken).max()) == pytest.approx(0.95, abs=0.01)
    assert not (out / "fr" / "sleep-urgent-00000000.wav").exists()


def test_a_long_urgent_sentence_is_spoken_faster(espeak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKEN_S", "1.3")
    assert run(monkeypatch, "--language", "de", "--out", str(tmp_path)) == 0
    speech = Speech("de", tmp_path)
    warning, urgent = speech.samples("fatigue", 2), speech.samples("fatigue", 3)
    assert warning is not None
    assert urgent is not None
    assert len(urgent) / 22050 <= render_speech.room_s("fatigue") < len(warning) / 22050


def test_one_that_never_fits_names_the_sentence(
    espeak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPOKEN_S", "9")
    assert run(monkeypatch, "--language", "de", "--out", str(tmp_path)) == 1
    assert "shorten it in edge/actuators/sentences.yaml" in capsys.readouterr().err


@pytest.mark.usefixtures("espeak")
@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (None, "apt install espeak-ng"),
        ("#!/bin/sh\necho no voice >&2; exit 1\n", "no voice.*espeak-ng-data"),
        (STAND_IN.replace("22050, 0", "16000, 0"), "version 1.50"),
        (STAND_IN.replace("8000", "0"), "was silent"),
    ],
)
def test_what_is_wrong_with_espeak_is_told(
    program: str | None,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if program is None:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    else:
        (tmp_path / "bin" / "espeak-ng").write_text(program)
    assert run(monkeypatch, "--language", "en", "--out", str(tmp_path)) == 1
    assert re.search(remedy, capsys.readouterr().err)


@pytest.mark.parametrize(
    "language",
    [pytest.param(voice, marks=[] if voice == "de" else pytest.mark.full) for voice in sorted(render_speech.VOICES)],
)
def test_the_real_voice_says_every_urgent_sentence_between_two_repeats(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if which("espeak-ng") is None:
        pytest.skip("no espeak-ng here: sudo apt install espeak-ng")
    assert run(monkeypatch, "--language", language, "--out", str(tmp_path)) == 0
    assert Speech(language, tmp_path).missing == 0
