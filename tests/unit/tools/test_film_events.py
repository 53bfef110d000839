"""Darkened films, and the matching of found events with noted ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import darken_film
import film_events
import numpy as np
import pytest


def frames(count: int = 3) -> list[np.ndarray]:
    generator = np.random.default_rng(6)
    small = generator.integers(0, 255, (count, 12, 16)).astype(np.uint8)
    return [cv2.resize(frame, (160, 120), interpolation=cv2.INTER_CUBIC) for frame in small]


def test_a_darkened_frame_has_little_contrast_over_a_raised_black() -> None:
    night = darken_film.Night(contrast=0.2, black=30.0, noise=1.0)
    for bright, dark in zip(frames(), darken_film.darkened(iter(frames()), night), strict=True):
        assert dark.shape == bright.shape
        assert dark.dtype == np.uint8
        assert dark.std() < 0.3 * bright.std()
        assert 25 <= np.percentile(dark, 1) <= 40
        assert dark.max() < 30 + 0.2 * 255 + 6


def test_the_same_seed_gives_the_same_night() -> None:
    one, two = (list(darken_film.darkened(iter(frames()), darken_film.Night())) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_a_film_keeps_its_length_and_rate(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12.0, (160, 120))
    for frame in frames(5):
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    assert darken_film.write_night(tmp_path / "in.avi", tmp_path / "out.avi", darken_film.Night()) == 5
    video = cv2.VideoCapture(str(tmp_path / "out.avi"))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(12.0)
    assert len(list(darken_film.grey_frames(tmp_path / "out.avi"))) == 5


def test_what_is_no_film_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(SystemExit, match="not a film OpenCV can read"):
        darken_film.write_night(tmp_path / "no.mp4", tmp_path / "out.avi", darken_film.Night())


@pytest.mark.parametrize(
    ("found", "noted", "pairs"),
    [
        ([1.0, 2.0], [1.1, 2.2], 2),
        ([1.0, 1.1], [1.05], 1),
        ([1.0], [1.31], 0),
        ([], [1.0], 0),
        ([1.0, 1.4], [1.2, 1.6], 2),
    ],
)
def test_events_are_paired_once_within_the_margin(found: list[float], noted: list[float], pairs: int) -> None:
    assert film_events.paired(found, noted) == pairs


def test_a_kind_counts_only_on_films_watched_for_it() -> None:
    note = {
        "expected": {"blinks": 2, "look_aways": "some"},
        "events": [
            {"type": "blink", "start": 1.0, "end": 1.1},
            {"type": "blink", "start": 3.0, "end": 3.2},
            {"type": "yawn", "start": 5.0, "end": 8.0},
        ],
    }
    events = [
        {"type": "blink", "start_s": 1.2},
        {"type": "slow_blink", "start_s": 4.0},
        {"type": "yawn", "start_s": 5.0},
    ]
    counts = film_events.counts_of(note, events)
    assert list(counts) == ["blinks"]
    assert (counts["blinks"].noted, counts["blinks"].found, counts["blinks"].paired) == (2, 2, 1)
    assert counts["blinks"].f1 == 0.5


def test_a_short_look_aside_is_not_asked_for() -> None:
    note = {
        "expected": {"look_aways": 1},
        "events": [
            {"type": "head_turn_image_left", "start": 0.2, "end": 0.55},
            {"type": "head_turn_image_right", "start": 2.0, "end": 4.0},
        ],
    }
    counts = film_events.counts_of(note, [{"type": "look_away", "start_s": 2.1}])
    assert film_events.cell(counts["looks aside"]) == "1, 1, 1"
    assert film_events.Count().f1 is None
