"""The tones are told apart by what comes out of the speaker, not by their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
import pytest

from edge.actuators.tones import MOTIFS, SAMPLE_RATE_HZ, SIGN_OF_LIFE, SoundClass, motif, samples, sound_class
from edge.types import AlertKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = get_args(SoundClass)
FRAME_S = 0.01


class Heard(NamedTuple):
    rhythm: tuple[int, ...]
    """Lengths of sound and silence in turn, in frames of 10 ms."""
    pitches_hz: tuple[int, ...]
    """The pitch of each stretch of sound, rounded to a tenth of an octave."""
    beats_per_s: float


def heard(wave: NDArray[np.float32]) -> Heard:
    """Listen: where there is sound, and at which pitch, from the samples alone."""
    frame = round(FRAME_S * SAMPLE_RATE_HZ)
    frames = wave[: len(wave) // frame * frame].reshape(-1, frame)
    loud = np.sqrt((frames**2).mean(axis=1)) > 0.05
    edges = np.flatnonzero(np.diff(loud.astype(int))) + 1
    stretches = np.split(np.arange(len(loud)), edges)
    sounding = [stretch for stretch in stretches if loud[stretch[0]]]
    pitches = []
    for stretch in sounding:
        # Within a stretch the pitch may change: listen to its first 60 ms.
        piece = wave[stretch[0] * frame : (stretch[0] + min(len(stretch), 6)) * frame]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 15))
        hz = np.argmax(spectrum) * SAMPLE_RATE_HZ / (1 << 15)
        pitches.append(round(np.log2(hz) * 10))
    return Heard(
        tuple(len(stretch) for stretch in stretches), tuple(pitches), len(sounding) / (len(wave) / SAMPLE_RATE_HZ)
    )


def test_no_two_classes_share_a_rhythm_or_a_pitch_at_the_beginning() -> None:
    all_heard = {sound: heard(samples(MOTIFS[sound])) for sound in CLASSES}
    assert len({one.rhythm for one in all_heard.values()}) == len(CLASSES)
    assert len({one.pitches_hz for one in all_heard.values()}) == len(CLASSES)
    # What matters most stands out: its beginning is pitched above everything that may wait.
    lesser = [all_heard[name].pitches_hz[0] for name in ("health", "displayed_anger", "driver_absent", "fatigue")]
    assert min(all_heard[name].pitches_hz[0] for name in ("microsleep", "sleep", "unresponsive")) > max(lesser)


@pytest.mark.parametrize("sound", ["fatigue", "distraction", "driver_absent"])
def test_an_urgent_warning_is_higher_and_faster_and_still_the_same_motif(sound: SoundClass) -> None:
    warning, urgent = heard(samples(motif(sound, 2))), heard(samples(motif(sound, 3)))
    assert urgent.beats_per_s > 1.2 * warning.beats_per_s
    count = len(warning.pitches_hz)
    assert len(urgent.pitches_hz) == 2 * count
    for low, high in zip(warning.pitches_hz, urgent.pitches_hz[:count], strict=True):
        assert high - low == pytest.approx(np.log2(4 / 3) * 10, abs=1)


@pytest.mark.parametrize("sound", CLASSES)
@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_every_tone_is_loud_unclipped_and_begins_and_ends_without_a_click(sound: SoundClass, level: int) -> None:
    wave = samples(motif(sound, level))
    assert 0.6 < np.abs(wave).max() <= 1.0
    assert abs(wave[0]) < 0.01
    assert abs(wave[-1]) < 0.02
    assert np.abs(np.diff(wave)).max() < 0.9
    assert len(wave) / SAMPLE_RATE_HZ < 1.2


def test_each_kind_of_alert_has_a_class() -> None:
    classes = {kind: sound_class(kind) for kind in get_args(AlertKind)}
    assert set(classes.values()) == set(CLASSES)
    assert classes["vats"] == "distraction"


def test_the_sign_of_life_is_none_of_the_warnings() -> None:
    life = heard(samples(SIGN_OF_LIFE))
    assert all(heard(samples(MOTIFS[sound])).rhythm != life.rhythm for sound in CLASSES)
