"""What comes out of the speaker for a warning: tone, then sentence, at the volume of its level, as a WAV file."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edge.actuators.tones import ALARM, AUDIBLE, SAMPLE_RATE_HZ, SIGN_OF_LIFE, URGENT, motif, samples, sound_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.actuators.speech import Speech
    from edge.actuators.tones import SoundClass
    from edge.config.schema import AudioOutput
    from edge.types import AlertKind, Level

SHORTEST_REPEAT_S: Final = 2.0
"""An urgent sound must be over when it is repeated [S: every 2 s]."""
_BEFORE_SPEECH_S: Final = 0.06
_TAIL_S: Final = 0.04


class SoundKey(NamedTuple):
    """Which sound."""

    sound: SoundClass
    level: Level

    @property
    def endless(self) -> bool:
        """Whether it sounds until it is stopped: level 4 and above."""
        return self.level >= ALARM


def sound_for(kind: AlertKind, level: Level) -> SoundKey | None:
    """Return the sound of a warning, None for a notice, which is silent. Levels beyond 5 are held to 5."""
    return SoundKey(sound_class(kind), min(level, 5)) if level >= AUDIBLE else None


def amplitude(level: Level, output: AudioOutput) -> float:
    """Return the factor on the samples, 0 to 1: the square of the volume, which the ear takes for even steps [D].

    From level 3 on the volume is never below `urgent_volume`, whatever is configured beside it.
    """
    volume = max(output.volume, output.urgent_volume) if level >= URGENT else output.volume
    return volume * volume


def rendered(key: SoundKey, output: AudioOutput, speech: Speech | None) -> bytes:
    """Return a sound as the bytes of a WAV file. Raises `SpeechError` when a sentence is there but unusable."""
    parts = [samples(motif(key.sound, key.level))]
    sentence = None if speech is None else speech.samples(key.sound, key.level)
    if sentence is not None:
        parts += [_silence(_BEFORE_SPEECH_S), sentence]
    return wav(np.concatenate([*parts, _silence(_TAIL_S)]) * amplitude(key.level, output))


def sign_of_life(output: AudioOutput) -> bytes:
    """Return the short sound of the start, as loud as an urgent one: who cannot hear it turns up the speaker."""
    return wav(samples(SIGN_OF_LIFE) * amplitude(URGENT, output))


def wav(mono: NDArray[np.floating]) -> bytes:
    """Return samples in [-1, 1] as a WAV file of 16 bit."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(mono, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return buffer.getvalue()


def duration_s(sound: bytes) -> float:
    """Return how long a WAV file of ours sounds."""
    with wave.open(io.BytesIO(sound), "rb") as file:
        return file.getnframes() / file.getframerate()


def _silence(length_s: float) -> NDArray[np.float32]:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)
