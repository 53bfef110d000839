"""PERCLOS, blinks, yawns, nods and what they add up to."""

from __future__ import annotations

import math

import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from tests.stories.builder import Drive, S, drowsy


def test_a_face_lost_for_20_s_leaves_perclos_at_its_value(any_camera: dict[str, float]) -> None:
    before = drowsy(Drive(**any_camera), 90, 0.1).judge().reading("perclos60")
    after = drowsy(Drive(**any_camera), 90, 0.1).no_face(20).judge().reading("perclos60")
    assert before == pytest.approx(0.1, abs=0.03)
    assert after == pytest.approx(before, abs=1e-3)


def test_a_face_lost_for_60_s_leaves_no_perclos_and_never_a_higher_one(any_camera: dict[str, float]) -> None:
    drive = drowsy(Drive(**any_camera), 90, 0.1).no_face(60)
    told = drive.judge()
    assert told.reading("perclos60") is None
    assert told.engine.indicators().readings["perclos60"].reason == "no_face"
    values = [
        state.fatigue_alert_level for state in told.states() if state.t_ns > told.states()[0].t_ns + 90_000_000_000
    ]
    assert all(level <= 1 for level in values)


def test_perclos_does_not_count_normal_blinks() -> None:
    told = Drive(fps=30).blinking(120, per_minute=30, closed_s=0.2).judge()
    assert told.reading("perclos60") == 0.0
    assert told.reading("blink_rate") == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    ("share", "closed_s", "level"), [(0.05, 0.3, 0), (0.10, 0.6, 1), (0.20, 0.6, 2), (0.40, 0.6, 3)]
)
def test_levels_of_perclos(share: float, closed_s: float, level: int) -> None:
    told = drowsy(Drive(fps=15), 200, share, closed_s).judge()
    reached = max((story.level for story in told.alerts("fatigue")), default=0)
    assert reached == level


def test_fatigue_leaves_after_a_minute_below_its_exit() -> None:
    told = drowsy(Drive(fps=15), 120, 0.12).ahead(300).judge()
    (story,) = told.alerts("fatigue")
    assert story.reason == "recovered"
    assert story.end_s is not None
    # PERCLOS180 is below 0.06 when half of the drowsy time has left its window, and a minute has passed then.
    assert 120 + 60 + 60 < story.end_s < 120 + 180 + 60


def test_fatigue_falls_one_level_a_minute() -> None:
    told = drowsy(Drive(fps=15), 150, 0.4).ahead(500).judge()
    (story,) = told.alerts("fatigue")
    falling = [entry for entry in story.levels if entry[0] > 150]
    assert [level for _, level in falling] == [2, 1]
    assert falling[1][0] - falling[0][0] >= 60 - 1e-6


def test_fatigue_is_silent_below_50_kmh() -> None:
    assert drowsy(Drive(fps=15).at_speed(30.0), 100, 0.2).judge().alerts("fatigue") == []
    assert drowsy(Drive(fps=15).at_speed(51.0), 100, 0.2).judge().alerts("fatigue") != []


def test_fatigue_freezes_while_nobody_is_seen() -> None:
    told = drowsy(Drive(fps=15), 120, 0.12).no_face(300).judge()
    assert told.alerts("fatigue")[0].reason is None


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_twenty_minutes_of_normal_blinking_are_no_fatigue(fps: float) -> None:
    told = Drive(fps=fps).judge()
    drive = Drive(fps=fps)
    for index in range(120):
        drive.blinking(10, per_minute=50, closed_s=0.1 + 0.1 * (index % 11) / 10)
    told = drive.judge()
    assert told.alerts() == []
    level = told.reading("fatigue_level")
    assert level is not None
    assert level < 40.0


@pytest.mark.parametrize("camera", [{"fps": 10.0, "jitter": 0.3, "seed": 9}, {"fps": 15.0, "jitter": 0.3, "seed": 7}])
def test_normal_blinking_seen_slowly_or_unevenly_is_no_fatigue(camera: dict[str, float]) -> None:
    drive = Drive(**camera)
    for index in range(60):
        drive.blinking(10, per_minute=50, closed_s=0.1 + 0.1 * (index % 11) / 10)
    told = drive.judge()
    assert told.alerts() == []
    level = told.reading("fatigue_level")
    assert level is not None
    assert level < 40.0


def test_two_minutes_of_talking_are_no_yawn_for_any_camera(any_camera: dict[str, float]) -> None:
    assert Drive(**any_camera).show(120, talking).judge().events("yawn") == []


def test_two_microsleeps_in_ten_minutes_are_fatigue() -> None:
    told = Drive(fps=15).ahead(40).closed(1.2).ahead(60).closed(1.2).ahead(5).judge()
    (story,) = told.alerts("fatigue")
    assert story.level == 2


def test_below_10_fps_there_is_no_perclos() -> None:
    told = drowsy(Drive(fps=7), 90, 0.2).judge()
    reading = told.engine.indicators().readings["perclos60"]
    assert (reading.value, reading.reason) == (None, "low_fps")
    assert told.alerts("fatigue") == []


def test_between_10_and_15_fps_there_is_perclos_but_no_blink_statistic() -> None:
    readings = drowsy(Drive(fps=10, jitter=0.3), 100, 0.2).judge().engine.indicators().readings
    assert readings["perclos60"].value is not None
    assert (readings["blink_rate"].value, readings["blink_rate"].reason) == (None, "low_fps")


def test_time_at_a_slow_frame_rate_is_no_valid_time_of_blink_statistics() -> None:
    stream = Drive(fps=30).blinking(60).stream()
    slow_until_ns = stream[0].t_ns + 50 * S
    engine = DecisionEngine(Rules())
    for index, member in enumerate(stream):
        if member.t_ns >= slow_until_ns or index % 3 == 0:
            engine.feed(member)
    reading = engine.indicators().readings["blink_rate"]
    assert (reading.value, reading.valid_fraction) == (None, pytest.approx(10 / 60, abs=0.05))
    assert engine.indicators().readings["perclos60"].value == 0.0


def test_slow_blinks_raise_the_closure_ratio_above_the_own_baseline() -> None:
    told = Drive(fps=30).blinking(70, per_minute=20, closed_s=0.15).blinking(180, per_minute=20, closed_s=0.3).judge()
    ratio = told.reading("mean_closure_ratio")
    assert ratio == pytest.approx(2.0, rel=0.15)


def talking(at_s: float) -> dict[str, float]:
    """Syllables of 4 to 6 a second in phrases, mouth up to wide open."""
    phrase = max(0.0, math.sin(at_s * 1.7) + 0.6)
    return {"mouth_ratio": 0.3 + 0.35 * phrase * abs(math.sin(at_s * (14 + 3 * math.sin(at_s))))}


def test_five_minutes_of_talking_are_no_yawn() -> None:
    told = Drive(fps=15).show(300, talking).judge()
    assert told.events("yawn") == []
    assert told.alerts() == []


@pytest.mark.full
def test_an_hour_of_talking_is_no_yawn() -> None:
    assert Drive(fps=15).show(3600, talking).judge().events("yawn") == []


def test_a_yawn_with_short_dips(any_camera: dict[str, float]) -> None:
    drive = (
        Drive(**any_camera).ahead(3).show(2.0, mouth_ratio=0.9).show(0.1, mouth_ratio=0.5).show(1.5, mouth_ratio=0.8)
    )
    told = drive.ahead(3).judge()
    assert told.events("yawn") == [(pytest.approx(3.0, abs=0.15), pytest.approx(6.6, abs=0.15))]


def talking_before_the_network(at_s: float) -> dict[str, float]:
    """The same phrases as the mouth network sees them: a syllable's wide mouth looks like a yawn for a frame or two."""
    ratio = talking(at_s)["mouth_ratio"]
    return {"mouth_ratio": ratio, "yawn_probability": min(1.0, max(0.0, (ratio - 0.4) / 0.3))}


def test_five_minutes_of_talking_before_the_network_are_no_yawn() -> None:
    assert Drive(fps=15).show(300, talking_before_the_network).judge().events("yawn") == []


def test_a_yawn_that_only_the_network_sees(any_camera: dict[str, float]) -> None:
    drive = Drive(**any_camera, yawn_probability=0.05).ahead(3).show(4.0, yawn_probability=0.95, mouth_ratio=0.5)
    assert drive.ahead(3).judge().events("yawn") == [(pytest.approx(3.0, abs=0.15), pytest.approx(7.0, abs=0.15))]


@pytest.mark.parametrize("length_s", [1.2, 14.0])
def test_too_short_or_too_long_for_a_yawn(length_s: float) -> None:
    assert Drive(fps=15).ahead(3).show(length_s, mouth_ratio=0.9).ahead(3).judge().events("yawn") == []


def test_yawns_alone_are_no_fatigue() -> None:
    drive = Drive(fps=15).ahead(60)
    for _ in range(6):
        drive.show(4, mouth_ratio=0.9).ahead(30)
    told = drive.judge()
    assert told.reading("yawns10") == 6
    assert told.alerts() == []


def nod(drive: Drive, closed_s: float) -> Drive:
    drive.closed(0.2).closed(closed_s, pitch_deg=-20.0)
    return drive.ahead(2)


def test_a_nod() -> None:
    told = nod(Drive(fps=30).ahead(3), 0.6).judge()
    assert len(told.events("nod")) == 1
    assert told.reading("nods10") == 1


def test_a_glance_down_with_open_eyes_is_no_nod() -> None:
    told = Drive(fps=30).ahead(3).show(0.8, pitch_deg=-20.0).ahead(2).judge()
    assert told.events("nod") == []


def test_a_glance_down_with_lowered_lids_is_no_nod() -> None:
    lowered = {"pitch_deg": -20.0, "eye_openness_left": 0.25, "eye_openness_right": 0.25}
    told = Drive(fps=30).ahead(3).show(1.2, **lowered).ahead(2).judge()
    assert told.events("nod") == []


def test_a_glance_down_with_a_blink_there_and_back_is_no_nod() -> None:
    drive = Drive(fps=30).ahead(3).closed(0.2, pitch_deg=-18.0).show(0.6, pitch_deg=-18.0).closed(0.2, pitch_deg=-18.0)
    assert drive.ahead(2).judge().events("nod") == []


def test_a_head_that_stays_down_is_no_nod() -> None:
    told = Drive(fps=30).ahead(3).closed(0.4).closed(3.5, pitch_deg=-20.0).ahead(2).judge()
    assert told.events("nod") == []


def test_talking_with_a_wide_mouth_that_the_network_takes_for_a_yawn_is_none() -> None:
    def wide_talk(at_s: float) -> dict[str, float]:
        return {"mouth_ratio": 0.62 + 0.1 * math.sin(2 * math.pi * 2.5 * at_s), "yawn_probability": 0.97}

    drive = Drive(fps=15, yawn_probability=0.05).ahead(3).show(4.0, wide_talk)
    assert drive.ahead(3).judge().events("yawn") == []
