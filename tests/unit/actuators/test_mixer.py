"""The sound card's mixer, through a stand-in for `amixer` that writes down how it was called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.actuators import mixer
from edge.actuators.audio import AudioActuator
from edge.actuators.mixer import card_of, set_to_full
from edge.config.schema import AudioOutput
from tests.support.players import stand_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def amixer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "amixer"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/calls\n'
        '[ "$5" = PCM ] || { echo "amixer: Unable to find simple control \'$5\',0" >&2; exit 1; }\n'
        '[ "$6" != unmute ] || exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return tmp_path / "calls"


@pytest.mark.parametrize(
    ("device", "card"),
    [
        ("plughw:CARD=UACDemo,DEV=0", "hw:UACDemo"),
        ("sysdefault:CARD=UACDemo", "hw:UACDemo"),
        ("plughw:1,0", "hw:1"),
        ("hw:2", "hw:2"),
        ("default", "default"),
    ],
)
def test_the_mixer_is_that_of_the_devices_card(device: str, card: str) -> None:
    assert card_of(device) == card


def test_the_control_is_turned_up_and_its_mute_off_where_it_has_one(amixer: Path) -> None:
    assert set_to_full("plughw:CARD=UACDemo", "PCM") is None
    assert amixer.read_text().splitlines() == ["-q -D hw:UACDemo sset PCM 100%", "-q -D hw:UACDemo sset PCM unmute"]


def test_a_control_that_is_not_there_is_told_with_what_to_do(amixer: Path) -> None:
    problem = set_to_full("default", "Speaker")
    assert problem is not None
    assert "Unable to find simple control 'Speaker'" in problem
    assert "amixer scontrols" in problem


def test_a_mixer_that_is_missing_or_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cannot be set" in (set_to_full("default", "PCM", str(tmp_path / "nowhere")) or "")
    hangs = tmp_path / "amixer"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    monkeypatch.setattr(mixer, "PATIENCE_S", 0.05)
    assert "timed out" in (set_to_full("default", "PCM", str(hangs)) or "")


def test_a_speaker_works_on_with_a_mixer_that_cannot_be_set(
    amixer: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    actuator = AudioActuator(AudioOutput(language="none", mixer="Speaker"), stand_in(tmp_path))
    actuator.open()
    actuator.open()
    assert actuator.note is not None
    assert actuator.note.startswith("mixer control Speaker cannot be set")
    assert len(caplog.records) == 1
    actuator.close()
    well = AudioActuator(AudioOutput(language="none", mixer="PCM"), stand_in(tmp_path))
    well.open()
    assert well.note is None
    well.close()
