"""Each threshold stands where the specification puts it: a little below it and a little above, things come out apart.

A probe tells a short story in which one quantity is set and says what came of it. The two values beside it were taken
from the specification's threshold, near enough that a threshold a fifth lower or higher no longer lies between them.
The mutants of the thresholds (`tools/mutants.py`) are killed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from edge.config.rules import Distraction, Rules, Zone
from edge.decision.alerts import AlertBook
from edge.decision.fatigues import FatigueRules
from edge.indicators.bank import IndicatorBank
from edge.indicators.fatigue import Cues, independent_cues
from edge.types import CabWarning
from tests.stories.builder import Drive, Told, face_of

Probe = Callable[[float], Any]

PROBES: Final[dict[str, tuple[float, float, Probe]]] = {}

MIRROR = Rules(zones=(Zone(name="mirror", yaw_deg=40.0, pitch_deg=0.0),))
RESTING = face_of(anger=0.05, disgust=0.05, happiness=0.05, sadness=0.05, surprise=0.05, fear=0.05)
ANGRY = face_of(anger=0.8)


def between(name: str, low: float, high: float) -> Callable[[Probe], Probe]:
    """Enter a probe whose outcome changes between two values of its quantity."""

    def enter(probe: Probe) -> Probe:
        PROBES[name] = (low, high, probe)
        return probe

    return enter


def opens(kind: str, drive: Drive, rules: Rules | None = None) -> bool:
    return bool(drive.judge(rules).alerts(kind))


def reaches(kind: str, level: int, drive: Drive, rules: Rules | None = None) -> bool:
    return any(story.level >= level for story in drive.judge(rules).alerts(kind))


def ends(kind: str, drive: Drive, rules: Rules | None = None) -> bool:
    return drive.judge(rules).alerts(kind)[-1].reason is not None


def lids(openness: float) -> dict[str, float]:
    return {"eye_openness_left": openness, "eye_openness_right": openness}


def shut(length_s: float, fps: float = 30.0, **fields: Any) -> Told:
    return Drive(fps=fps).ahead(3).closed(length_s, **fields).ahead(5).judge()


def closing(drive: Drive, length_s: float, share: float, closed_s: float = 0.3) -> Drive:
    """Closures of a length that fill a share of the time."""
    period_s = closed_s / share

    def scene(at_s: float) -> dict[str, float]:
        return lids(0.05) if at_s % period_s >= period_s - closed_s else {}

    return drive.show(length_s, scene)


# openness


@between("openness.closed_below", -0.33, -0.27)
def below_it_a_closure_begins(minus: float) -> bool:
    return bool(Drive(fps=15).ahead(3).show(2, **lids(-minus)).ahead(1).judge().events("long_closure"))


@between("openness.reopened_above", -0.55, -0.45)
def below_it_the_closure_goes_on(minus: float) -> bool:
    return bool(Drive(fps=15).ahead(3).closed(0.8).show(1, **lids(-minus)).ahead(1).judge().events("long_closure"))


@between("openness.deep_below", -0.22, -0.18)
def below_it_lids_are_deep(minus: float) -> bool:
    return opens("eyes_closed", Drive(fps=15).ahead(3).show(2, **lids(-minus)).ahead(1))


@between("openness.near_eye_yaw_deg", 27.0, 33.0)
def beyond_it_the_far_eye_does_not_count(yaw_deg: float) -> bool:
    drive = Drive(fps=15, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0).ahead(3)
    return opens("microsleep", drive.show(2, yaw_deg=yaw_deg, eye_openness_left=1.0, eye_openness_right=0.0).ahead(1))


@between("openness.eye_disagreement", 0.35, 0.45)
def from_it_on_the_surer_eye_counts(differ: float) -> bool:
    surer = {"eye_certainty_left": 0.2, "eye_certainty_right": 0.9}
    drive = Drive(fps=15).ahead(3).show(2, eye_openness_left=0.2 + differ, eye_openness_right=0.2, **surer)
    return bool(drive.ahead(1).judge().events("long_closure"))


@between("openness.bridge_gap_s", -0.22, -0.18)
def a_shorter_gap_is_bridged(minus_s: float) -> bool:
    return opens("microsleep", Drive(fps=100).ahead(3).closed(0.8).no_face(-minus_s).closed(0.8).ahead(1))


@between("openness.recovery_s", 0.27, 0.33)
def open_for_longer_is_recovery(open_s: float) -> bool:
    return ends("microsleep", Drive(fps=100).ahead(3).closed(2).ahead(open_s + 0.01))


# baseline


@between("baseline.learn_s", 54, 66)
def the_own_eyes_are_known_after(length_s: float) -> bool:
    return Drive(fps=15).ahead(length_s).judge().engine.state().baseline == "frozen"


@between("baseline.open_floor_ratio", -0.23, -0.19)
def drooping_lids_are_learnt_as_open_eyes_no_lower_than(minus: float) -> bool:
    drive = Drive(fps=15, **lids(0.5)).ahead(70).show(2, **lids(-minus)).ahead(1)
    return bool(drive.judge().events("long_closure"))


@between("baseline.pose_margin_deg", -16.5, -13.5)
def a_pose_nearer_to_the_configured_one_is_learnt(minus_deg: float) -> bool:
    return opens("distraction", Drive(fps=15, yaw_deg=-minus_deg).ahead(65).show(4, yaw_deg=-12.0))


@between("baseline.frozen_floor_ratio", -0.29, -0.25)
def what_is_learnt_anew_is_no_lower_than(minus: float) -> bool:
    drive = Drive(fps=15, quality={"glasses": False}).ahead(65).from_now(quality={"glasses": True}, **lids(0.6))
    return bool(drive.ahead(80).show(2, **lids(-minus)).ahead(1).judge().events("long_closure"))


@between("baseline.rise_ratio", 1.02, 1.155)
def a_later_minute_raises_the_open_eye_from(wider: float) -> bool:
    drive = Drive(fps=15).ahead(61).show(62, **lids(wider)).show(2, **lids(0.305)).ahead(1)
    return bool(drive.judge().events("long_closure"))


# closure


@between("closure.log_s", 0.45, 0.55)
def a_slow_blink_lasts(length_s: float) -> bool:
    return bool(shut(length_s, fps=100).events("slow_blink"))


@between("closure.blink_min_s", 0.0425, 0.0575)
def a_blink_lasts(length_s: float) -> bool:
    return bool(shut(length_s, fps=400).events("blink"))


@between("closure.long_closure_s", 0.9, 1.1)
def a_long_closure_lasts(length_s: float) -> bool:
    return bool(shut(length_s).events("long_closure"))


@between("closure.notice_s", 0.9, 1.1)
def closed_eyes_are_noticed_after(length_s: float) -> bool:
    return bool(shut(length_s).alerts("eyes_closed"))


@between("closure.deep_share", 0.45, 0.55)
def a_closure_counts_when_deep_for(share: float) -> bool:
    drive = Drive(fps=30).ahead(3).closed(2 - 2 * share, **lids(0.25)).closed(2 * share).ahead(2)
    return opens("microsleep", drive)


@between("closure.microsleep_s", 1.4, 1.6)
def a_microsleep_lasts(length_s: float) -> bool:
    return bool(shut(length_s).alerts("microsleep"))


@between("closure.sleep_s", 2.8, 3.2)
def sleep_lasts(length_s: float) -> bool:
    return bool(shut(length_s).alerts("sleep"))


@between("closure.sleep_release_s", 2.8, 3.2)
def sleep_ends_with_open_eyes_for(open_s: float) -> bool:
    return ends("sleep", Drive(fps=30).ahead(3).closed(3.5).ahead(open_s))


@between("closure.unresponsive_s", 5.8, 6.2)
def unresponsive_after(length_s: float) -> bool:
    return bool(shut(length_s).alerts("unresponsive"))


@between("closure.unresponsive_after_warning_s", 2.8, 3.2)
def unresponsive_after_the_first_urgent_warning(later_s: float) -> bool:
    # Deep for half of the time, so warned at all, after 8 s.
    return opens("unresponsive", Drive(fps=30).ahead(3).closed(4, **lids(0.25)).closed(4 + later_s).ahead(1))


@between("closure.down_pitch_deg", -13.0, -11.0)
def looking_down_lower_than_this_lids_hang(pitch_deg: float) -> bool:
    return bool(shut(1.3, pitch_deg=pitch_deg).alerts("eyes_closed"))


@between("closure.down_deep_share", 0.85, 0.95)
def looking_down_a_closure_counts_when_deep_for(share: float) -> bool:
    down = {"pitch_deg": -15.0}
    drive = Drive(fps=30).ahead(3).closed(4 - 4 * share, **lids(0.25), **down).closed(4 * share, **down)
    return opens("sleep", drive.ahead(1))


@between("closure.down_microsleep_s", 2.4, 2.6)
def looking_down_a_microsleep_lasts(length_s: float) -> bool:
    return bool(shut(length_s, pitch_deg=-15.0).alerts("microsleep"))


# perclos


def perclos_level(share: float, before: float | None = None) -> int:
    drive = Drive(fps=10)
    if before is not None:
        closing(drive, 130, before)
    told = closing(drive, 200 if before is None else 58, share).judge()
    return max((story.level for story in told.alerts("fatigue")), default=0)


@between("perclos.min_closure_s", 0.23, 0.27)
def closures_count_from(closed_s: float) -> bool:
    return bool(Drive(fps=100).blinking(40, per_minute=20, closed_s=closed_s).judge().reading("perclos60"))


@between("perclos.notice_ratio", 0.07, 0.088)
def perclos_is_noticed_from(share: float) -> bool:
    return perclos_level(share) >= 1


@between("perclos.warning60_ratio", 0.135, 0.165)
def perclos_warns_from(share: float) -> bool:
    return perclos_level(share) >= 2


@between("perclos.warning180_ratio", 0.035, 0.075)
def perclos_warns_if_three_minutes_were_drowsy_too(before: float) -> bool:
    # 0.19 in the last minute, so that the three minutes end at 0.085 or 0.111.
    return perclos_level(0.19, before) >= 2


@between("perclos.urgent60_ratio", 0.27, 0.33)
def perclos_urges_from(share: float) -> bool:
    return perclos_level(share) >= 3


@between("perclos.min_fps", 8.4, 9.6)
def perclos_needs_frames_with_a_tenth_of_tolerance(fps: float) -> bool:
    return closing(Drive(fps=fps), 40, 0.2, 0.6).judge().reading("perclos60") is not None


# blink, yawn, nod


@between("blink.min_fps", 12.9, 14.2)
def blinks_need_frames_with_a_tenth_of_tolerance(fps: float) -> bool:
    return Drive(fps=fps).ahead(40).judge().reading("blink_rate") is not None


@between("blink.min_blinks", 9, 10)
def the_mean_closure_needs_blinks(count: float) -> bool:
    drive = Drive(fps=15).ahead(60)
    for _ in range(round(count)):
        drive.closed(0.2).ahead(3.8)
    return drive.judge().reading("mean_closure_ratio") is not None


@between("blink.closure_ratio", 1.3, 1.5)
def longer_closures_are_a_cue_from(ratio: float) -> bool:
    return independent_cues(Cues(mean_closure_ratio=ratio), Rules()) > 0


def closures_of_a_second(count: float) -> int:
    drive = Drive(fps=10).ahead(60)
    for _ in range(round(count)):
        drive.closed(1.2).ahead(60)
    return max((story.level for story in drive.judge().alerts("fatigue")), default=0)


@between("blink.microsleep_rate_warning", 1, 2)
def microsleeps_in_ten_minutes_warn_from(count: float) -> bool:
    return closures_of_a_second(count) >= 2


@between("blink.microsleep_rate_urgent", 3, 4)
def microsleeps_in_ten_minutes_urge_from(count: float) -> bool:
    return closures_of_a_second(count) >= 3


@between("yawn.neutral_ratio", 1.36, 1.5)
def a_mouth_is_wide_open_from_so_much_of_its_own_rest(ratio: float) -> bool:
    drive = Drive(fps=15, mouth_ratio=0.45).ahead(65).show(0.5, mouth_ratio=0.9).show(3, mouth_ratio=0.45 * ratio)
    return bool(drive.ahead(2).judge().events("yawn"))


@between("yawn.floor_ratio", 0.55, 0.65)
def a_mouth_is_wide_open_from(ratio: float) -> bool:
    drive = Drive(fps=15).ahead(3).show(0.5, mouth_ratio=0.9).show(3, mouth_ratio=ratio)
    return bool(drive.ahead(2).judge().events("yawn"))


@between("yawn.open_share", 0.84, 0.94)
def a_yawn_is_wide_open_for(share: float) -> bool:
    drive = Drive(fps=100).ahead(3)
    drive.show(3, lambda at_s: {"mouth_ratio": 0.9 if at_s % 0.5 < 0.5 * share else 0.3})
    return bool(drive.ahead(2).judge().events("yawn"))


@between("yawn.min_s", 1.4, 1.6)
def a_yawn_lasts(length_s: float) -> bool:
    return bool(Drive(fps=30).ahead(3).show(length_s, mouth_ratio=0.9).ahead(2).judge().events("yawn"))


@between("yawn.max_s", -12.5, -11.5)
def a_yawn_lasts_no_longer_than(minus_s: float) -> bool:
    return bool(Drive(fps=30).ahead(3).show(-minus_s, mouth_ratio=0.9).ahead(2).judge().events("yawn"))


@between("yawn.evidence_count", 2, 3)
def yawns_are_a_cue_from(count: float) -> bool:
    return independent_cues(Cues(yawns10=round(count)), Rules()) > 0


def nods(drive: Drive) -> bool:
    return bool(drive.ahead(2).judge().events("nod"))


@between("nod.drop_deg", 13.5, 16.5)
def a_nod_falls_by(drop_deg: float) -> bool:
    return nods(Drive(fps=30).ahead(3).closed(0.2).closed(0.6, pitch_deg=-drop_deg))


@between("nod.drop_s", -1.1, -0.9)
def a_nod_falls_within(minus_s: float) -> bool:
    return nods(Drive(fps=30).ahead(3).closed(-minus_s, pitch_deg=-8.0).closed(0.5, pitch_deg=-16.0))


@between("nod.closed_s", 0.27, 0.33)
def the_eyes_are_shut_in_a_nod_for(closed_s: float) -> bool:
    return nods(Drive(fps=100).ahead(3).show(0.2, pitch_deg=-20.0).closed(closed_s, pitch_deg=-20.0))


@between("nod.recover_s", -3.2, -2.8)
def a_nod_is_over_within(minus_s: float) -> bool:
    drive = Drive(fps=30).ahead(3).closed(0.2).closed(0.6, pitch_deg=-20.0)
    return nods(drive.show(-minus_s - 0.6, pitch_deg=-20.0))


@between("nod.evidence_count", 1, 2)
def nods_are_a_cue_from(count: float) -> bool:
    return independent_cues(Cues(nods10=round(count)), Rules()) > 0


# fatigue


DROWSY: Final = Cues(perclos60=0.0, microsleep_rate=1, heaviness=0.5)
"""Two cues, neither of which is an alert by itself."""


class JudgedFatigue:
    """The fatigue alert of a level and cues that are set."""

    def __init__(self) -> None:
        rules = Rules()
        self.bank = IndicatorBank(rules)
        self.book = AlertBook(rules.alerts)
        self.bank.openness = 1.0
        self._rules = FatigueRules(rules, self.bank, self.book)

    def after(self, seconds: float, level: float = 0.0, cues: Cues = DROWSY) -> int:
        """Return the alert's level so long later."""
        self.bank.cues = cues
        before_ns = self.bank.now_ns
        self.bank.now_ns += round(seconds * 1e9)
        # What an alert carries of PERCLOS is a share of seen time.
        for window in (self.bank.perclos._valid_short, self.bank.perclos._valid_long):
            window.add(before_ns, self.bank.now_ns)
        self.bank.fatigue_level = level
        self._rules.evaluate(self.bank.now_ns, round(seconds * 1e9), active=True)
        return self.book.level("fatigue")


@between("fatigue.notice_level", 38, 42)
def fatigue_is_noticed_from(level: float) -> bool:
    return JudgedFatigue().after(1, level) >= 1


@between("fatigue.warning_level", 57, 63)
def fatigue_warns_from(level: float) -> bool:
    return JudgedFatigue().after(1, level) >= 2


@between("fatigue.urgent_level", 76, 84)
def fatigue_urges_from(level: float) -> bool:
    return JudgedFatigue().after(1, level) >= 3


@between("fatigue.step_down_s", 57, 63)
def fatigue_falls_a_level_after(seconds: float) -> bool:
    judged = JudgedFatigue()
    judged.after(1, 85)
    return judged.after(seconds, 10) < 3


def noticed() -> JudgedFatigue:
    judged = JudgedFatigue()
    judged.after(1, cues=Cues(perclos60=0.09))
    return judged


@between("perclos.exit60_ratio", -0.086, -0.073)
def fatigue_leaves_below(minus: float) -> bool:
    return noticed().after(90, cues=Cues(perclos60=-minus)) == 0


@between("perclos.exit180_ratio", -0.066, -0.054)
def fatigue_leaves_when_three_minutes_were_below(minus: float) -> bool:
    return noticed().after(90, cues=Cues(perclos60=0.0, perclos180=-minus)) == 0


@between("perclos.exit_hold_s", 57, 63)
def fatigue_leaves_after(seconds: float) -> bool:
    return noticed().after(seconds, cues=Cues(perclos60=0.0, perclos180=0.0)) == 0


@between("fatigue.min_speed_kmh", 49, 51)
def fatigue_is_told_from(speed_kmh: float) -> bool:
    return opens("fatigue", closing(Drive(fps=15).at_speed(speed_kmh), 100, 0.2, 0.6))


# distraction


def away(length_s: float, fps: float = 30.0, speed_kmh: float | None = None, **fields: Any) -> Drive:
    return Drive(fps=fps).at_speed(speed_kmh).ahead(3).show(length_s, **({"yaw_deg": 35.0} | fields)).ahead(3)


@between("distraction.yaw_deg", 21.0, 25.0)
def the_head_is_turned_away_from(yaw_deg: float) -> bool:
    return opens("distraction", away(4, yaw_deg=yaw_deg))


@between("distraction.pitch_down_deg", -19.5, -16.5)
def the_head_is_on_the_road_down_to(pitch_deg: float) -> bool:
    return not opens("distraction", away(4, yaw_deg=0.0, pitch_deg=pitch_deg))


@between("distraction.gaze_yaw_deg", 20.0, 24.0)
def the_gaze_is_turned_away_from(yaw_deg: float) -> bool:
    return opens("distraction", away(4, yaw_deg=0.0, gaze_yaw_deg=yaw_deg, gaze_pitch_deg=0.0))


@between("distraction.gaze_pitch_deg", 13.0, 15.0)
def the_gaze_is_lifted_away_from(pitch_deg: float) -> bool:
    return opens("distraction", away(4, yaw_deg=0.0, gaze_yaw_deg=0.0, gaze_pitch_deg=pitch_deg))


@between("distraction.warning_s", 2.8, 3.2)
def looking_away_warns_after(length_s: float) -> bool:
    return reaches("distraction", 2, away(length_s, speed_kmh=80.0))


@between("distraction.slow_warning_s", 2.8, 3.2)
def looking_away_warns_in_town_after(length_s: float) -> bool:
    return reaches("distraction", 2, away(length_s, speed_kmh=30.0))


@between("distraction.fast_kmh", 48, 52)
def the_strict_tier_begins_at(speed_kmh: float) -> bool:
    return reaches("distraction", 2, away(4, speed_kmh=speed_kmh), Rules(distraction=Distraction(slow_warning_s=6.0)))


@between("distraction.urgent_after_s", 1.8, 2.2)
def looking_away_urges_after_the_warning_by(later_s: float) -> bool:
    return reaches("distraction", 3, away(3 + later_s))


@between("distraction.zone_warning_s", 3.8, 4.2)
def a_look_into_the_mirror_warns_after(length_s: float) -> bool:
    return reaches("distraction", 2, away(length_s, yaw_deg=40.0), MIRROR)


@between("distraction.zone_free_s", 2.9, 3.1)
def the_free_second_of_a_mirror_is_not_taken_off_the_buffer(length_s: float) -> bool:
    return opens("distraction", away(length_s, yaw_deg=40.0), MIRROR)


@between("distraction.clear_s", 0.9, 1.1)
def a_warning_ends_on_road_for(on_s: float) -> bool:
    return ends("distraction", Drive(fps=30).ahead(3).aside(4).ahead(on_s))


@between("distraction.flicker_s", -0.33, -0.27)
def a_shorter_look_at_the_road_does_not_reset(minus_s: float) -> bool:
    return reaches("distraction", 2, Drive(fps=100).ahead(3).aside(2).ahead(-minus_s).aside(1.2).ahead(2))


@between("distraction.look_away_s", 0.45, 0.55)
def a_look_aside_is_an_event_from(length_s: float) -> bool:
    return bool(away(length_s).judge().events("look_away"))


@between("distraction.min_speed_kmh", 19, 21)
def looking_away_is_told_from(speed_kmh: float) -> bool:
    return opens("distraction", away(4, speed_kmh=speed_kmh))


@between("distraction.vats_s", 9.5, 10.5)
def looks_aside_add_up_to(total_s: float) -> bool:
    whole = int(total_s // 1.2)
    return opens("vats", Drive(fps=30).ahead(3).glancing(whole, 1.2, 1.0).aside(total_s - 1.2 * whole).ahead(1))


@between("distraction.vats_window_s", 0.3, 0.37)
def ten_seconds_are_within_the_window_at_a_share_of(share: float) -> bool:
    return opens("vats", Drive(fps=30).ahead(3).glancing(30, 0.8, 0.8 / share - 0.8))


@between("distraction.vats_reset_s", -2.1, -1.9)
def shorter_looks_at_the_road_do_not_reset_the_sum(minus_s: float) -> bool:
    return opens("vats", Drive(fps=30).ahead(3).glancing(20, 1.3, -minus_s))


@between("distraction.buffer_s", 1.8, 2.2)
def the_buffer_is_empty_after(length_s: float) -> bool:
    return opens("distraction", away(length_s))


@between("distraction.buffer_latency_s", 27, 34)
def half_a_second_each_way_empties_it_after_so_many_looks(count: float) -> bool:
    # 0.05 s are lost a look; with the latency a fifth off, 0.03 or 0.07.
    rules = Rules(distraction=Distraction(vats_window_s=20.0))
    return opens("distraction", Drive(fps=100).ahead(3).glancing(round(count), 0.5, 0.55), rules)


# anger


def rested(fps: float = 5.0) -> Drive:
    return Drive(fps=fps).show(70, expression=RESTING)


def shown(length_s: float, share: float = 1.0, face: dict[str, float] = ANGRY, drive: Drive | None = None) -> Drive:
    """Anger for a share of every two seconds, after 70 s of a resting face."""
    drive = rested() if drive is None else drive
    return drive.show(length_s, lambda at_s: {"expression": face if at_s % 2.0 < 2.0 * share - 1e-6 else RESTING})


@between("anger.hostility", 0.32, 0.38)
def a_face_is_hostile_from(probability: float) -> bool:
    return opens("displayed_anger", shown(60, face=face_of(anger=probability)))


@between("anger.hostility_unlearnt", 0.65, 0.75)
def a_face_of_a_driver_not_yet_known_is_hostile_from(probability: float) -> bool:
    drive = Drive(fps=5).show(15, expression=RESTING).show(40, expression=face_of(anger=probability))
    return opens("displayed_anger", drive)


@between("anger.share30", 0.5, 0.7)
def half_a_minute_is_angry_from(share: float) -> bool:
    return opens("displayed_anger", shown(90, share))


@between("anger.exit30", -0.35, -0.25)
def half_a_minute_is_calm_below(minus: float) -> bool:
    return ends("displayed_anger", shown(120, -minus, drive=shown(40, drive=rested(10))))


@between("anger.share60", 28, 33)
def the_second_episode_warns_when_half_of_a_minute_was_angry(length_s: float) -> bool:
    drive = shown(40).show(390, expression=RESTING)
    return reaches("displayed_anger", 2, shown(length_s, drive=drive).show(30, expression=RESTING))


@between("anger.min_valid30_s", 18.8, 21.2)
def half_a_minute_is_judged_from(valid_s: float) -> bool:
    drive = Drive(fps=5).show(70, expression=RESTING).show(30, yaw_deg=31.0)
    return opens("displayed_anger", shown(valid_s, drive=drive))


@between("anger.refractory_s", 270, 330)
def after_an_alert_none_opens_for(seconds: float) -> bool:
    # The first alert ends when 21 s of calm have brought its share down and 30 more have passed: at 161 s.
    drive = shown(40).show(51 + seconds - 40, expression=RESTING)
    return len(shown(40, drive=drive).judge().alerts("displayed_anger")) == 2


@between("anger.episode_s", -640, -540)
def the_second_of_two_episodes_within_this_warns(minus_s: float) -> bool:
    drive = shown(40).show(-minus_s - 40, expression=RESTING)
    return reaches("displayed_anger", 2, shown(45, drive=drive))


@between("anger.harsh_mps2", 3.2, 3.8)
def braking_is_harsh_from(mps2: float) -> bool:
    return reaches("displayed_anger", 2, shown(10, drive=shown(30).braking(mps2)))


@between("anger.min_speed_kmh", 9.5, 10.5)
def anger_is_told_from(speed_kmh: float) -> bool:
    return opens("displayed_anger", shown(40, drive=Drive(fps=5).at_speed(speed_kmh).show(70, expression=RESTING)))


# presence


@between("presence.absent_notice_s", 2.8, 3.2)
def an_empty_seat_is_noticed_after(length_s: float) -> bool:
    return opens("driver_absent", Drive(fps=30).ahead(3).no_face(length_s).ahead(2))


@between("presence.absent_warning_s", 5.8, 6.2)
def an_empty_seat_warns_after(length_s: float) -> bool:
    return reaches("driver_absent", 2, Drive(fps=30).ahead(3).no_face(length_s).ahead(2))


def dark(length_s: float) -> Drive:
    return Drive(fps=30).ahead(30).show(length_s, quality={"reason": "dark"})


@between("presence.window_s", 4.5, 5.5)
def blind_is_more_than_half_of_the_window_unseen(length_s: float) -> bool:
    return dark(length_s).judge().engine.state().observability == "blind"


@between("presence.ok_ratio", 1.7, 2.3)
def degraded_is_more_than_a_fifth_unseen(length_s: float) -> bool:
    return dark(length_s).judge().engine.state().observability == "degraded"


@between("presence.degraded_ratio", 4.6, 5.4)
def blind_is_more_than_half_unseen(length_s: float) -> bool:
    return dark(length_s).judge().engine.state().observability == "blind"


@between("presence.blind_alert_s", 14.2, 15.8)
def a_blind_camera_is_told_after_five_seconds_and(length_s: float) -> bool:
    return opens("health", dark(length_s))


# alerts


@between("alerts.gap_reset_s", 1.8, 2.2)
def a_gap_ends_an_alert_from(length_s: float) -> bool:
    told = Drive(fps=30).ahead(3).closed(1.8).suspended(length_s).closed(0.3).judge()
    return told.alerts("microsleep")[0].reason == "gap"


@between("alerts.repeat_s", 1.8, 2.2)
def an_urgent_alert_sounds_again_after(length_s: float) -> bool:
    told = Drive(fps=30).ahead(3).closed(1.5).no_face(length_s).judge()
    return any(isinstance(warning, CabWarning) and warning.action == "repeat" for warning in told.warnings())


@between("alerts.speed_stale_s", 1.8, 2.2)
def an_old_speed_is_unknown_and_unknown_moves(age_s: float) -> bool:
    # The bus tells the speed every half second, so for the last time half a second before it falls silent.
    drive = Drive(fps=30).at_speed(0.0).ahead(1).no_face(4).at_speed(None).no_face(age_s - 0.5)
    return opens("driver_absent", drive)


@between("alerts.speed_hysteresis_kmh", 2.7, 3.3)
def slowing_down_leaves_a_gate_below_it_by(below_kmh: float) -> bool:
    return ends("distraction", Drive(fps=30).at_speed(40.0).ahead(3).aside(4).at_speed(20.0 - below_kmh).aside(1))


@between("alerts.budget_per_hour", 1, 2)
def audible_alerts_are_suspect_beyond(count: float) -> bool:
    drive = Drive(fps=30).ahead(3)
    for _ in range(round(count)):
        drive.aside(3.5).ahead(20)
    return any(change.nuisance_suspect for change in drive.judge().changes())
