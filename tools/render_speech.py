"""Render the cab's sentences with espeak-ng: once, when a device or a package is built.

    sudo apt install espeak-ng
    python tools/render_speech.py                          all languages, to where the daemon looks for them
    python tools/render_speech.py --language de --out DIR  one language elsewhere; name DIR in cab.audio.speech_dir

Each sentence becomes a mono WAV file of 22,050 Hz, its silent ends cut, as loud as a tone. An urgent one that takes too
long to be over before the tone is repeated is spoken faster. Exit code 1: espeak-ng is missing, or a voice of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.actuators.sounds import SHORTEST_REPEAT_S, duration_s, wav
from edge.actuators.speech import RENDERED, catalogue, file_name
from edge.actuators.tones import SAMPLE_RATE_HZ, URGENT, motif, samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.actuators.tones import SoundClass

VOICES: Final = {"en": "en-gb", "de": "de", "fr": "fr-fr", "es": "es", "pt": "pt", "pl": "pl"}
"""Voice of espeak-ng for each language of the catalogue."""
WORDS_PER_MINUTE: Final = (160, 180, 200, 225, 250, 280)
"""Tried in this order until an urgent sentence fits [D]."""
PEAK: Final = 0.95
SILENT: Final = 0.01
"""Share of full scale below which the ends of a sentence are cut [D]."""
MARGIN_S: Final = 0.15
"""Pause before the sentence, and the start of the player."""


class RenderError(Exception):
    """A sentence cannot be rendered. The message says what to do."""


def main() -> int:
    """Render what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", action="append", choices=sorted(VOICES), help="default: all; may be repeated")
    parser.add_argument(
        "--out", type=Path, default=RENDERED, help="a folder a language is made here (default: %(default)s)"
    )
    args = parser.parse_args()
    try:
        for language in args.language or VOICES:
            made, longest_s = render(language, args.out / language)
            print(f"{language}: {made} sentences in {args.out / language}, the longest urgent one {longest_s:.2f} s")
    except (RenderError, OSError) as error:
        print(f"render_speech: {error}", file=sys.stderr)
        return 1
    return 0


def render(language: str, folder: Path) -> tuple[int, float]:
    """Render a language; return how many sentences and the duration of the longest urgent one."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted: dict[str, bytes] = {}
    longest_s = 0.0
    for sound, sentences in catalogue()[language].items():
        for urgency, sentence in sentences.items():
            speech = wav(
                _fitting(language, sound, sentence) if urgency == "urgent" else _speak(language, sentence, 160)
            )
            if urgency == "urgent":
                longest_s = max(longest_s, duration_s(speech))
            wanted[file_name(sound, urgency, sentence)] = speech
    for stale in {path.name for path in folder.glob("*.wav")} - wanted.keys():
        (folder / stale).unlink()
    for name, speech in wanted.items():
        (folder / name).write_bytes(speech)
    return len(wanted), longest_s


def room_s(sound: SoundClass) -> float:
    """Return how long an urgent sentence of a class may take."""
    return SHORTEST_REPEAT_S - MARGIN_S - len(samples(motif(sound, URGENT))) / SAMPLE_RATE_HZ


def _fitting(language: str, sound: SoundClass, sentence: str) -> NDArray[np.float32]:
    for speed in WORDS_PER_MINUTE:
        speech = _speak(language, sentence, speed)
        if len(speech) / SAMPLE_RATE_HZ <= room_s(sound):
            return speech
    raise RenderError(
        f"{language}: {sentence!r} takes {len(speech) / SAMPLE_RATE_HZ:.2f} s at {speed} words a minute and may take "
        f"{room_s(sound):.2f}; shorten it in edge/actuators/sentences.yaml"
    )


def _speak(language: str, sentence: str, words_per_minute: int) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "sentence.wav"
        try:
            subprocess.run(
                ["espeak-ng", "-v", VOICES[language], "-s", str(words_per_minute), "-w", str(path), sentence],
                check=True,
                capture_output=True,
            )
        except FileNotFoundError:
            raise RenderError("espeak-ng is not installed; sudo apt install espeak-ng") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise RenderError(f"espeak-ng cannot speak {language} ({said}); sudo apt install espeak-ng-data") from None
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, SAMPLE_RATE_HZ):
                raise RenderError(
                    f"this espeak-ng does not speak at {SAMPLE_RATE_HZ} Hz, mono, 16 bit; use version 1.50+"
                )
            speech = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768.0
    loud = np.flatnonzero(np.abs(speech) > SILENT)
    if not len(loud):
        raise RenderError(f"espeak-ng was silent for {sentence!r}; reinstall espeak-ng-data")
    speech = speech[loud[0] : loud[-1] + 1]
    return speech * np.float32(PEAK / np.abs(speech).max())


if __name__ == "__main__":
    sys.exit(main())
