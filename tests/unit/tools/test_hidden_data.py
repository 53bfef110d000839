"""Which eyes count as hidden in training, which are left out, and that nobody stands on both sides of a split."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TRAIN = Path(__file__).parents[3] / "tools" / "train"


@pytest.fixture
def hidden_data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TRAIN))
    for name in ("eye_data", "hidden_data"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__("hidden_data")


def notes(name: str) -> list[dict[str, str]]:
    with (TRAIN / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def harvest(path: Path, names: list[str], away_deg: list[float]) -> None:
    n = len(names)
    np.savez(
        path,
        canvas=np.random.default_rng(2).integers(0, 255, (n, 112, 112)).astype(np.uint8),
        ratios=np.full((n, 2), 0.2, np.float32),
        iris=np.full((n, 3), 10.0),
        person=np.array([f"p{k}" for k in range(n)]),
        name=np.array(names),
        noted=np.array([""] * n),
        away_deg=np.array(away_deg),
    )


def test_every_hidden_picture_shows_noted_glasses() -> None:
    worn = {(row["set"], row["name"]) for row in notes("glasses_notes.csv") if row["glasses"] == "1"}
    hidden = {(row["set"], row["name"]) for row in notes("hidden_notes.csv")}
    assert len(hidden) > 150
    assert hidden <= worn


def test_eyes_are_hidden_as_noted_far_ones_and_unnoted_drivers_left_out(
    hidden_data: ModuleType, tmp_path: Path
) -> None:
    drivers = [row for row in notes("glasses_notes.csv") if row["set"] == "yawdd"]
    dark = next(row["name"] for row in notes("hidden_notes.csv") if row["set"] == "yawdd")
    bare = next(row["name"] for row in drivers if row["glasses"] == "0")
    harvest(
        tmp_path / "yawdd.npz",
        [f"{dark}/r", f"{dark}/l", f"{bare}/r", "nobody/0.jpg/r"],
        [0.0, hidden_data.FAR_EYE_DEG + 1, -30.0, 0.0],
    )
    harvest(tmp_path / "rgb.npz", ["open/1.jpg"], [0.0])
    found = hidden_data.load_hidden(tmp_path)
    of = dict(zip(found.eyes.name.tolist(), found.hidden.tolist(), strict=True))
    assert of == {f"{dark}/r": True, f"{bare}/r": False, "open/1.jpg": False}
    assert dict(zip(found.eyes.name.tolist(), found.glasses.tolist(), strict=True))[f"{dark}/r"]
    sides = dict(zip(found.eyes.source.tolist(), found.eyes.sides.tolist(), strict=True))
    assert sides == {"rgb": 112.0, "yawdd": pytest.approx(112.0 * hidden_data.SCALE / 3.6)}


def test_a_film_is_on_one_side_of_every_split(hidden_data: ModuleType, tmp_path: Path) -> None:
    drivers = [row for row in notes("glasses_notes.csv") if row["set"] == "yawdd"]
    harvest(tmp_path / "yawdd.npz", [f"{row['name']}/r" for row in drivers], [0.0] * len(drivers))
    found = hidden_data.load_hidden(tmp_path)
    folds = {film: set(found.eyes.fold[found.films == film].tolist()) for film in np.unique(found.films)}
    assert {len(sides) for sides in folds.values()} == {1}
    assert set(found.eyes.fold.tolist()) == set(range(hidden_data.FOLDS))
