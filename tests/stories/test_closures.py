"""The closure ladder as the specification's acceptance vectors tell it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.stories.builder import Drive

STEPS = (("eyes_closed", 1.0), ("microsleep", 1.5), ("sleep", 3.0), ("unresponsive", 6.0))
LENGTHS_S = (0.4, 0.9, 1.4, 1.6, 2.9, 3.1, 5.9, 6.1)
LADDER = tuple(kind for kind, _ in STEPS)


@pytest.mark.parametrize("length_s", LENGTHS_S)
def test_a_closure_fires_exactly_the_right_states(any_camera: dict[str, float], length_s: float) -> None:
    told = Drive(**any_camera).ahead(3).closed(length_s).ahead(5).judge()
    near_s = 2.0 / 10 if any_camera["fps"] == 10.0 else 0.0
    told_at = {story.kind: story for story in told.alerts(*LADDER)}
    for kind, threshold_s in STEPS:
        if near_s and abs(length_s - threshold_s) < near_s + 1e-9:
            continue
        if length_s > threshold_s:
            assert told_at[kind].start_s == pytest.approx(3 + threshold_s, abs=0.2)
        else:
            assert kind not in told_at
    assert set(told.kinds()) <= {*LADDER, "fatigue"}


def test_each_step_closes_the_one_below_in_the_same_call(camera: dict[str, float]) -> None:
    steps = Drive(**camera).ahead(3).closed(6.5).ahead(5).judge().alerts(*LADDER)
    assert [story.kind for story in steps] == list(LADDER)
    assert [story.level for story in steps] == [1, 3, 4, 5]
    for lower, higher in pairwise(steps):
        assert lower.reason == "escalated"
        assert lower.end_s == higher.start_s
    assert steps[-1].reason == "recovered"
    assert steps[-1].end_s == pytest.approx(9.5, abs=0.1)


def test_sleep_is_latched_until_the_eyes_are_open_for_three_seconds() -> None:
    drive = Drive(fps=30).ahead(3).closed(3.5).ahead(2.8)
    assert drive.judge().alerts("sleep")[0].reason is None
    (story,) = drive.ahead(0.4).judge().alerts("sleep")
    assert story.reason == "recovered"
    assert story.end_s == pytest.approx(6.5, abs=0.05)


def test_a_normal_blink_does_not_prolong_the_latch_of_sleep() -> None:
    (story,) = Drive(fps=30).ahead(3).closed(3.5).ahead(1.5).closed(0.15).ahead(1.8).judge().alerts("sleep")
    assert story.reason == "recovered"


def test_dozing_off_again_prolongs_the_latch_of_sleep() -> None:
    told = Drive(fps=30).ahead(3).closed(3.5).ahead(1.5).closed(0.9).ahead(2).judge()
    assert told.alerts("sleep")[0].reason is None


def test_microsleep_recovers_after_0_3_s_of_open_eyes() -> None:
    drive = Drive(fps=30).ahead(3).closed(2.0).ahead(0.25)
    assert drive.judge().alerts("microsleep")[0].reason is None
    (story,) = drive.ahead(0.2).judge().alerts("microsleep")
    assert story.reason == "recovered"
    assert story.end_s == pytest.approx(5.0, abs=0.04)


def test_a_flicker_of_one_open_frame_under_an_open_alert_does_not_restart_the_ladder() -> None:
    told = Drive(fps=30).ahead(3).closed(1.7).ahead(0.07).closed(1.6).ahead(5).judge()
    assert [story.kind for story in told.alerts(*LADDER)] == ["eyes_closed", "microsleep", "sleep"]
    assert len(told.events("long_closure")) == 1


def test_two_closures_with_a_recovery_between_are_two_microsleeps() -> None:
    told = Drive(fps=30).ahead(3).closed(2).ahead(1).closed(2).ahead(1).judge()
    assert [story.key for story in told.alerts("microsleep")] == ["microsleep-1", "microsleep-2"]


def test_half_shut_eyes_are_no_microsleep() -> None:
    told = Drive(fps=15).ahead(3).closed(4, eye_openness_left=0.25, eye_openness_right=0.25).ahead(3).judge()
    assert told.alerts(*LADDER) == []
    assert len(told.events("long_closure")) == 1


def half_open(openness: float) -> dict[str, float]:
    return {"eye_openness_left": openness, "eye_openness_right": openness}


def test_two_blinks_with_hanging_lids_between_are_not_one_closure(any_camera: dict[str, float]) -> None:
    drive = Drive(**any_camera).ahead(3).show(2, **half_open(0.4)).closed(0.3)
    told = drive.show(0.2, **half_open(0.34)).show(0.3, **half_open(0.27)).closed(0.4).ahead(3).judge()
    assert told.alerts(*LADDER) == []
    assert told.events("long_closure") == []
    assert len(told.events("slow_blink")) + len(told.events("blink")) == 2


@pytest.mark.parametrize("flicker", [0.27, 0.35, 0.45])
def test_a_slow_flickering_microsleep_is_one_closure(camera: dict[str, float], flicker: float) -> None:
    drive = Drive(**camera).ahead(3)
    for _ in range(4):
        drive.closed(0.4).show(0.2, **half_open(flicker))
    told = drive.ahead(3).judge()
    assert [story.kind for story in told.alerts(*LADDER)] == ["eyes_closed", "microsleep"]
    assert told.alerts("microsleep")[0].start_s == pytest.approx(4.5, abs=0.2)


def test_lids_that_tremble_after_half_a_second_of_sleep_do_not_wake(camera: dict[str, float]) -> None:
    # Before the notice at 1.0 s, from which on nothing but recovery ends a closure.
    told = Drive(**camera).ahead(3).closed(0.55).show(0.1, **half_open(0.34)).show(0.3, **half_open(0.27))
    (story,) = told.closed(0.8).ahead(3).judge().alerts("microsleep")
    assert story.start_s == pytest.approx(4.5, abs=0.2)


def test_asleep_from_the_first_frame(any_camera: dict[str, float]) -> None:
    told = Drive(**any_camera).closed(90).judge()
    starts = {story.kind: story.start_s for story in told.alerts(*LADDER)}
    assert starts["microsleep"] <= 1.7
    assert starts["sleep"] <= 3.2
    assert told.engine.state().baseline == "population"
    assert told.engine.state().baseline_progress == 0.0


def test_a_40_degree_down_glance_with_open_eyes_is_no_microsleep(any_camera: dict[str, float]) -> None:
    lowered = {"pitch_deg": -40.0, "eye_openness_left": 0.22, "eye_openness_right": 0.22}
    told = Drive(**any_camera).ahead(3).show(3, **lowered).ahead(3).judge()
    assert told.alerts(*LADDER) == []


def test_a_down_glance_with_lowered_lids_is_still_distraction() -> None:
    lowered = {"pitch_deg": -40.0, "eye_openness_left": 0.22, "eye_openness_right": 0.22}
    told = Drive(fps=30).ahead(3).show(4, **lowered).ahead(3).judge()
    assert [(story.start_s, story.level) for story in told.alerts("distraction")][1] == (pytest.approx(6.0, abs=0.1), 2)


def test_eyes_shut_looking_down_are_a_microsleep_later(any_camera: dict[str, float]) -> None:
    told = Drive(**any_camera).ahead(3).closed(3, pitch_deg=-15.0).ahead(3).judge()
    (story,) = told.alerts("microsleep")
    assert story.start_s == pytest.approx(5.5, abs=0.2)
    assert told.alerts("eyes_closed") == []


def test_a_face_lost_during_a_microsleep_lets_the_timer_run_on_to_unresponsive() -> None:
    told = Drive(fps=15).ahead(3).closed(1.7).no_face(8).judge()
    assert told.alerts("sleep") == []
    (story,) = told.alerts("unresponsive")
    assert story.start_s == pytest.approx(9.0, abs=0.2)


def test_a_face_lost_before_any_urgent_warning_starts_no_closure_alert() -> None:
    told = Drive(fps=15).ahead(3).closed(1.2).no_face(20).judge()
    assert set(told.kinds()) == {"eyes_closed", "driver_absent", "health"}


def test_hiding_the_face_never_clears_an_alert() -> None:
    told = Drive(fps=15).ahead(3).closed(1.7).no_face(2).ahead(0.2).judge()
    assert told.alerts("microsleep")[0].reason is None


@pytest.mark.parametrize("gap_s", [0.1, 0.15])
def test_a_short_unseen_gap_is_bridged(gap_s: float) -> None:
    told = Drive(fps=30).ahead(3).closed(0.8).no_face(gap_s).closed(0.9).ahead(2).judge()
    assert told.alerts("microsleep")[0].start_s == pytest.approx(4.5, abs=0.1)


def test_a_longer_unseen_gap_parts_two_closures() -> None:
    told = Drive(fps=30).ahead(3).closed(0.8).no_face(0.5).closed(0.9).ahead(2).judge()
    assert told.alerts(*LADDER) == []


def test_unresponsive_waits_for_three_seconds_after_the_first_urgent_warning() -> None:
    drive = Drive(fps=30).ahead(3).closed(4.0, eye_openness_left=0.25, eye_openness_right=0.25)
    told = drive.closed(6.0).ahead(4).judge()
    deep_for_half_s = 3 + 8.0
    assert told.alerts("sleep")[0].start_s == pytest.approx(deep_for_half_s, abs=0.1)
    assert told.alerts("unresponsive") == []


def test_the_start_of_the_closure_is_in_the_evidence() -> None:
    told = Drive(fps=30).ahead(3).closed(2).ahead(1).judge()
    (opened,) = [
        d for d in told.decisions if getattr(d, "kind", "") == "microsleep" and getattr(d, "phase", "") == "opened"
    ]
    evidence = {entry.name: entry for entry in opened.evidence}
    assert opened.started_ns - round(evidence["eyes_closed_s"].value * 1e9) == pytest.approx(
        round(3e9) + 1_234_567_890_123, abs=2
    )
    assert evidence["eyes_closed_s"].threshold == 1.5
    assert evidence["deep_share"].value == 1.0
    assert opened.confidence == pytest.approx(0.95)
