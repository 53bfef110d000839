from __future__ import annotations

import pytest

from edge.config.rules import Openness
from edge.indicators.openness import eye_openness
from edge.indicators.sample import Sample
from edge.types import EyeBaseline

RULES = Openness()
POPULATION = EyeBaseline()


def sample(**fields: float) -> Sample:
    made = Sample()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_both_eyes_are_averaged() -> None:
    assert eye_openness(sample(left=0.6, right=0.8), POPULATION, RULES) == pytest.approx(0.7)


def test_one_eye_is_enough() -> None:
    assert eye_openness(sample(left=0.6), POPULATION, RULES) == 0.6
    assert eye_openness(sample(right=0.6), POPULATION, RULES) == 0.6
    assert eye_openness(sample(), POPULATION, RULES) is None


@pytest.mark.parametrize(("yaw_deg", "expected"), [(31.0, 0.9), (-31.0, 0.1), (29.0, 0.5), (-29.0, 0.5)])
def test_a_turned_head_leaves_the_near_eye(yaw_deg: float, expected: float) -> None:
    # A face turned to the image's right shows the driver's right eye to the camera.
    found = eye_openness(sample(left=0.1, right=0.9, yaw_deg=yaw_deg), POPULATION, RULES)
    assert found == pytest.approx(expected)


def test_the_far_eye_alone_is_unseen() -> None:
    assert eye_openness(sample(left=0.0, yaw_deg=40.0), POPULATION, RULES) is None


@pytest.mark.parametrize(("left", "right", "expected"), [(0.9, 0.2, 0.1), (0.2, 0.9, 0.8), (0.5, 0.5, 0.45)])
def test_the_surer_eye_counts_when_they_differ(left: float, right: float, expected: float) -> None:
    eyes = sample(left=0.1, right=0.8, certainty_left=left, certainty_right=right)
    assert eye_openness(eyes, POPULATION, RULES) == pytest.approx(expected)


def test_unknown_certainty_counts_as_equal() -> None:
    assert eye_openness(sample(left=0.1, right=0.8, certainty_left=0.9), POPULATION, RULES) == pytest.approx(0.45)


def test_the_own_baseline_scales_and_clips() -> None:
    own = EyeBaseline(open_left=0.8, open_right=0.7, closed=0.1)
    assert eye_openness(sample(left=0.45), own, RULES) == pytest.approx(0.5)
    assert eye_openness(sample(right=0.1), own, RULES) == 0.0
    assert eye_openness(sample(left=2.0), own, RULES) == 1.2
