"""The speaker: one sound at a time, alarms that go on, and players that hang, fail or are missing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge.actuators import audio
from edge.actuators.audio import HUNG_S, RENEW_S, AudioActuator
from edge.actuators.base import ActuatorError
from edge.actuators.sounds import SoundKey, rendered
from edge.config.schema import AudioOutput
from edge.runtime.clock import ManualClock
from tests.support.players import processes_named, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000_000_000_000)


@pytest.fixture
def speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> Iterator[Callable[..., Any]]:
    monkeypatch.setenv("PLAYED_PCM", str(tmp_path / "played.pcm"))
    made: list[AudioActuator] = []

    def make(**output: Any) -> AudioActuator:
        actuator = AudioActuator(AudioOutput(**({"language": "none"} | output)), stand_in(tmp_path), clock)
        actuator.open()
        made.append(actuator)
        return actuator

    yield make
    for actuator in made:
        actuator.close()


def begun(pcm: Path, size: int = 1) -> bytes:
    deadline = time.monotonic() + 30.0
    while not pcm.exists() or pcm.stat().st_size < size:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return pcm.read_bytes()


def test_a_new_sound_takes_the_place_of_the_old_one(speaker: Callable[..., AudioActuator], tmp_path: Path) -> None:
    actuator = speaker()
    actuator.start(4, "sleep")
    begun(tmp_path / "played.pcm")
    actuator.start(5, "unresponsive")
    (process,) = processes_named("aplay")
    assert process == actuator._playing.process.pid  # type: ignore[union-attr]


def test_a_repeat_leaves_an_alarm_alone_until_its_end_is_near(
    speaker: Callable[..., AudioActuator], clock: ManualClock
) -> None:
    actuator = speaker()
    actuator.start(4, "sleep")
    (first,) = processes_named("aplay")
    clock.advance(2.0)
    actuator.start(4, "sleep")
    assert processes_named("aplay") == [first]
    clock.advance(RENEW_S)
    actuator.start(4, "sleep")
    (second,) = processes_named("aplay")
    assert second != first


def test_an_urgent_sound_is_played_anew_at_each_repeat(speaker: Callable[..., AudioActuator]) -> None:
    actuator = speaker()
    actuator.start(3, "microsleep")
    (first,) = processes_named("aplay")
    actuator.start(3, "microsleep")
    assert processes_named("aplay") != [first]


def test_a_player_that_hangs_is_ended_and_told(speaker: Callable[..., AudioActuator], clock: ManualClock) -> None:
    actuator = speaker(device="hangs")
    actuator.start(3, "distraction")
    assert actuator.check()
    clock.advance(HUNG_S + 2.0)
    with pytest.raises(ActuatorError, match="hangs on the device hangs"):
        actuator.check()
    assert processes_named("aplay") == []
    assert actuator.check() is False


def test_a_player_that_cannot_even_be_ended_is_told(
    speaker: Callable[..., AudioActuator], monkeypatch: pytest.MonkeyPatch
) -> None:
    actuator = speaker()
    actuator.start(4, "sleep")
    process = actuator._playing.process  # type: ignore[union-attr]
    with monkeypatch.context() as patch:
        patch.setattr(audio, "KILL_S", 0.01)
        patch.setattr(process, "kill", lambda: None)
        with pytest.raises(ActuatorError, match="driver hangs"):
            actuator.stop()
    actuator.stop()
    assert processes_named("aplay") == []


def test_without_a_player_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(ActuatorError, match="alsa-utils"):
        AudioActuator(AudioOutput(), str(tmp_path / "nowhere")).open()


def test_a_player_that_is_no_program_is_told(speaker: Callable[..., AudioActuator], tmp_path: Path) -> None:
    actuator = speaker()
    (tmp_path / "aplay").write_text("no program")
    with pytest.raises(ActuatorError, match="cannot be started"):
        actuator.start(3, "microsleep")


def test_missing_speech_is_told_once_and_the_tones_play(
    speaker: Callable[..., AudioActuator], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    actuator = speaker(language="de", speech_dir=str(tmp_path / "none"))
    actuator.close()
    actuator.open()
    assert actuator.note == "16 sentences not rendered, tones alone"
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert "espeak-ng" in told[0]
    assert "render_speech" in told[0]
    actuator.start(3, "microsleep")
    tone = rendered(SoundKey("microsleep", 3), AudioOutput(language="none"), None)
    assert begun(tmp_path / "played.pcm", len(tone) - 44) == tone[44:]


def test_a_spoilt_sentence_costs_its_speech_only(
    speaker: Callable[..., AudioActuator], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from edge.actuators.speech import catalogue, file_name

    folder = tmp_path / "speech" / "pl"
    folder.mkdir(parents=True)
    (folder / file_name("sleep", "urgent", catalogue()["pl"]["sleep"]["urgent"])).write_bytes(b"RIFF")
    actuator = speaker(language="pl", speech_dir=str(tmp_path / "speech"))
    assert actuator.note == "some sentences cannot be read"
    assert any("render it again" in record.getMessage() for record in caplog.records)
    actuator.start(4, "sleep")
    assert len(processes_named("aplay")) == 1


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYED_PCM", str(tmp_path / "played.pcm"))
    actuator = AudioActuator(AudioOutput(language="none"), stand_in(tmp_path))

    def use() -> None:
        actuator.open()
        for _ in range(3):
            actuator.start(4, "sleep")
            actuator.stop()
        actuator.close()

    use()
    before = open_files()
    use()
    assert open_files() == before


def test_what_is_silent_is_not_given() -> None:
    assert [AudioActuator(AudioOutput()).gives(level) for level in (1, 2, 3)] == [False, True, True]
    assert [AudioActuator(AudioOutput(volume=0.0)).gives(level) for level in (2, 3)] == [False, True]
