"""Looking away: off-road timer, VATS, AttenD, zones, speed."""

from __future__ import annotations

import pytest

from edge.config.rules import Distraction, Rules, Zone
from edge.types import SettingsChange
from tests.stories.builder import Drive

MIRROR = Rules(zones=(Zone(name="mirror", yaw_deg=40.0, pitch_deg=0.0),))


def alternate(drive: Drive, off_s: float, on_s: float, times: int, **fields: float) -> Drive:
    for _ in range(times):
        drive.aside(off_s, **fields).ahead(on_s)
    return drive


@pytest.mark.parametrize(("off_s", "on_s", "at_s"), [(1.2, 1.0, 18.0), (2.2, 1.0, 14.0)])
@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_vats_adds_up_shared_looks(fps: float, off_s: float, on_s: float, at_s: float) -> None:
    told = alternate(Drive(fps=fps), off_s, on_s, 10).judge()
    (story,) = told.alerts("vats")
    assert at_s - 1e-6 <= story.start_s <= at_s + 0.6
    assert story.level == 2
    assert all(story.level == 1 for story in told.alerts("distraction"))


@pytest.mark.parametrize(("off_s", "on_s", "at_s"), [(1.2, 1.0, 18.0), (2.2, 1.0, 14.0)])
@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_vats_with_jittered_stamps(fps: float, off_s: float, on_s: float, at_s: float) -> None:
    # Each of the seven to nine changes of view is seen up to a frame late or early.
    (story,) = alternate(Drive(fps=fps, jitter=0.3, seed=3), off_s, on_s, 10).judge().alerts("vats")
    assert story.start_s == pytest.approx(at_s, abs=0.6)


def test_vats_is_reset_by_two_seconds_on_road(any_camera: dict[str, float]) -> None:
    assert alternate(Drive(**any_camera), 1.0, 2.3, 60).judge().alerts("vats") == []


def test_looking_away_in_portions_after_a_warning_is_told_too(any_camera: dict[str, float]) -> None:
    drive = Drive(**any_camera).ahead(3).aside(3.5)
    told = alternate(drive.ahead(1.2), 1.5, 1.2, 8).judge()
    (warned,) = [story for story in told.alerts("distraction") if story.level == 2]
    assert warned.start_s == pytest.approx(6.0, abs=0.2)
    # 3.5 s and 4 looks of 1.5 s are 9.5 s of looking away.
    (story,) = told.alerts("vats")
    assert story.start_s == pytest.approx(7.7 + 4 * 2.7 + 0.5, abs=0.6)


def test_a_look_that_is_warned_of_is_no_shared_look_at_once() -> None:
    told = Drive(fps=15).ahead(3).aside(5.8).ahead(1.2).judge()
    assert [story.level for story in told.alerts("distraction")][-1] == 3
    assert told.alerts("vats") == []


def test_vats_leaves_on_its_reset() -> None:
    (story,) = alternate(Drive(fps=15.0), 1.2, 1.0, 10).ahead(3).judge().alerts("vats")
    assert story.reason == "recovered"


def first_notice_s(drive: Drive, rules: Rules | None = None) -> float:
    return drive.judge(rules).alerts("distraction")[0].start_s


def test_the_attention_buffer_empties(any_camera: dict[str, float]) -> None:
    assert first_notice_s(Drive(**any_camera).ahead(3).aside(4)) == pytest.approx(5.0, abs=0.2)
    assert first_notice_s(Drive(**any_camera).ahead(3).aside(4, yaw_deg=40.0), MIRROR) == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_the_attention_buffer_adds_up_shared_looks(fps: float) -> None:
    # Even stamps: each change of view is seen up to a frame late, and jitter adds four such errors up.
    assert first_notice_s(alternate(Drive(fps=fps).ahead(3), 1.0, 0.5, 5)) == pytest.approx(6.8, abs=0.2)


def test_distraction_warns_then_urges_then_alarms(any_camera: dict[str, float]) -> None:
    told = Drive(**any_camera).ahead(3).aside(9).ahead(3).judge()
    notice, warning = told.alerts("distraction")
    assert notice.level == 1
    assert notice.reason == "escalated"
    assert warning.levels == ((pytest.approx(6.0, abs=0.2), 2), (pytest.approx(8.0, abs=0.2), 3))
    (emergency,) = told.alerts("unresponsive")
    assert emergency.start_s == pytest.approx(11.0, abs=0.2)
    assert emergency.end_s == pytest.approx(12.0, abs=0.2)
    assert warning.reason == "escalated"


def test_a_zone_has_four_seconds() -> None:
    told = Drive(fps=15).ahead(3).aside(6, yaw_deg=40.0).ahead(3).judge(MIRROR)
    assert told.alerts("distraction")[1].start_s == pytest.approx(7.0, abs=0.1)


def test_mirror_glances_of_a_second_are_free() -> None:
    told = alternate(Drive(fps=15), 0.95, 0.6, 60, yaw_deg=40.0).judge(MIRROR)
    assert told.alerts() == []


def test_a_flicker_on_road_does_not_reset_the_timer() -> None:
    told = Drive(fps=30).ahead(3).aside(2).ahead(0.2).aside(1.2).ahead(2).judge()
    assert told.alerts("distraction")[-1].level == 2
    assert told.events("look_away") == [(pytest.approx(3.0, abs=0.04), pytest.approx(6.4, abs=0.04))]


def test_on_road_for_longer_resets_the_timer() -> None:
    told = Drive(fps=30).ahead(3).aside(2).ahead(0.4).aside(1.2).ahead(2).judge()
    assert all(story.level == 1 for story in told.alerts("distraction"))


def test_peeking_at_the_road_does_not_clear_an_open_warning() -> None:
    told = Drive(fps=30).ahead(3).aside(4).ahead(0.8).aside(1.5).ahead(2).judge()
    assert [story.level for story in told.alerts("distraction")] == [1, 3]


def test_a_face_lost_to_the_turned_head_freezes_the_timer() -> None:
    told = Drive(fps=30).ahead(3).aside(2).no_face(1).aside(1.5).ahead(2).judge()
    assert told.alerts("distraction")[-1].start_s == pytest.approx(7.0, abs=0.1)
    assert told.events("look_away") == [(pytest.approx(3.0, abs=0.04), pytest.approx(7.5, abs=0.04))]


def test_gaze_replaces_the_head_where_it_is_seen() -> None:
    told = Drive(fps=15, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0).ahead(3).aside(5).ahead(3).judge()
    assert told.alerts() == []
    told = Drive(fps=15, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0).ahead(3).show(5, gaze_pitch_deg=-16.0).ahead(3).judge()
    assert told.alerts("distraction")[-1].level == 3


def test_below_20_kmh_nobody_is_distracted() -> None:
    assert Drive(fps=15).at_speed(15.0).ahead(3).aside(10).ahead(2).judge().alerts() == []
    assert Drive(fps=15).at_speed(21.0).ahead(3).aside(5).ahead(2).judge().alerts("distraction") != []


def test_slowing_down_closes_a_distraction() -> None:
    told = Drive(fps=15).at_speed(40.0).ahead(3).aside(4).at_speed(18.0).aside(1).at_speed(10.0).aside(2).judge()
    assert told.alerts("distraction")[-1].reason == "speed"
    assert told.alerts("distraction")[-1].end_s == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(("speed_kmh", "after_s"), [(60.0, 3.5), (30.0, 6.0), (None, 6.0)])
def test_the_relaxed_tier_of_a_profile(speed_kmh: float | None, after_s: float) -> None:
    rules = Rules(distraction=Distraction(warning_s=3.5, slow_warning_s=6.0))
    told = Drive(fps=15).at_speed(speed_kmh).ahead(3).aside(8).ahead(2).judge(rules)
    warned = [story.start_s for story in told.alerts("distraction") if story.level >= 2]
    assert warned == [pytest.approx(3 + after_s, abs=0.1)]


def test_a_mirror_camera_with_its_neutral_configured() -> None:
    drive = Drive(fps=15, yaw_deg=45.0).ahead(70)
    assert drive.judge(neutral_yaw_deg=45.0).alerts() == []
    told = drive.show(5.2, yaw_deg=0.0).judge(neutral_yaw_deg=45.0)
    assert [story.level for story in told.alerts("distraction")] == [1, 3]


def test_the_neutral_pose_is_learnt() -> None:
    told = Drive(fps=15, yaw_deg=10.0, pitch_deg=-6.0).ahead(65).show(5.2, yaw_deg=-16.0).judge()
    assert [story.level for story in told.alerts("distraction")] == [1, 3]


def test_looking_aside_while_learning_does_not_poison_the_neutral_pose() -> None:
    drive = Drive(fps=15).at_speed(10.0)
    for _ in range(10):
        drive.aside(4, yaw_deg=14.0).aside(4, yaw_deg=40.0)
    drive.ahead(1).at_speed(60.0).ahead(30)
    told = drive.judge()
    assert told.alerts("distraction") == []
    told = drive.aside(5.2, yaw_deg=-30.0).judge()
    assert told.alerts("distraction")[-1].level == 3


def test_closed_eyes_off_the_road_are_one_cause() -> None:
    told = Drive(fps=30).ahead(3).closed(4, pitch_deg=-25.0).ahead(4).judge()
    assert set(told.kinds()) == {"microsleep", "sleep"}


def test_one_sound_at_a_time() -> None:
    told = Drive(fps=15).ahead(3).aside(9).ahead(2).closed(7).ahead(5).judge()
    sounding = None
    for warning in told.warnings():
        if warning.action == "start":
            assert sounding in {None, warning.key}
            sounding = warning.key
        elif warning.action == "stop":
            assert sounding == warning.key
            sounding = None
        else:
            assert sounding == warning.key
            assert warning.level >= 3


def test_the_engine_takes_other_rules_while_running() -> None:
    drive = Drive(fps=15).ahead(3)
    changes = {"distraction.slow_warning_s": 2.0, "distraction.warning_s": 2.0}
    drive.member(lambda t_ns: SettingsChange(t_ns=t_ns, changes=changes))
    told = drive.aside(3).ahead(2).judge()
    assert [story.level for story in told.alerts("distraction")] == [2]
