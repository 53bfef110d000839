from __future__ import annotations

import io
import wave
from typing import get_args

import msgspec
import numpy as np
import pytest

from edge.actuators.sounds import (
    SHORTEST_REPEAT_S,
    SoundKey,
    amplitude,
    duration_s,
    rendered,
    sign_of_life,
    sound_for,
    wav,
)
from edge.actuators.tones import SAMPLE_RATE_HZ, SoundClass
from edge.config.schema import AudioOutput
from edge.types import AlertKind


def peak(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound), "rb") as file:
        return float(np.abs(np.frombuffer(file.readframes(file.getnframes()), "<i2")).max() / 32768)


class Spoken:
    """Speech that says a second of something."""

    def samples(self, sound: SoundClass, level: int) -> np.ndarray:
        return np.full(SAMPLE_RATE_HZ, 0.5, np.float32)


def test_a_notice_is_silent_and_everything_else_has_a_sound() -> None:
    for kind in get_args(AlertKind):
        assert sound_for(kind, 1) is None
        assert [sound_for(kind, level).level for level in (2, 3, 4, 5, 9)] == [2, 3, 4, 5, 5]  # type: ignore[union-attr]


def test_urgent_sounds_cannot_be_muted_and_warnings_can() -> None:
    mute = AudioOutput(volume=0.0)
    warning, urgent = SoundKey("distraction", 2), SoundKey("distraction", 3)
    assert peak(rendered(warning, mute, None)) == 0.0
    assert peak(rendered(urgent, mute, None)) == pytest.approx(peak(rendered(urgent, AudioOutput(), None)))
    assert peak(rendered(urgent, mute, None)) > 0.5
    assert peak(sign_of_life(mute)) > 0.5


def test_no_configuration_gets_below_the_floor() -> None:
    softest = msgspec.convert({"volume": 0.0, "urgent_volume": 0.5}, AudioOutput)
    assert amplitude(3, softest) == 0.25
    assert amplitude(5, AudioOutput(volume=1.0, urgent_volume=0.5)) == 1.0
    for bad in ({"urgent_volume": 0.49}, {"volume": -0.1}, {"volume": 1.1}, {"urgent_volume": float("nan")}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bad, AudioOutput)


def test_a_device_name_cannot_be_an_option_of_the_player() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"device": "--help"}, AudioOutput)


def test_the_sentence_follows_the_tone() -> None:
    tone = duration_s(rendered(SoundKey("fatigue", 2), AudioOutput(), None))
    spoken = duration_s(rendered(SoundKey("fatigue", 2), AudioOutput(), Spoken()))  # type: ignore[arg-type]
    assert spoken == pytest.approx(tone + 1.0, abs=0.1)


def test_every_urgent_tone_is_over_before_it_is_repeated() -> None:
    for sound in get_args(SoundClass):
        assert duration_s(rendered(SoundKey(sound, 3), AudioOutput(), None)) < SHORTEST_REPEAT_S - 0.5


def test_samples_beyond_the_range_are_held_to_it() -> None:
    assert peak(wav(np.array([-3.0, 3.0]))) == pytest.approx(1.0, abs=1e-4)
