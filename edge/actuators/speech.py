"""The sentences of the cab: the catalogue of all languages, and the rendered files of one of them.

Nothing speaks on the device: each sentence is rendered to a file once, by `tools/render_speech.py`. A file's name
holds a sum of its sentence, so a file of an older wording is never taken for the new one.
"""

from __future__ import annotations

import wave
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

import numpy as np

from edge.actuators.tones import SAMPLE_RATE_HZ, URGENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.actuators.tones import SoundClass
    from edge.types import Level

Urgency = Literal["warning", "urgent"]
Catalogue = dict[str, dict["SoundClass", dict[Urgency, str]]]

SENTENCES: Final = Path(__file__).with_name("sentences.yaml")
RENDERED: Final = Path(__file__).with_name("speech")
"""Beside this module, so that a package built after rendering brings its speech along."""


class SpeechError(Exception):
    """A rendered file cannot be used. The message names it and the remedy."""


def catalogue() -> Catalogue:
    """Return language → class → urgency → sentence."""
    import yaml  # noqa: PLC0415 - only where speech is switched on

    return cast("Catalogue", yaml.safe_load(SENTENCES.read_text(encoding="utf-8")))


def urgency_of(level: Level) -> Urgency:
    """Return which of the two sentences of a class a level has."""
    return "urgent" if level >= URGENT else "warning"


def file_name(sound: SoundClass, urgency: Urgency, sentence: str) -> str:
    """Return the name of a rendered sentence within the folder of its language."""
    return f"{sound}-{urgency}-{zlib.crc32(sentence.encode()):08x}.wav"


class Speech:
    """The rendered sentences of one language; those that are not there are counted, not missed one by one."""

    def __init__(self, language: str, folder: Path | None = None) -> None:
        """`folder` holds a folder a language; default: where the package keeps them."""
        self._folder = (folder or RENDERED) / language
        self._sentences = catalogue()[language]
        self.missing = sum(
            not self._path(sound, urgency).is_file()
            for sound, by_urgency in self._sentences.items()
            for urgency in by_urgency
        )
        """Sentences of this language without a file."""

    @property
    def folder(self) -> Path:
        """Where this language is looked for."""
        return self._folder

    def samples(self, sound: SoundClass, level: Level) -> NDArray[np.float32] | None:
        """Return a sentence as mono samples in [-1, 1], None when it was not rendered.

        Raises `SpeechError` for a file of another form.
        """
        path = self._path(sound, urgency_of(level))
        if not path.is_file():
            return None
        try:
            with wave.open(str(path), "rb") as file:
                form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
                data = file.readframes(file.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            raise SpeechError(f"{path} cannot be read ({error}); render it again") from error
        if form != (1, 2, SAMPLE_RATE_HZ):
            raise SpeechError(f"{path} is not mono, 16 bit, {SAMPLE_RATE_HZ} Hz; render it with tools/render_speech.py")
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768.0

    def _path(self, sound: SoundClass, urgency: Urgency) -> Path:
        return self._folder / file_name(sound, urgency, self._sentences[sound][urgency])
