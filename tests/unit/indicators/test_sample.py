from __future__ import annotations

import math

import pytest

from edge.indicators.sample import distribution, read_sample
from edge.types import EXPRESSIONS, FaceObservation, Quality

FIELDS = {
    "eye_openness_left": "left",
    "eye_openness_right": "right",
    "mouth_ratio": "mouth_ratio",
    "yawn_probability": "yawn_probability",
    "yaw_deg": "yaw_deg",
    "pitch_deg": "pitch_deg",
}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e6])
@pytest.mark.parametrize("field", FIELDS)
def test_what_is_no_number_or_out_of_range_is_not_seen(field: str, value: float) -> None:
    sample = read_sample(FaceObservation(t_ns=0, face=0.9, **{field: value}))
    assert getattr(sample, FIELDS[field]) is None


@pytest.mark.parametrize("face", [None, math.nan, 1.5, -0.1])
def test_without_a_face_nothing_else_is_read(face: float | None) -> None:
    sample = read_sample(FaceObservation(t_ns=0, face=face, eye_openness_left=1.0, yaw_deg=3.0))
    assert (sample.face, sample.left, sample.yaw_deg) == (None, None, None)


@pytest.mark.parametrize(("reason", "left"), [("dark", None), ("sunglasses", None), ("ok", 0.1), ("head_turn", 0.1)])
def test_eyes_that_are_declared_unusable_are_not_read(reason: str, left: float | None) -> None:
    quality = Quality(reason=reason)  # type: ignore[arg-type]
    assert read_sample(FaceObservation(t_ns=0, face=0.9, eye_openness_left=0.1, quality=quality)).left == left


def test_a_full_distribution_keeps_its_order() -> None:
    given = dict.fromkeys(EXPRESSIONS, 0.1) | {"anger": 0.4}
    found = distribution(given)
    assert found is not None
    assert found[EXPRESSIONS.index("anger")] == pytest.approx(0.4)
    assert sum(found) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"contempt": 1.0},
        {"anger": math.nan},
        {"anger": -0.1},
        {"anger": 0.9, "fear": 0.9},
        {"anger": math.inf},
    ],
)
def test_what_is_no_distribution_is_not_seen(given: dict[str, float] | None) -> None:
    assert distribution(given) is None


def test_zero_everywhere_is_no_distribution() -> None:
    assert distribution(dict.fromkeys(EXPRESSIONS, 0.0)) is None
