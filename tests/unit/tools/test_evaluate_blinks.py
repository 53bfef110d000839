"""Blink sequences: films from windows, labels in their forms, windows alone without labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest
from evaluation import blink_sequences

BLINKS = np.zeros((6, 30, 4), np.float32)
BLINKS[:, 0, 0] = np.arange(6)
"""The first number of a window names it."""

STATED = [(0.8, 0.1, 0.1), (0.3, 0.4, 0.3), (0.1, 0.2, 0.7), (0.2, 0.5, 0.3), (0.1, 0.6, 0.3), (0.6, 0.2, 0.2)]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each window be answered as scripted."""
    monkeypatch.setattr(blink_sequences, "vigilance_probabilities", lambda window: STATED[int(window[0][0])])


def archive(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "blinks.npz", **({"blinks": BLINKS} | arrays))
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert evaluate.main(["blink-sequences", *map(str, arguments), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


SUBJECTS = np.array(["p", "p", "p", "q", "q", "q"])


@pytest.mark.parametrize(
    "label",
    [
        np.array([0, 0, 10, 5, 5, 0], np.int8),
        np.array([0, 0, 10, 5, 5, 0], np.float32),
        np.array(["alert", "Alert", "drowsy", "low vigilant", "low_vigilant", "alert"]),
    ],
)
def test_a_film_is_the_mean_over_the_windows_of_one_person_and_label(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, label: np.ndarray
) -> None:
    document = run(capsys, archive(tmp_path, label=label, subject=SUBJECTS))
    assert (document["n"], document["item"], document["items"]) == (4, "film", 6)
    assert {name: one["n"] for name, one in document["per_class"].items()} == {
        "alert": 2,
        "low_vigilant": 1,
        "drowsy": 1,
    }
    # The second window alone would be wrong; with the first, alert has .55.
    assert document["accuracy"] == 1.0
    assert document["windows"]["n"] == 6
    assert document["windows"]["accuracy"] == pytest.approx(5 / 6, abs=1e-6)
    assert document["by_subject"]["q"]["n"] == 2


def test_three_classes_count_whatever_the_set_has(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = run(capsys, archive(tmp_path, label=np.array([0, 0, 0, 10, 0, 0]), subject=SUBJECTS))
    assert list(document["per_class"]) == ["alert", "low_vigilant", "drowsy"]
    assert document["confusion"]["drowsy"] == {"low_vigilant": 1}


def test_without_subjects_each_window_is_a_film(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = run(capsys, archive(tmp_path, label=np.array([0, 0, 10, 5, 5, 0])))
    assert document["n"] == 6
    assert document["notes"] == ["no `subject`: each window counts as a film of its own"]
    assert document["by_subject"] == {}


def test_without_labels_every_window_is_answered_and_every_person_beside(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    document = run(capsys, archive(tmp_path, subject=SUBJECTS), "--predictions", out)
    assert (document["n"], document["item"], document["accuracy"]) == (6, "window", None)
    assert document["groups"]["p"]["n"] == 3
    assert document["groups"]["p"]["probabilities"]["alert"] == pytest.approx(0.4)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in lines] == list(range(6))
    assert lines[2]["probabilities"] == {"alert": 0.1, "low_vigilant": 0.2, "drowsy": 0.7}


def test_blinks_alone_are_answered(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = run(capsys, archive(tmp_path), "--predictions", tmp_path / "out.jsonl")
    assert (document["n"], document["groups"]) == (6, {})


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"blinks": BLINKS[:, :20]}, "is float32 (6, 20, 4); numbers [N, 30, 4] are read"),
        ({"blinks": BLINKS[:0]}, "is empty; there is nothing to evaluate"),
        ({"blinks": np.full((2, 30, 4), np.nan)}, "2 windows of"),
        ({"label": np.array([0, 0, 7, 5, 5, 0])}, "unknown label '7' (1x)"),
        ({"label": np.array([0, 0])}, "there are 6 rows"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arrays: dict[str, np.ndarray], said: str
) -> None:
    assert evaluate.main(["blink-sequences", str(archive(tmp_path, **arrays))]) == 1
    assert said in capsys.readouterr().err


def test_a_folder_without_an_archive_and_a_network_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert evaluate.main(["blink-sequences", str(tmp_path)]) == 1
    assert "holds no .npz archive" in capsys.readouterr().err
    assert evaluate.main(["blink-sequences", str(archive(tmp_path)), "--model", "expression"]) == 1
    assert "--model means nothing to blink-sequences" in capsys.readouterr().err
