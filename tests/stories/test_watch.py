"""Empty seats, blind cameras, gaps, buttons."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.stories.builder import AlertChange, Drive, Tick, seconds

UNREAD = {"eye_openness_left": None, "eye_openness_right": None}


def test_driver_absent(any_camera: dict[str, float]) -> None:
    (story,) = Drive(**any_camera).ahead(3).no_face(9).ahead(3).judge().alerts("driver_absent")
    assert story.levels == ((pytest.approx(6.0, abs=0.2), 1), (pytest.approx(9.0, abs=0.2), 2))
    assert story.end_s == pytest.approx(12.0, abs=0.2)
    assert story.reason == "recovered"


def test_the_observers_own_word_for_no_face_does_not_hide_an_empty_seat() -> None:
    told = Drive(fps=15).ahead(3).show(9, face=None, quality={"faces": 0, "reason": "no_face"}).ahead(3).judge()
    (story,) = told.alerts("driver_absent")
    assert story.level == 2


def test_an_empty_seat_of_a_standing_vehicle_is_nothing() -> None:
    assert Drive(fps=15).at_speed(0.0).ahead(3).no_face(60).judge().alerts() == []


def test_a_driver_who_left_a_standing_vehicle_is_not_warned_on() -> None:
    drive = Drive(fps=15).at_speed(0.0).ahead(3).closed(2).no_face(9)
    assert drive.judge().alerts("unresponsive")[0].reason is None
    told = drive.no_face(3).judge()
    assert told.alerts("unresponsive")[0].reason == "seat_empty"
    assert told.warnings()[-1].action == "stop"


def test_a_covered_camera_is_no_absent_driver() -> None:
    told = Drive(fps=15).ahead(15).show(20, face=None, quality={"reason": "covered"}).judge()
    assert told.alerts("driver_absent") == []
    (story,) = told.alerts("health")
    assert told.engine.state().reason == "covered"
    assert story.start_s == pytest.approx(15 + 5 + 10, abs=0.2)


@pytest.mark.parametrize("state", ["stalled", "frozen", "covered", "ir_fault"])
def test_a_camera_fault_is_told_at_once(state: str) -> None:
    told = Drive(fps=15).ahead(3).camera(state).ahead(2).camera("ok").ahead(3).judge()
    (story,) = told.alerts("health")
    assert story.start_s == pytest.approx(3.0, abs=0.01)
    assert story.reason == "recovered"
    opened = next(d for d in told.decisions if isinstance(d, AlertChange))
    assert opened.reason == state


def test_frames_that_stop_are_told_within_three_seconds() -> None:
    told = Drive(fps=30).ahead(3).silent(10).ahead(3).judge()
    (story,) = told.alerts()
    assert story.kind == "health"
    assert 3.5 < story.start_s <= 6.0
    assert story.reason == "recovered"
    assert story.end_s == pytest.approx(13.0, abs=0.3)


def test_frames_that_never_come_are_told() -> None:
    assert Drive(fps=30).silent(5).judge().kinds() == ["health"]


def test_silence_freezes_a_microsleep() -> None:
    told = Drive(fps=15).ahead(3).closed(1.7).silent(20).judge()
    assert told.alerts("microsleep")[0].reason is None
    assert told.alerts("unresponsive") == []


def test_a_gap_closes_alerts_and_computes_nothing_across() -> None:
    told = Drive(fps=15).ahead(3).closed(1.7).suspended(60).closed(1.2).ahead(2).judge()
    microsleep = told.alerts("microsleep")[0]
    assert microsleep.reason == "gap"
    assert microsleep.end_s == pytest.approx(4.67, abs=0.1)
    assert [story.kind for story in told.alerts("microsleep", "sleep", "unresponsive")] == ["microsleep"]
    assert told.events("long_closure") == [
        (pytest.approx(3.0, abs=0.1), pytest.approx(4.7, abs=0.1)),
        (pytest.approx(64.7, abs=0.1), pytest.approx(65.9, abs=0.1)),
    ]


def test_frames_without_a_face_are_no_gap() -> None:
    told = Drive(fps=15).ahead(3).closed(1.7).no_face(3).closed(0.5).ahead(1).judge()
    assert told.alerts("microsleep")[0].reason == "recovered"


def test_events_of_absence() -> None:
    told = Drive(fps=30).ahead(3).no_face(0.4).ahead(3).no_face(0.7).ahead(2).judge()
    assert told.events("face_absent") == [(pytest.approx(6.4, abs=0.04), pytest.approx(7.1, abs=0.04))]


def test_eyes_that_are_declared_unusable_are_not_read() -> None:
    shut = {"eye_openness_left": 0.0, "eye_openness_right": 0.0}
    told = Drive(fps=15).ahead(3).show(14, **shut, quality={"reason": "sunglasses"}).judge()
    assert told.alerts("eyes_closed", "microsleep", "sleep", "unresponsive") == []
    assert told.engine.state().observability == "blind"
    assert told.engine.state().reason == "sunglasses"


def test_missing_quality_means_nothing_against_a_face() -> None:
    for quality in (None, {}):
        told = Drive(fps=15, quality=quality).ahead(5).judge()
        assert told.engine.state().observability == "ok"


def test_a_stream_of_nothing_but_eyes() -> None:
    bare = {"mouth_ratio": None, "yaw_deg": None, "pitch_deg": None, "roll_deg": None}
    told = Drive(fps=15, **bare).ahead(3).closed(2).ahead(3).judge()
    assert told.kinds() == ["eyes_closed", "microsleep"]


def test_acknowledging_silences_repeats_but_not_the_next_level() -> None:
    drive = Drive(fps=15).ahead(3).aside(5.5).press("ack").aside(1).ahead(0.01)
    told = drive.judge()
    assert [d.acknowledged for d in told.decisions if isinstance(d, AlertChange)][-1]
    told = Drive(fps=15).ahead(3).aside(5.5).press("ack").aside(6).judge()
    actions = [(w.action, w.kind) for w in told.warnings() if w.level >= 3]
    assert actions[0] == ("start", "distraction")
    assert ("repeat", "distraction") not in actions
    assert ("start", "unresponsive") in actions
    assert ("repeat", "unresponsive") in actions


def test_urgent_alerts_repeat_every_two_seconds() -> None:
    told = Drive(fps=30).ahead(3).closed(1.6).no_face(4.2).judge()
    moments = [w.t_ns / 1e9 for w in told.warnings() if w.kind == "microsleep" and w.action != "stop"]
    assert [round(b - a, 1) for a, b in pairwise(moments)] == [2.0, 2.0]


def test_wrong_marks_the_sounding_alert_contested() -> None:
    told = Drive(fps=15).ahead(3).closed(1.8).press("wrong").ahead(2).judge()
    changes = [d for d in told.decisions if isinstance(d, AlertChange) and d.kind == "microsleep"]
    assert [change.phase for change in changes] == ["opened", "updated", "closed"]
    assert [change.contested for change in changes] == [False, True, True]


def test_wrong_marks_the_last_alert_when_none_is_open() -> None:
    told = Drive(fps=15).ahead(3).closed(1.8).ahead(5).press("wrong").ahead(1).judge()
    last = [d for d in told.decisions if isinstance(d, AlertChange)][-1]
    assert (last.kind, last.phase, last.contested, last.revision) == ("microsleep", "closed", True, 2)


def test_closing_flushes_what_runs() -> None:
    told = Drive(fps=15).ahead(3).closed(2).judge(close=True)
    assert told.alerts("microsleep")[0].reason == "shutdown"
    assert len(told.events("long_closure")) == 1
    assert told.warnings()[-1].action == "stop"


def test_time_that_repeats_or_runs_backwards_is_ignored() -> None:
    drive = Drive(fps=15).ahead(3).closed(2).ahead(2)
    stream = drive.stream()
    told = drive.judge()
    engine = type(told.engine)(told.engine.rules)
    decisions = []
    for index, member in enumerate(stream):
        decisions += engine.feed(member)
        decisions += engine.feed(stream[index // 2])
        decisions += engine.feed(Tick(t_ns=member.t_ns))
    assert decisions == told.decisions
    assert engine.ignored == 2 * len(stream)


def test_an_alert_beyond_the_hourly_budget_says_so() -> None:
    drive = Drive(fps=15).ahead(3).aside(3.5).ahead(30).aside(3.5).ahead(5)
    opened = [d for d in drive.judge().decisions if isinstance(d, AlertChange) and d.phase == "opened" and d.level >= 2]
    assert [[e.name for e in d.evidence if e.name == "alert_budget"] for d in opened] == [[], ["alert_budget"]]


def test_a_frozen_picture_ends_what_is_seen_until_it_moves() -> None:
    drive = Drive(fps=15).ahead(3).closed(1.7).camera("frozen").closed(10).camera("ok").ahead(2)
    told = drive.judge()
    assert told.alerts("sleep", "unresponsive") == []
    assert told.alerts("microsleep")[0].end_s == pytest.approx(14.7, abs=0.1)


def test_a_seat_that_was_empty_at_standstill_is_no_blind_camera_afterwards() -> None:
    drive = Drive(fps=15).ahead(15).at_speed(0.0).no_face(60).ahead(3).at_speed(60.0).ahead(20)
    assert drive.judge().alerts("health") == []


@pytest.mark.parametrize("state", ["stalled", "frozen", "covered", "garbled", "moved", "thermal", "model_error"])
def test_a_fault_that_blinds_is_heard_after_a_second(state: str) -> None:
    told = Drive(fps=15).ahead(3).camera(state).ahead(4).judge()
    (story,) = told.alerts("health")
    assert story.levels == ((pytest.approx(3.0, abs=0.1), 1), (pytest.approx(4.0, abs=0.15), 2))
    assert [warning.level for warning in told.warnings() if warning.action == "start"] == [1, 2]


@pytest.mark.parametrize("state", ["ir_fault", "slowed"])
def test_a_fault_that_leaves_the_driver_seen_is_a_light(state: str) -> None:
    told = Drive(fps=15).ahead(3).camera(state).ahead(90).judge()
    assert {warning.level for warning in told.warnings()} == {1}


def test_fewer_frames_for_heat_are_a_degraded_view() -> None:
    told = Drive(fps=15).ahead(15).camera("slowed").ahead(5).judge()
    assert told.engine.state().observability == "degraded"
    assert told.engine.state().reason == "low_fps"
    back = Drive(fps=15).ahead(15).camera("slowed").ahead(5).camera("ok").ahead(5).judge()
    assert back.engine.state().observability == "ok"


def test_in_a_standing_vehicle_a_fault_is_not_heard() -> None:
    told = Drive(fps=15).at_speed(0.0).ahead(3).camera("covered").ahead(10).judge()
    assert {warning.level for warning in told.warnings()} == {1}


def test_a_dark_picture_without_a_fault_is_heard_after_a_minute() -> None:
    told = Drive(fps=15).ahead(15).show(90, face=None, quality={"reason": "dark"}).judge()
    (story,) = told.alerts("health")
    assert story.levels == ((pytest.approx(30.0, abs=0.3), 1), (pytest.approx(80.0, abs=0.3), 2))


def test_a_failing_camera_is_heard_amid_a_warning_that_has_had_its_sound() -> None:
    """A warning that is open stays open unseen; it has had its sound, and keeps nothing from being heard."""
    drive = Drive(fps=15).ahead(10).no_face(20)
    told = drive.camera("covered").show(5, face=None).judge()
    assert told.alerts("driver_absent")[0].reason is None, "still open"
    starts = [(warning.kind, warning.level) for warning in told.warnings() if warning.action == "start"]
    assert starts[-2:] == [("driver_absent", 2), ("health", 2)]


def health_changes(drive: Drive) -> list[AlertChange]:
    return [d for d in drive.judge().decisions if isinstance(d, AlertChange) and d.kind == "health"]


def test_a_blindness_whose_reason_flickers_is_told_once() -> None:
    drive = Drive(fps=15).ahead(5)
    for _ in range(20):
        drive.show(3, quality={"reason": "sunglasses"}).show(3, **UNREAD, quality={"reason": "head_turn"})
    told = health_changes(drive)
    assert (told[0].phase, told[0].reason) == ("opened", "sunglasses")
    assert len(told) <= 2, [(one.t_ns, one.reason) for one in told]


def test_another_reason_that_stays_is_told_after_five_seconds() -> None:
    drive = Drive(fps=15).ahead(5).show(30, quality={"reason": "sunglasses"})
    told = health_changes(drive.show(60, quality={"reason": "eyes_occluded"}))
    assert [(one.phase, one.reason) for one in told] == [("opened", "sunglasses"), ("updated", "eyes_occluded")]
    # Half of the window is of the new reason after five seconds, and it must stand for another five.
    assert seconds(told[1].t_ns) == pytest.approx(5 + 30 + 5 + 5, abs=0.5)
