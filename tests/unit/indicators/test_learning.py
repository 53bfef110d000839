"""What each part of the baseline waits for: the reason that is told is the reason for which nothing is learnt."""

from __future__ import annotations

import pytest

from edge.types import Quality
from tests.stories.builder import Drive, Told, face_of

RESTING = face_of(anger=0.05, disgust=0.05)
PARTS = ("eyes", "mouth", "pose", "neutral_expression")


def waits(told: Told) -> dict[str, str | None]:
    return {part.part: part.waits_for for part in told.engine.learning()}


def gained(before: Told, after: Told) -> dict[str, bool]:
    first = {part.part: part.progress for part in before.engine.learning()}
    return {part.part: part.progress > first[part.part] + 1e-9 for part in after.engine.learning()}


def drive() -> Drive:
    return Drive(fps=15, expression=RESTING).at_speed(80.0).ahead(5)


def test_a_driver_who_looks_at_the_road_teaches_every_part() -> None:
    told = drive().judge()
    assert waits(told) == dict.fromkeys(PARTS)


@pytest.mark.parametrize(
    ("fields", "waiting"),
    [
        ({"yaw_deg": 45.0}, {"eyes": "head_turn", "neutral_expression": "head_turn"}),
        (
            {"eye_openness_left": None, "eye_openness_right": None, "quality": Quality(reason="sunglasses", faces=1)},
            {"eyes": "sunglasses"},
        ),
        ({"eye_openness_left": None, "eye_openness_right": None}, {"eyes": "eyes_occluded"}),
        ({"mouth_ratio": None}, {"mouth": "mouth_unseen"}),
        ({"pitch_deg": None}, {"pose": "pose_unseen"}),
        ({"expression": None}, {"neutral_expression": "expression_unread"}),
        ({"expression": face_of(happiness=0.9)}, {"neutral_expression": "laughter"}),
        ({"face": None, "quality": Quality(reason="dark", faces=0)}, dict.fromkeys(PARTS, "dark")),
        ({"face": None, "quality": Quality(faces=0)}, dict.fromkeys(PARTS, "no_face")),
        (
            {"eye_openness_left": 0.03, "eye_openness_right": 0.03},
            dict.fromkeys(PARTS, "eyes_closed"),
        ),
    ],
)
def test_a_part_that_waits_gains_nothing_and_the_others_go_on(
    fields: dict[str, object], waiting: dict[str, str]
) -> None:
    # An expression stands for half a second, and eyes are shut for a while before he is taken to sleep.
    before = drive().show(2.0, **fields).judge()
    after = drive().show(4.0, **fields).judge()
    assert {part: wait for part, wait in waits(after).items() if wait is not None} == waiting
    assert gained(before, after) == {part: part not in waiting for part in PARTS}


def test_at_a_standstill_nothing_is_learnt_and_told_so() -> None:
    before = drive().at_speed(0.0).ahead(3).judge()
    after = drive().at_speed(0.0).ahead(9).judge()
    assert waits(after) == dict.fromkeys(PARTS, "standing")
    assert not any(gained(before, after).values())


def test_speech_keeps_the_resting_face_waiting() -> None:
    assert waits(drive().talking(6).judge())["neutral_expression"] == "speech"


def test_no_frames_are_told() -> None:
    assert waits(drive().silent(0.9).judge()) == dict.fromkeys(PARTS, "no_frames")


def test_minutes_that_were_thrown_away_are_counted() -> None:
    told = Drive(fps=15).at_speed(80.0).show(121, mouth_ratio=0.8, yaw_deg=25.0).judge()
    refused = {part.part: (part.progress < 1.0, part.refused) for part in told.engine.learning()}
    assert refused["mouth"] == (True, 2)
    assert refused["pose"] == (True, 2)


def test_what_is_learnt_waits_for_nothing() -> None:
    told = drive().ahead(60).closed(1.0).judge()
    assert all(part.progress == 1.0 and part.waits_for is None for part in told.engine.learning())
