"""Learning to tell glasses: the ridge, who is held out, and the notes."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from edge.vision.glasses import GlassesReader, strip_edges

TRAIN = Path(__file__).parents[3] / "tools/train"
sys.path.insert(0, str(TRAIN))
try:
    import glasses
finally:
    sys.path.remove(str(TRAIN))


def views(worn: np.ndarray, seed: int = 1) -> list[np.ndarray]:
    """Edges of which the first tells glasses; plain and mirrored."""
    random = np.random.default_rng(seed)
    noise = random.normal(0.0, 1.0, (2, len(worn), 5))
    noise[:, :, 0] += np.where(worn, 3.0, 0.0)
    return [*noise]


def test_the_ridge_finds_what_tells_and_weighs_both_states_alike() -> None:
    worn = np.arange(400) % 8 == 0
    seen = views(worn)
    weights = glasses.learnt(glasses.moments(seen, ~worn), glasses.moments(seen, worn))
    scores = seen[0] @ weights[:-1] + weights[-1]
    assert int(np.abs(weights[:-1]).argmax()) == 0
    assert scores[worn].mean() == pytest.approx(-scores[~worn].mean(), abs=0.1)
    assert ((scores > 0) == worn).mean() > 0.9


def test_taking_a_person_out_is_learning_without_him() -> None:
    worn = np.arange(200) % 3 == 0
    out = np.arange(200) < 40
    seen = views(worn)
    everybody = glasses.moments(seen, ~worn), glasses.moments(seen, worn)
    his = glasses.moments(seen, out & ~worn), glasses.moments(seen, out & worn)
    without = glasses.learnt(*(all_of.without(some) for all_of, some in zip(everybody, his, strict=True)))
    others = glasses.learnt(glasses.moments(seen, ~out & ~worn), glasses.moments(seen, ~out & worn))
    assert without == pytest.approx(others)


def test_the_notes_name_each_picture_once_and_each_film_has_one_state() -> None:
    with glasses.NOTES.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    names = [(row["set"], row["name"]) for row in rows]
    assert len(names) == len(set(names)) == 2661
    assert {row["glasses"] for row in rows} == {"0", "1"}
    assert {row["set"] for row in rows} == set(glasses.FOLDERS)
    films = defaultdict(set)
    for row in rows:
        if row["set"] != "wild":
            films[row["set"], row["film"]].add((row["glasses"], row["person"]))
    assert all(len(states) == 1 for states in films.values())


def test_the_weights_fit_the_edges() -> None:
    shipped = np.load(glasses.WEIGHTS, allow_pickle=False)
    assert shipped.dtype == np.float16
    assert len(shipped) == len(strip_edges(np.zeros((64, 96), np.uint8))) + 1
    assert np.isfinite(shipped).all()
    assert GlassesReader()
