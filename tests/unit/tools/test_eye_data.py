"""Which eyes count as open or closed in training, and that nobody stands on both sides of a split."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[3] / "tools" / "train" / "eye_data.py"
spec = importlib.util.spec_from_file_location("eye_data_under_test", PATH)
assert spec is not None
assert spec.loader is not None
eye_data = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = eye_data
spec.loader.exec_module(eye_data)


def eyes(ratios: list[float], *, noted: list[str] | None = None, spread: float = 0.0) -> dict[str, np.ndarray]:
    n = len(ratios)
    both = np.array(ratios, np.float32)[:, None] + np.array([-spread, spread], np.float32)
    return {
        "canvas": np.random.default_rng(2).integers(0, 255, (n, 112, 112)).astype(np.uint8),
        "ratios": both,
        "iris": np.full((n, 3), 10.0),
        "person": np.array([f"p{k % 3}" for k in range(n)]),
        "name": np.array([f"{k}.jpg" for k in range(n)]),
        "noted": np.array(noted or [""] * n),
    }


def states(found: object) -> list[float | None]:
    return [s if w else None for s, w in zip(found.state.tolist(), found.state_weight.tolist(), strict=True)]


def test_the_teacher_is_believed_only_far_from_the_doubtful() -> None:
    found = eye_data.labelled(eyes([0.03, 0.1, 0.14, 0.2]), "fer", {})
    assert states(found) == [0.0, None, None, 1.0]


def test_a_teacher_whose_answers_spread_is_not_believed() -> None:
    found = eye_data.labelled(eyes([0.02, 0.22], spread=0.05), "fer", {})
    assert states(found) == [None, None]
    assert found.openness_weight.max() < 0.2


def test_what_a_person_saw_goes_before_the_teacher() -> None:
    notes = {("yawdd", "0.jpg"): "closed", ("yawdd", "1.jpg"): "open", ("yawdd", "2.jpg"): "unclear"}
    found = eye_data.labelled(eyes([0.2, 0.1, 0.2]), "yawdd", notes)
    assert states(found) == [0.0, 1.0, None]
    assert found.openness[0] <= 0.15
    assert found.openness[1] >= 0.5
    assert found.openness_weight[2] == 0.0


def test_a_frame_in_a_noted_blink_is_closed_only_once_the_lid_is_down() -> None:
    found = eye_data.labelled(eyes([0.05, 0.2, 0.2, 0.05], noted=["closed", "closed", "open", "open"]), "clips", {})
    assert states(found) == [0.0, None, 1.0, None]


def test_ready_crops_keep_their_label_whatever_the_teacher_says() -> None:
    found = eye_data.labelled(eyes([0.25, 0.02], noted=["closed", "open"]), "webcam", {})
    assert states(found) == [0.0, 1.0]
    assert found.sides.tolist() == [112.0, 112.0]


def test_no_iris_is_painted_on_a_closed_eye() -> None:
    found = eye_data.labelled(eyes([0.03, 0.22]), "fer", {})
    assert found.irises[0, 2] == 0.0
    assert found.irises[1, 2] == 10.0


def test_near_copies_and_mirrored_ones_share_a_group_and_others_do_not() -> None:
    generator = np.random.default_rng(4)
    blocks = generator.integers(0, 255, (3, 14, 14)).astype(np.uint8)
    one, two, three = (np.kron(block, np.ones((8, 8), np.uint8)) for block in blocks)
    noisy = np.clip(one.astype(int) + generator.integers(-6, 6, one.shape), 0, 255).astype(np.uint8)
    numbers = eye_data.clusters(np.stack([one, two, noisy, three, two]))
    assert numbers[0] == numbers[2]
    assert numbers[1] == numbers[4]
    assert len(set(numbers.tolist())) == 3


def test_a_person_is_always_in_one_fold() -> None:
    found = eye_data.labelled(eyes([0.2] * 30), "yawdd", {})
    for group in set(found.group.tolist()):
        assert len(set(found.fold[found.group == group].tolist())) == 1


def test_an_eye_may_be_taken_out_with_all_that_is_known_of_it() -> None:
    found = eye_data.labelled(eyes([0.03, 0.22, 0.2]), "fer", {})
    some = found.take(np.array([False, True, False]))
    assert len(some) == 1
    assert some.name.tolist() == ["1.jpg"]


def test_the_notes_hold_three_words_and_name_each_eye_once() -> None:
    with eye_data.NOTES.open(encoding="utf-8") as lines:
        rows = lines.read().splitlines()[1:]
    assert len(rows) == len(eye_data.read_notes()) > 400
    assert set(eye_data.read_notes().values()) == {"open", "closed", "unclear"}


@pytest.mark.parametrize("source", ["yawdd", "nir", "wild"])
def test_narrow_eyes_that_nobody_looked_at_are_not_called_closed(source: str) -> None:
    assert states(eye_data.labelled(eyes([0.02, 0.08]), source, {})) == [None, None]
