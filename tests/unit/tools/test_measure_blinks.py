"""Blinks measured by the daemon and by the formula of the set, on drawn blinks whose answer is known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import measure_blinks
import numpy as np
import pytest
from measure_blinks import DAEMON, Blink, Film

if TYPE_CHECKING:
    from pathlib import Path

FPS = 30.0


def drawn(depths: list[float], falls_s: float = 0.1, shut_s: float = 0.1, rises_s: float = 0.2) -> Film:
    """Draw a blink of each depth, two seconds apart: straight down, shut, straight up."""
    t_s = np.arange(round((2.0 * len(depths) + 1.0) * FPS)) / FPS
    curve = np.ones(len(t_s))
    for number, depth in enumerate(depths):
        since = t_s - 2.0 * number - 1.0
        knots = [0.0, falls_s, falls_s + shut_s, falls_s + shut_s + rises_s]
        curve -= np.interp(since, knots, [0.0, depth, depth, 0.0])
    return Film([round(t * 1e9) for t in t_s], list(curve), 0.1 + 0.2 * curve)


def test_both_measures_find_the_depth_and_differ_by_the_unit_alone() -> None:
    blinks = measure_blinks.measured_twice(drawn([0.8, 0.9, 1.0]))
    assert [blink[DAEMON].amplitude for blink in blinks] == pytest.approx([0.8, 0.9, 1.0], abs=0.05)
    report = measure_blinks.compared(blinks)
    assert report["blinks"] == 3
    assert report["amplitude"]["formula on openness"]["ratio"][1] == pytest.approx(1.0, abs=0.06)
    assert report["amplitude"]["formula on aspect ratio"]["ratio"][1] == pytest.approx(0.2, abs=0.02)
    assert report["amplitude"]["formula on aspect ratio"]["correlation"] > 0.95


def test_the_formula_measures_the_whole_movement() -> None:
    film = drawn([1.0])
    curve = np.array(film.openness, float)
    t_s = np.array(film.t_ns) / 1e9
    blink = measure_blinks.by_formula(curve, t_s, 30, 42)
    assert blink.amplitude == pytest.approx(1.0)
    assert blink.duration_s == pytest.approx(0.4, abs=0.04)
    assert blink.velocity_per_s == pytest.approx(1.0 / (0.2 + 2 / 30), rel=0.1)


def test_a_long_closure_is_left_out() -> None:
    assert measure_blinks.measured_twice(drawn([1.0], shut_s=1.4)) == []


def test_smoothing_keeps_a_straight_line_and_the_depth_of_a_blink() -> None:
    line = np.linspace(0.2, 0.4, 20)
    assert measure_blinks.smoothed(line)[2:-2] == pytest.approx(line[2:-2])
    film = drawn([1.0])
    assert measure_blinks.smoothed(film.aspect_ratio).min() == pytest.approx(0.1, abs=0.02)


def test_a_folder_without_a_list_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["measure_blinks.py", str(tmp_path)])
    with pytest.raises(SystemExit):
        measure_blinks.main()
    assert "index.csv" in capsys.readouterr().err


def test_films_without_a_blink_are_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.csv").write_text("file,blinks\na.mp4,2\nb.mp4,0\nc.mp4,\n")
    seen: list[str] = []

    def nothing(path: Path) -> Film:
        seen.append(path.name)
        return drawn([])

    monkeypatch.setattr(measure_blinks, "watched", nothing)
    monkeypatch.setattr(sys, "argv", ["measure_blinks.py", str(tmp_path)])
    assert measure_blinks.main() == 1
    assert seen == ["a.mp4"]
    assert "no blink" in capsys.readouterr().err


def test_the_eye_aspect_ratio_of_a_drawn_eye() -> None:
    points = np.zeros((468, 3))
    for eye in measure_blinks.EYES:
        for index, place in zip(eye, [(0, 0), (3, 2), (7, 2), (10, 0), (7, -1), (3, -1)], strict=True):
            points[index, :2] = place
    assert measure_blinks.aspect_ratio(points) == pytest.approx(0.3)
    assert Blink._fields == ("amplitude", "duration_s", "velocity_per_s")
