"""What the cab asks of a player of sounds: of the real `aplay`, on a device that is a file, and of its stand-in."""

from __future__ import annotations

import time
from shutil import which
from typing import TYPE_CHECKING, NamedTuple

import pytest

from edge.actuators.audio import AudioActuator
from edge.actuators.base import Actuator, ActuatorError
from edge.actuators.sounds import SoundKey, rendered
from edge.config.schema import AudioOutput
from tests.support.players import file_device, processes_named, stand_in

if TYPE_CHECKING:
    from pathlib import Path

WAV_HEADER = 44


class Player(NamedTuple):
    program: str
    pcm: Path

    def actuator(self, device: str = "default") -> AudioActuator:
        return AudioActuator(AudioOutput(device=device, language="none"), self.program)


@pytest.fixture(params=["aplay", "stand-in"])
def player(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    pcm = tmp_path / "played.pcm"
    if request.param == "aplay":
        if which("aplay") is None:
            pytest.skip("no aplay here: sudo apt install alsa-utils")
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(file_device(tmp_path, pcm)))
        return Player("aplay", pcm)
    monkeypatch.setenv("PLAYED_PCM", str(pcm))
    return Player(stand_in(tmp_path), pcm)


def wait_until_silent(actuator: AudioActuator) -> None:
    deadline = time.monotonic() + 30.0
    while actuator.check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def expected(sound: SoundKey) -> bytes:
    return rendered(sound, AudioOutput(language="none"), None)[WAV_HEADER:]


def test_what_is_played_comes_out_sample_by_sample(player: Player) -> None:
    actuator = player.actuator()
    assert isinstance(actuator, Actuator)
    actuator.open()
    actuator.start(3, "microsleep")
    wait_until_silent(actuator)
    sound = expected(SoundKey("microsleep", 3))
    assert player.pcm.read_bytes()[: len(sound)] == sound
    actuator.close()


def test_the_sign_of_life_ends_by_itself(player: Player) -> None:
    actuator = player.actuator()
    actuator.open()
    actuator.test()
    wait_until_silent(actuator)
    assert len(player.pcm.read_bytes()) > 0
    actuator.close()


def test_an_alarm_is_handed_over_many_times_in_one_run(player: Player) -> None:
    # A device that takes everything at once, so that the half minute is over in a moment.
    actuator = player.actuator("default" if player.program == "aplay" else "swallows")
    actuator.open()
    actuator.start(4, "sleep")
    wait_until_silent(actuator)
    sound = expected(SoundKey("sleep", 4))
    played = player.pcm.read_bytes()
    assert played[: len(sound)] == sound
    assert len(played) / len(sound) > 10
    actuator.close()


def test_a_device_that_is_not_there_is_told_with_the_remedy(player: Player) -> None:
    actuator = player.actuator("absent")
    actuator.open()
    actuator.start(3, "distraction")
    with pytest.raises(ActuatorError, match=r"absent \(No such file or directory\).*aplay -L"):
        wait_until_silent(actuator)
    # It can be tried again at once, and fails again in the same way.
    actuator.open()
    actuator.start(3, "distraction")
    with pytest.raises(ActuatorError, match="absent"):
        wait_until_silent(actuator)
    actuator.close()


def test_silence_leaves_no_process_behind(player: Player) -> None:
    actuator = player.actuator()
    actuator.open()
    actuator.start(4, "sleep")
    actuator.stop()
    assert processes_named("aplay") == []
    actuator.stop()
    actuator.start(1, "eyes_closed")
    assert processes_named("aplay") == []
    actuator.close()
    actuator.close()
