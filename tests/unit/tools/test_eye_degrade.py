"""Darkened films, and the matching of found events with noted ones."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

TRAIN = Path(__file__).parents[3] / "tools" / "train"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TRAIN))
    spec = importlib.util.spec_from_file_location(name, TRAIN / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def degrade(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("eye_degrade", monkeypatch)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("eye_events", monkeypatch)


def frames(count: int = 3) -> list[np.ndarray]:
    generator = np.random.default_rng(6)
    small = generator.integers(0, 255, (count, 12, 16)).astype(np.uint8)
    return [cv2.resize(frame, (160, 120), interpolation=cv2.INTER_CUBIC) for frame in small]


def test_a_darkened_frame_has_little_contrast_over_a_raised_black(degrade: ModuleType) -> None:
    night = degrade.Night(contrast=0.2, black=30.0, noise=1.0)
    for bright, dark in zip(frames(), degrade.darkened(iter(frames()), night), strict=True):
        assert dark.shape == bright.shape
        assert dark.dtype == np.uint8
        assert dark.std() < 0.3 * bright.std()
        assert 25 <= np.percentile(dark, 1) <= 40
        assert dark.max() < 30 + 0.2 * 255 + 6


def test_the_same_seed_gives_the_same_night(degrade: ModuleType) -> None:
    one, two = (list(degrade.darkened(iter(frames()), degrade.Night())) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_a_film_keeps_its_length_and_rate(degrade: ModuleType, tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12.0, (160, 120))
    for frame in frames(5):
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    assert degrade.write_night(tmp_path / "in.avi", tmp_path / "out.avi", degrade.Night()) == 5
    video = cv2.VideoCapture(str(tmp_path / "out.avi"))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(12.0)
    assert len(list(degrade.grey_frames(tmp_path / "out.avi"))) == 5


def test_what_is_no_film_is_refused_in_words(degrade: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(SystemExit, match="not a film OpenCV can read"):
        degrade.write_night(tmp_path / "no.mp4", tmp_path / "out.avi", degrade.Night())


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
def test_events_are_paired_once_within_the_margin(
    events: ModuleType, found: list[float], noted: list[float], pairs: int
) -> None:
    assert events.matched(found, noted) == pairs
