"""The tones of the cab: a motif a class of warning, told apart by rhythm and by pitch, made of sine waves.

Pitches lie between 350 and 2,100 Hz: loud enough from a small speaker, and low enough for ears that have lost the high
ones [D on S ISO 7731]. The faster and the higher, the more urgent [S Edworthy, Loxley and Dennis 1991].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.types import AlertKind, Level

SoundClass = Literal[
    "health",
    "displayed_anger",
    "driver_absent",
    "fatigue",
    "distraction",
    "microsleep",
    "sleep",
    "unresponsive",
]
"""What the driver should be able to tell apart without looking."""

SAMPLE_RATE_HZ: Final = 22050
"""Enough for the pitches and their overtones, and the rate at which the sentences are rendered."""
AUDIBLE: Final = 2
URGENT: Final = 3
ALARM: Final = 4
_EDGE_S: Final = 0.008
"""Rise and fall of a note; without them it clicks [D]."""
_OVERTONES: Final = (1.0, 0.45, 0.25)
"""Strength of the note and of its multiples: a bare sine is easily masked by the engine [D]."""
_HIGHER: Final = 4 / 3
_FASTER: Final = 0.7
"""An urgent warning is the motif of its class a fourth higher, in 0.7 of the time, twice [D]."""
_PAUSE_S: Final = 0.1


class Note(NamedTuple):
    """One note, or with pitch 0 a rest."""

    pitch_hz: float
    length_s: float


_REST: Final = Note(0.0, 0.07)

MOTIFS: Final[dict[SoundClass, tuple[Note, ...]]] = {
    # Low and even: something does not work.
    "health": (Note(370.0, 0.2), Note(0.0, 0.15), Note(370.0, 0.2)),
    # One long soft note.
    "displayed_anger": (Note(494.0, 0.5),),
    # Low, high, low: is somebody there?
    "driver_absent": (Note(523.0, 0.1), _REST, Note(698.0, 0.1), _REST, Note(523.0, 0.2)),
    # Two long falling notes.
    "fatigue": (Note(784.0, 0.22), Note(0.0, 0.04), Note(587.0, 0.34)),
    # Three short even beeps.
    "distraction": (Note(988.0, 0.09), _REST, Note(988.0, 0.09), _REST, Note(988.0, 0.09)),
    # Six rapid high beeps.
    "microsleep": (Note(1319.0, 0.07), Note(0.0, 0.05)) * 6,
    # A siren of two tones.
    "sleep": (Note(1175.0, 0.18), Note(880.0, 0.18)) * 3,
    # A trill that rises three times.
    "unresponsive": tuple(Note(pitch_hz, 0.06) for _ in range(3) for pitch_hz in (1047.0, 1319.0, 1568.0, 2093.0)),
}
SIGN_OF_LIFE: Final = (Note(659.0, 0.1), Note(880.0, 0.14))
"""Played once at the start: the driver hears that he would hear it."""

_CLASS_OF: Final[dict[AlertKind, SoundClass]] = {"vats": "distraction", "eyes_closed": "microsleep"}


def sound_class(kind: AlertKind) -> SoundClass:
    """Return the class by which a kind of alert sounds; repeated looks aside sound as a long one does."""
    return _CLASS_OF.get(kind) or kind  # type: ignore[return-value]  # the other kinds are classes by their own name


def motif(sound: SoundClass, level: Level) -> tuple[Note, ...]:
    """Return the notes of a class at a level from 2 (warning) up."""
    notes = MOTIFS[sound]
    if level < URGENT or sound in {"microsleep", "sleep", "unresponsive"}:
        return notes
    urgent = tuple(Note(note.pitch_hz * _HIGHER, note.length_s * _FASTER) for note in notes)
    return (*urgent, Note(0.0, _PAUSE_S), *urgent)


def samples(notes: tuple[Note, ...]) -> NDArray[np.float32]:
    """Return the notes as mono samples in [-1, 1] at `SAMPLE_RATE_HZ`."""
    return np.concatenate([_note(note) for note in notes])


def _note(note: Note) -> NDArray[np.float32]:
    count = round(note.length_s * SAMPLE_RATE_HZ)
    if note.pitch_hz == 0.0:
        return np.zeros(count, np.float32)
    phase = 2.0 * np.pi * note.pitch_hz / SAMPLE_RATE_HZ * np.arange(count)
    wave = sum(strength * np.sin(multiple * phase) for multiple, strength in enumerate(_OVERTONES, 1))
    edge = np.minimum(1.0, np.arange(count) / (_EDGE_S * SAMPLE_RATE_HZ))
    shaped = wave / sum(_OVERTONES) * edge * edge[::-1]
    return np.asarray(shaped, np.float32)
