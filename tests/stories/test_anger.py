"""Displayed anger: bouts are found, faces that rest are not accused."""

from __future__ import annotations

import random
from statistics import median

import pytest

from edge.types import EXPRESSIONS
from tests.stories.builder import Drive, face_of

RESTING = face_of(anger=0.05, disgust=0.05, happiness=0.05, sadness=0.05, surprise=0.05, fear=0.05)
ANGRY = face_of(anger=0.7, disgust=0.05)
FPS = 5.0
"""The shares are of time: the rate only has to resolve the bursts."""


def bursts(share: float, burst_s: float, seed: int, rest: dict[str, float] = RESTING):  # noqa: ANN201
    """Anger that fills `share` of the time in bursts of `burst_s` on average, both exponential."""
    seeded = random.Random(seed)
    state = {"angry": False, "until_s": 0.0}

    def scene(at_s: float) -> dict[str, object]:
        while at_s >= state["until_s"]:
            state["angry"] = not state["angry"] if state["until_s"] else seeded.random() < share
            mean_s = burst_s if state["angry"] else burst_s * (1 - share) / share
            state["until_s"] += seeded.expovariate(1 / mean_s)
        return {"expression": ANGRY if state["angry"] else rest}

    return scene


def anger_alerts(drive: Drive) -> list[float]:
    return [story.start_s for story in drive.judge().alerts("displayed_anger")]


@pytest.mark.parametrize("hours", [1.0, pytest.param(10.0, marks=pytest.mark.full)])
def test_hours_of_a_neutral_face_with_false_anger_frames(hours: float) -> None:
    found = anger_alerts(Drive(fps=FPS).show(3600 * hours, bursts(0.1, 2.0, seed=1)))
    assert len(found) <= 0.1 * hours


def test_a_bout_of_a_minute_at_75_percent_recall_is_found_in_time() -> None:
    latencies = []
    for seed in range(12):
        drive = (
            Drive(fps=FPS).show(90, expression=RESTING).show(60, bursts(0.75, 3.0, seed)).show(60, expression=RESTING)
        )
        found = anger_alerts(drive)
        assert found, f"seed {seed}"
        latencies.append(found[0] - 90)
    assert median(latencies) <= 25


def test_any_camera_finds_the_same_bouts_at_the_same_time(any_camera: dict[str, float]) -> None:
    def found(camera: dict[str, float], seed: int) -> list[float]:
        calm = Drive(**camera).show(200, bursts(0.1, 2.0, seed))
        return anger_alerts(calm.show(60, bursts(0.75, 3.0, seed)))

    for seed in (3, 4):
        reference = found({"fps": FPS}, seed)
        assert len(reference) == 1
        assert reference[0] > 200
        assert found(any_camera, seed) == [pytest.approx(reference[0], abs=1.0)]


def test_an_angry_resting_face_is_learnt() -> None:
    resting = face_of(anger=0.5, disgust=0.05)
    assert anger_alerts(Drive(fps=FPS).show(1800, expression=resting)) == []
    assert anger_alerts(Drive(fps=FPS).show(120, expression=resting).show(60, expression=face_of(anger=0.97))) != []


def test_a_bout_while_learning_is_found_and_not_learnt() -> None:
    drive = Drive(fps=FPS).show(20, expression=RESTING).show(30, expression=ANGRY).show(60, expression=RESTING)
    assert anger_alerts(drive) == [pytest.approx(20 + 18, abs=0.5)]
    assert len(anger_alerts(drive.show(400, expression=RESTING).show(60, expression=ANGRY))) == 2


def test_a_short_bout_while_learning_does_not_make_the_next_one_look_calm() -> None:
    drive = Drive(fps=FPS).show(25, expression=RESTING).show(15, expression=ANGRY).show(30, expression=RESTING)
    assert len(anger_alerts(drive.show(60, expression=face_of(anger=0.5)))) == 1


def test_speaking_time_is_excluded() -> None:
    def shouting(at_s: float) -> dict[str, object]:
        return {"expression": ANGRY, "mouth_ratio": 0.3 + 0.3 * (int(at_s * 5) % 2)}

    drive = Drive(fps=10.0).show(70, expression=RESTING).show(60, shouting)
    told = drive.judge()
    assert told.alerts("displayed_anger") == []


def test_valence_and_arousal_must_support_anger_where_they_exist() -> None:
    calm = {"expression": ANGRY, "valence": 0.1, "arousal": 0.5}
    hostile = {"expression": ANGRY, "valence": -0.5, "arousal": 0.5}
    assert anger_alerts(Drive(fps=FPS).show(70, expression=RESTING).show(60, **calm)) == []
    assert anger_alerts(Drive(fps=FPS).show(70, expression=RESTING).show(60, **hostile)) != []


def test_the_second_episode_within_ten_minutes_is_level_2() -> None:
    drive = Drive(fps=FPS).show(70, expression=RESTING).show(40, expression=ANGRY).show(390, expression=RESTING)
    stories = drive.show(60, expression=ANGRY).judge().alerts("displayed_anger")
    assert [story.level for story in stories] == [1, 2]


def test_after_an_alert_none_opens_for_five_minutes() -> None:
    drive = Drive(fps=FPS).show(70, expression=RESTING)
    for _ in range(5):
        drive.show(40, expression=ANGRY).show(75, expression=RESTING)
    first, second = drive.judge().alerts("displayed_anger")
    assert first.end_s is not None
    assert second.start_s - first.end_s >= 300


def test_below_10_kmh_no_anger_is_told() -> None:
    drive = Drive(fps=FPS).at_speed(5.0).show(70, expression=RESTING).show(60, expression=ANGRY)
    assert anger_alerts(drive) == []


def test_a_turned_or_small_face_is_not_read() -> None:
    for fields in ({"yaw_deg": 32.0}, {"quality": {"face_px": 40.0}}, {"quality": {"reason": "blur"}}):
        told = Drive(fps=FPS).show(70, expression=RESTING).show(60, expression=ANGRY, **fields).judge()
        assert told.alerts("displayed_anger") == []
        assert told.reading("expression_anger") is None


def test_the_network_may_run_on_every_third_frame() -> None:
    def every_third(at_s: float) -> dict[str, object]:
        return {"expression": ANGRY if round(at_s * 15) % 3 == 0 else None}

    told = Drive(fps=15).show(30, expression=RESTING).show(30, every_third).judge()
    assert told.reading("expression_anger") == pytest.approx(0.7, abs=0.01)
    assert len(told.alerts("displayed_anger")) == 1


def test_switched_off_no_key_and_no_alert_appears() -> None:
    told = Drive(fps=FPS).show(70, expression=RESTING).show(60, expression=ANGRY).judge(expression_enabled=False)
    assert told.alerts() == []
    names = set(told.engine.indicators().readings)
    assert not [
        name for name in names if name.startswith("expression") or "anger" in name or name in {"valence", "arousal"}
    ]


def test_missing_classes_share_what_is_left() -> None:
    told = Drive(fps=FPS).show(5, expression={"anger": 0.4}).judge()
    shares = [told.reading(f"expression_{name}") for name in EXPRESSIONS]
    assert sum(share for share in shares if share is not None) == pytest.approx(1.0)
    assert told.reading("expression_anger") == pytest.approx(0.4)
    assert told.reading("expression_fear") == pytest.approx(0.1)
