"""Whose mouth is whose, that nobody stands on both sides of a split, and what is known of a mouth."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[3] / "tools" / "train" / "mouth_data.py"
spec = importlib.util.spec_from_file_location("mouth_data_under_test", PATH)
assert spec is not None
assert spec.loader is not None
mouth_data = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = mouth_data
spec.loader.exec_module(mouth_data)


def harvested(path: Path, labels: list[str], gaps: list[float], names: list[str] | None = None) -> Path:
    n = len(labels)
    np.savez(
        path,
        canvases=np.random.default_rng(3).integers(0, 255, (n, 64, 64)).astype(np.uint8),
        name=np.array(names or [f"{k}.jpg" for k in range(n)]),
        label=np.array(labels),
        subject=np.array([""] * n),
        view=np.array(["single"] * n),
        lip_gap=np.array(gaps, np.float32),
    )
    return path


def known(found: object, answer: str) -> list[float | None]:
    values, weights = getattr(found, answer), getattr(found, f"{answer}_weight")
    return [value if weight else None for value, weight in zip(values.tolist(), weights.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("label", "order", "person"),
    [("yawn", 1, 0), ("yawn", 40, 0), ("yawn", 41, 1), ("no_yawn", 24, 1), ("yawn", 546, 68), ("no_yawn", 2034, 68)],
)
def test_the_order_of_a_frame_tells_its_person(label: str, order: int, person: int) -> None:
    assert mouth_data.person_of(label, order) == person


def test_both_columns_of_the_persons_are_in_order() -> None:
    for column in (0, 1):
        starts = [pair[column] for pair in mouth_data.PERSON_STARTS if pair[column] is not None]
        assert starts == sorted(set(starts))


def test_whoever_is_held_out_is_in_no_fold() -> None:
    folds = [mouth_data.fold_of_person(person) for person in range(len(mouth_data.PERSON_STARTS))]
    assert folds[mouth_data.FILMED] == mouth_data.HELD_OUT
    assert set(folds[mouth_data.HELD_OUT_FROM :]) == {mouth_data.HELD_OUT}
    others = [fold for fold in folds if fold != mouth_data.HELD_OUT]
    assert others == sorted(others)
    assert set(others) == set(range(mouth_data.FOLDS))


def test_a_name_keeps_its_fold() -> None:
    folds = {mouth_data.fold_of_name(f"name {k}") for k in range(300)}
    assert folds == {mouth_data.HELD_OUT, *range(mouth_data.FOLDS)}
    assert mouth_data.fold_of_name("name 7") == mouth_data.fold_of_name("name 7")


def test_a_driver_who_yawns_has_an_open_mouth_and_a_calm_one_what_the_mesh_sees(tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    rows = [("y.jpg", "yawn", 1, "mirror"), ("d.jpg", "yawn", 4, "dash"), ("n.jpg", "no_yawn", 1, "mirror")]
    with index.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label", "order", "camera"), *rows])
    path = harvested(tmp_path / "yawdd.npz", ["yawn", "yawn", "no_yawn"], [0.0, 0.5, 0.1], ["y.jpg", "d.jpg", "n.jpg"])
    found = mouth_data.load_drivers(path, index)
    assert known(found, "yawn") == [1.0, 1.0, 0.0]
    assert known(found, "open") == [1.0, 1.0, None]
    assert set(found.group) == {"yawdd 0"}


def test_a_laugh_is_no_yawn_a_gaping_surprise_may_be_one(tmp_path: Path) -> None:
    path = harvested(tmp_path / "wild.npz", ["happiness", "surprise", "surprise", "neutral"], [0.6, 0.6, 0.2, 0.0])
    found = mouth_data.load_faces(path, "wild")
    assert known(found, "yawn") == [0.0, None, 0.0, 0.0]
    assert known(found, "open") == [1.0, 1.0, None, 0.0]
    assert found.speaking.tolist() == [True, False, True, False]


def test_near_copies_and_mirrored_ones_are_one_group() -> None:
    canvases = np.random.default_rng(4).integers(0, 255, (4, 64, 64)).astype(np.uint8)
    canvases[2] = canvases[0][:, ::-1]
    canvases[3] = np.clip(canvases[2].astype(int) + 3, 0, 255)
    assert mouth_data.copies(canvases).tolist() == [0, 1, 0, 0]


def test_nobody_is_in_two_folds(tmp_path: Path) -> None:
    path = harvested(tmp_path / "mouth_open.npz", ["open", "closed"] * 40, [np.nan] * 80)
    found = mouth_data.load_ready(path)
    for group in set(found.group):
        assert len(set(found.fold[found.group == group])) == 1
