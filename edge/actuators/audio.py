"""Tones and speech through a speaker: each sound is one run of `aplay`.

Why `aplay` as a child and no library: it is part of every Raspberry Pi OS (alsa-utils), speaks to plain ALSA and to
PipeWire alike, and a sound card that hangs takes a child with it that can be killed, never the daemon. PortAudio and
its Python binding would bring a native library into the process that watches the driver.

Every sound lies ready in memory (memfd), so that no warning waits for the disk.
"""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from edge.actuators.base import ActuatorError
from edge.actuators.mixer import set_to_full
from edge.actuators.sounds import SoundKey, amplitude, duration_s, rendered, sign_of_life, sound_for
from edge.actuators.speech import Speech, SpeechError
from edge.actuators.tones import AUDIBLE, SoundClass
from edge.runtime.clock import NS_PER_S, Clock, SystemClock

if TYPE_CHECKING:
    from edge.config.schema import AudioOutput
    from edge.types import AlertKind, Level

logger = logging.getLogger(__name__)

ENDLESS_S: Final = 30.0
"""An alarm is handed over for so long at a time: if the daemon dies, the cab falls silent after it [D]."""
RENEW_S: Final = 20.0
"""A repeat of an alarm that has sounded for less leaves it alone, so that it does not stutter [D]."""
HUNG_S: Final = 3.0
"""A player that has not ended so long after its sound should have is hung [D]."""
KILL_S: Final = 0.5


class _Stored(NamedTuple):
    """One sound in memory."""

    fd: int
    length_s: float


class _Playing(NamedTuple):
    """One run of the player."""

    process: subprocess.Popen[bytes]
    errors_fd: int
    key: SoundKey | None
    begun_ns: int
    length_s: float


class AudioActuator:
    """Plays the sound of a warning; the next one takes its place."""

    name = "audio"

    def __init__(self, output: AudioOutput, player: str = "aplay", clock: Clock | None = None) -> None:
        """`player` is called as `player -q -D DEVICE FILE...` and plays WAV files one after another."""
        self._output = output
        self._player = player
        self._clock = clock or SystemClock()
        self._sounds: dict[SoundKey | None, _Stored] = {}
        self._playing: _Playing | None = None
        self._told_missing = False
        self._speech_note: str | None = None
        self._mixer_problem: str | None = None

    def gives(self, level: Level) -> bool:
        """Tell whether this level is audible: a notice is not, nor a warning at volume 0."""
        return level >= AUDIBLE and amplitude(level, self._output) > 0.0

    def open(self) -> None:
        """Look for the player and lay the sounds ready. Raises `ActuatorError` with a remedy."""
        self._silence()
        if which(self._player) is None:
            raise ActuatorError(f"{self._player} is not installed; sudo apt install alsa-utils")
        if not self._sounds:
            self._prepare()
        self._turn_up()

    def start(self, level: Level, kind: AlertKind) -> None:
        """Play the sound of the class and level; a notice is silence. Raises `ActuatorError`."""
        key = sound_for(kind, level)
        if key is None:
            self._silence()
        elif not self._goes_on(key):
            self.play(key)

    def play(self, key: SoundKey) -> None:
        """Play one sound in place of what plays. Raises `ActuatorError`."""
        self._silence()
        self._play(key)

    def stop(self) -> None:
        """Fall silent at once."""
        self._silence()

    def test(self) -> None:
        """Play the sign of life."""
        self._silence()
        self._play(None)

    def check(self) -> bool:
        """Tell whether a sound still plays. Raises `ActuatorError` when it failed or hangs."""
        playing = self._playing
        if playing is None:
            return False
        code = playing.process.poll()
        if code is None:
            if self._since_s(playing) <= playing.length_s + HUNG_S:
                return True
            self._silence()
            raise ActuatorError(
                f"{self._player} hangs on the device {self._output.device}; unplug and plug the speaker, "
                "or choose another device from `aplay -L` for cab.audio.device"
            )
        said = _text(playing.errors_fd)
        self._forget()
        if code != 0:
            raise ActuatorError(
                f"{self._player} cannot play on the device {self._output.device} ({said or f'exit code {code}'}); "
                "plug in the speaker, or choose another device from `aplay -L` for cab.audio.device"
            )
        return False

    def close(self) -> None:
        """Fall silent and free the memory of the sounds."""
        self._silence()
        while self._sounds:
            os.close(self._sounds.popitem()[1].fd)

    def _turn_up(self) -> None:
        """Set the card's mixer; a control that cannot be set is told, and the tones play as loud as they can."""
        if self._output.mixer is None:
            return
        problem = set_to_full(self._output.device, self._output.mixer)
        if problem is not None and problem != self._mixer_problem:
            logger.warning("%s", problem)
        self._mixer_problem = problem

    @property
    def note(self) -> str | None:
        """What is less than it should be although the output works."""
        return "; ".join(filter(None, (self._speech_note, self._mixer_problem))) or None

    def _prepare(self) -> None:
        speech = self._speech()
        self._sounds[None] = _stored(sign_of_life(self._output))
        for sound in get_args(SoundClass):
            for level in range(AUDIBLE, 6):
                key = SoundKey(sound, level)
                try:
                    self._sounds[key] = _stored(rendered(key, self._output, speech))
                except SpeechError as error:
                    logger.warning("%s", error)
                    self._speech_note = "some sentences cannot be read"
                    self._sounds[key] = _stored(rendered(key, self._output, None))

    def _speech(self) -> Speech | None:
        language = self._output.language
        if language == "none":
            return None
        folder = self._output.speech_dir
        speech = Speech(language, None if folder is None else Path(folder))
        if speech.missing:
            self._speech_note = f"{speech.missing} sentences not rendered, tones alone"
            if not self._told_missing:
                self._told_missing = True
                logger.warning(
                    "%d sentences (%s) are not rendered in %s: tones alone; sudo apt install espeak-ng, "
                    "then python tools/render_speech.py",
                    speech.missing,
                    language,
                    speech.folder,
                )
        return speech

    def _play(self, key: SoundKey | None) -> None:
        sound = self._sounds[key]
        times = max(1, round(ENDLESS_S / sound.length_s)) if key is not None and key.endless else 1
        errors_fd = os.memfd_create("edge-dms-player-errors")
        try:
            process = subprocess.Popen(
                [self._player, "-q", "-D", self._output.device, *[f"/dev/fd/{sound.fd}"] * times],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors_fd,
                pass_fds=(sound.fd,),
            )
        except OSError as error:
            os.close(errors_fd)
            raise ActuatorError(f"{self._player} cannot be started ({error.strerror}); reinstall alsa-utils") from error
        self._playing = _Playing(process, errors_fd, key, self._clock.monotonic_ns(), times * sound.length_s)

    def _goes_on(self, key: SoundKey) -> bool:
        """Tell whether this very alarm sounds already, and for long enough yet."""
        playing = self._playing
        if playing is None or playing.key != key or not key.endless:
            return False
        return playing.process.poll() is None and self._since_s(playing) < RENEW_S

    def _since_s(self, playing: _Playing) -> float:
        return (self._clock.monotonic_ns() - playing.begun_ns) / NS_PER_S

    def _silence(self) -> None:
        playing = self._playing
        if playing is None:
            return
        playing.process.kill()
        try:
            playing.process.wait(KILL_S)
        except subprocess.TimeoutExpired:
            raise ActuatorError(
                f"{self._player} cannot be ended, the sound card's driver hangs; unplug the speaker or restart"
            ) from None
        self._forget()

    def _forget(self) -> None:
        if self._playing is not None:
            os.close(self._playing.errors_fd)
            self._playing = None


def _stored(sound: bytes) -> _Stored:
    fd = os.memfd_create("edge-dms-sound")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(sound)
    return _Stored(fd, duration_s(sound))


def _text(fd: int) -> str:
    """Return the last line of what a player complained about, without the place in its source."""
    lines = os.pread(fd, 65536, 0).decode(errors="replace").strip().splitlines()
    return lines[-1].rpartition(": ")[2] if lines else ""
