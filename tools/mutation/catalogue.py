"""The mutants: every threshold a fifth lower and higher, and the mistakes that such systems are known to make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mutation.mutant import RULES, MovedThreshold, Mutant, thresholds_in

if TYPE_CHECKING:
    from pathlib import Path

THRESHOLDS: Final = "tests/stories/test_thresholds.py::test_threshold[{}]"
STORY: Final = "tests/stories/test_drives.py::test_story[{}]"
CLOSURES: Final = "tests/stories/test_closures.py::"
PRIVACY: Final = "tests/stories/test_privacy.py::"
ATTENTION: Final = "tests/stories/test_attention.py::"
FATIGUE: Final = "tests/stories/test_fatigue.py::"
ANGER: Final = "tests/stories/test_anger.py::"
WATCH: Final = "tests/stories/test_watch.py::"
TIME: Final = "tests/stories/test_time.py::"
PROPERTIES: Final = "tests/properties/test_decisions.py::"
STORIES_OF_BASELINE: Final = "tests/stories/test_baseline.py::"
VALIDITY: Final = "tests/stories/test_validity.py::"
BASELINE: Final = "tests/unit/indicators/test_baseline.py"
BOOK: Final = "tests/unit/decision/test_alerts.py::"

NOTHING_CHANGES: Final = {
    ("perclos.exit60_ratio", 1.2): "from 0.08 on perclos60 asks for the notice, so a later exit never comes to bear",
    ("alerts.budget_per_hour", 1.2): "alerts are counted, and two are more than 1.2 as they are more than 1",
}
"""Thresholds whose mutant behaves as the original, with the reason; none other is left out."""


def catalogue(checkout: Path) -> list[Mutant | MovedThreshold]:
    """Return all mutants of this checkout."""
    moved = [
        MovedThreshold(section, field, factor, (THRESHOLDS.format(f"{section}.{field}"),))
        for section, field in thresholds_in((checkout / RULES).read_text(encoding="utf-8"))
        for factor in (0.8, 1.2)
        if (f"{section}.{field}", factor) not in NOTHING_CHANGES
    ]
    return [*MISTAKES, *moved]


MISTAKES: Final = (
    # What is not seen.
    Mutant(
        "unseen eyes are closed eyes",
        "edge/indicators/bank.py",
        "openness = eye_openness(sample, baseline.eyes, rules.openness)",
        "openness = eye_openness(sample, baseline.eyes, rules.openness) or 0.0",
        (STORY.format("sunglasses-at-noon"), PROPERTIES + "test_unseen_is_never_closed"),
    ),
    Mutant(
        "unseen time counts in PERCLOS",
        "edge/indicators/bank.py",
        "        valid = deep = False\n",
        "        valid, deep = fast_enough, False\n",
        (FATIGUE + "test_a_face_lost_for_60_s_leaves_no_perclos_and_never_a_higher_one",),
    ),
    Mutant(
        "PERCLOS is judged while the eyes are unseen",
        "edge/indicators/bank.py",
        "        if seen:\n            self.perclos.judge(t_ns)",
        "        self.perclos.judge(t_ns)\n        if seen:",
        (FATIGUE + "test_a_face_lost_for_20_s_leaves_perclos_at_its_value",),
    ),
    Mutant(
        "eyes are read although they are declared unusable",
        "edge/indicators/sample.py",
        "sample.eyes_declared_usable = reason not in EYES_UNUSABLE",
        "sample.eyes_declared_usable = True",
        (STORY.format("low-sun"), WATCH + "test_eyes_that_are_declared_unusable_are_not_read"),
    ),
    Mutant(
        "short unseen moments are not bridged",
        "edge/indicators/closure.py",
        "self._bridge_ns = ns(openness.bridge_gap_s)",
        "self._bridge_ns = 0",
        (CLOSURES + "test_a_short_unseen_gap_is_bridged",),
    ),
    Mutant(
        "hiding the face ends a closure that is being warned of",
        "edge/indicators/closure.py",
        "end_ns - unseen_since > self._bridge_ns and not self.alerting",
        "end_ns - unseen_since > self._bridge_ns",
        (CLOSURES + "test_a_face_lost_during_a_microsleep_lets_the_timer_run_on_to_unresponsive",),
    ),
    Mutant(
        "a frozen picture is read",
        "edge/indicators/camera.py",
        'return self.reported in {"frozen", "garbled"}',
        "return False",
        (STORY.format("the-picture-freezes-amid-a-blink"),),
    ),
    Mutant(
        "a camera that fails is shown and never heard",
        "edge/decision/watch.py",
        "return blind_picture or self._fault_ns >= HEARD_FAULT_NS",
        "return blind_picture",
        (WATCH + "test_a_fault_that_blinds_is_heard_after_a_second",),
    ),
    Mutant(
        "another reason for a blindness is news at once",
        "edge/decision/watch.py",
        "self._of_fault or self._renamed_ns >= RENAMED_NS",
        "True",
        (WATCH + "test_a_blindness_whose_reason_flickers_is_told_once",),
    ),
    Mutant(
        "the reason for a blindness that was told first stays for ever",
        "edge/decision/watch.py",
        "self._of_fault or self._renamed_ns >= RENAMED_NS",
        "self._of_fault",
        (WATCH + "test_another_reason_that_stays_is_told_after_five_seconds",),
    ),
    Mutant(
        "a camera that fails is kept unheard by a warning that is open",
        "edge/decision/alerts.py",
        "return self._health_over(alert) or alert",
        "return alert",
        (WATCH + "test_a_failing_camera_is_heard_amid_a_warning_that_has_had_its_sound",),
    ),
    Mutant(
        "a covered camera is an empty seat",
        "edge/indicators/bank.py",
        "healthy = not self.camera.blinding and sample.reason not in PICTURE_UNUSABLE",
        "healthy = True",
        (STORY.format("the-camera-is-covered"),),
    ),
    Mutant(
        "what was seen last is held when no frame comes",
        "edge/indicators/bank.py",
        "        self.camera.no_frame(t_ns)\n        self._see_nothing(t_ns)",
        "        self.camera.no_frame(t_ns)",
        (WATCH + "test_silence_freezes_a_microsleep",),
    ),
    Mutant(
        "a number that is none enters",
        "edge/indicators/sample.py",
        "return value if value is not None and low <= value <= high else None",
        "return value if value is not None and not (value < low or value > high) else None",
        ("tests/unit/indicators/test_sample.py::test_what_is_no_number_or_out_of_range_is_not_seen",),
    ),
    # Time.
    Mutant(
        "frames counted instead of time: closures",
        "edge/indicators/closure.py",
        "self.length_ns += duration_ns\n        self.last",
        "self.length_ns += 33_333_333\n        self.last",
        (CLOSURES + "test_a_closure_fires_exactly_the_right_states",),
    ),
    Mutant(
        "frames counted instead of time: looking away",
        "edge/indicators/gaze.py",
        "            self.counted_ns += counted_ns",
        "            self.counted_ns += 33_333_333",
        (ATTENTION + "test_distraction_warns_then_urges_then_alarms",),
    ),
    Mutant(
        "frames counted instead of time: PERCLOS",
        "edge/indicators/perclos.py",
        "self._pending.append((start_ns, end_ns))",
        "self._pending.append((end_ns - 33_333_333, end_ns))",
        (FATIGUE + "test_levels_of_perclos",),
    ),
    Mutant(
        "frames counted instead of time: anger",
        "edge/indicators/anger.py",
        "self._anger_short.add(start_ns, end_ns)",
        "self._anger_short.add(end_ns - 33_333_333, end_ns)",
        (ANGER + "test_a_bout_of_a_minute_at_75_percent_recall_is_found_in_time",),
    ),
    Mutant(
        "the wall clock is used",
        "edge/decision/engine.py",
        "        t_ns = member.t_ns\n        self._strips",
        '        t_ns = __import__("time").time_ns()\n        self._strips',
        (TIME + "test_a_jump_of_the_wall_clock_changes_nothing", TIME + "test_only_differences_of_the_stamps_count"),
    ),
    Mutant(
        "gaps are computed across",
        "edge/decision/engine.py",
        "elif t_ns - last_ns > self._gap_ns:",
        "elif False:",
        (STORY.format("stopped-for-twenty-seconds"),),
    ),
    Mutant(
        "time that repeats is taken",
        "edge/decision/engine.py",
        "if last_ns is not None and t_ns <= last_ns:",
        "if last_ns is not None and t_ns < last_ns:",
        (WATCH + "test_time_that_repeats_or_runs_backwards_is_ignored",),
    ),
    Mutant(
        "a speed is believed for ever",
        "edge/indicators/speed.py",
        "abs(t_ns - self._read_ns) <= self._fresh_ns",
        "self._fresh_ns > 0",
        (THRESHOLDS.format("alerts.speed_stale_s"),),
    ),
    # Closures.
    Mutant(
        "eyes are open again where they closed: no hysteresis",
        "edge/indicators/closure.py",
        "self._reopened_above = openness.reopened_above",
        "self._reopened_above = openness.closed_below",
        (THRESHOLDS.format("openness.reopened_above"),),
    ),
    Mutant(
        "half-shut eyes are closures that count",
        "edge/indicators/closure.py",
        "return self.closed_ns > 0 and self.deep_share >= needed",
        "return self.closed_ns > 0",
        (STORY.format("a-laugher"), CLOSURES + "test_half_shut_eyes_are_no_microsleep"),
    ),
    Mutant(
        "lids that hung water down the closure that follows",
        "edge/indicators/closure.py",
        "if openness < self._closed_below and self._hung and not self.alerting:",
        "if False:",
        (STORY.format("asleep-after-squinting-against-the-sun"),),
    ),
    Mutant(
        "two blinks with hanging lids between are one closure",
        "edge/indicators/closure.py",
        "(self._lifted_ns if blinked else self._hanging_ns)",
        "self._hanging_ns",
        (
            STORY.format("blinks-amid-squinting-at-the-cluster"),
            CLOSURES + "test_two_blinks_with_hanging_lids_between_are_not_one_closure",
        ),
    ),
    Mutant(
        "lids that tremble in sleep have woken",
        "edge/indicators/closure.py",
        "(self._lifted_ns if blinked else self._hanging_ns)",
        "self._lifted_ns",
        (CLOSURES + "test_lids_that_tremble_after_half_a_second_of_sleep_do_not_wake",),
    ),
    Mutant(
        "every half-open frame in sleep has woken",
        "edge/indicators/closure.py",
        ">= self._recovery_ns\n\n    @property\n    def claims_attention",
        "> 0\n\n    @property\n    def claims_attention",
        (CLOSURES + "test_a_slow_flickering_microsleep_is_one_closure",),
    ),
    Mutant(
        "lids that hang while looking down are closures",
        "edge/indicators/closure.py",
        "return self.closed_ns > 0 and 2 * self.down_ns >= self.closed_ns",
        "return False",
        (STORY.format("eyes-shut-over-the-phone"),),
    ),
    Mutant(
        "the far eye counts",
        "edge/indicators/openness.py",
        "            right = None\n    closed",
        "            pass\n    closed",
        (STORY.format("right-hand-drive"),),
    ),
    Mutant(
        "who was warned of one look may go on in portions",
        "edge/decision/distractions.py",
        '        self._vats_told = book.level("vats") > 0\n',
        "",
        ("tests/stories/test_attention.py::test_looking_away_in_portions_after_a_warning_is_told_too",),
    ),
    Mutant(
        "sleep is not latched",
        "edge/decision/closures.py",
        "needed_ns = self._recovery_ns if LEVELS[kind] < LATCHED else self._release_ns",
        "needed_ns = self._recovery_ns",
        (CLOSURES + "test_sleep_is_latched_until_the_eyes_are_open_for_three_seconds",),
    ),
    Mutant(
        "unresponsive does not wait for the warning",
        "edge/decision/closures.py",
        "            and closure.elapsed_ns - self._warned_elapsed_ns >= self._after_warning_ns\n",
        "",
        (CLOSURES + "test_unresponsive_waits_for_three_seconds_after_the_first_urgent_warning",),
    ),
    Mutant(
        "the lower step of the ladder stays open",
        "edge/decision/closures.py",
        "        if lower is not None:\n            self._book.close(lower,",
        "        if lower is None:\n            self._book.close(kind,",
        (CLOSURES + "test_each_step_closes_the_one_below_in_the_same_call",),
    ),
    # What is learnt of the driver.
    Mutant(
        "the baseline runs: drowsy eyes are learnt as open",
        "edge/indicators/eye_baseline.py",
        "self._learnt(t_ns, left, right) if eyes.provenance is None else",
        "self._learnt(t_ns, left, right) if True else",
        (BASELINE,),
    ),
    Mutant(
        "a sleeper is learnt",
        "edge/indicators/baseline.py",
        "        if closed:\n            return\n        if self._eye_learner",
        "        if self._eye_learner",
        (CLOSURES + "test_asleep_from_the_first_frame",),
    ),
    Mutant(
        "half-shut eyes are learnt as open",
        "edge/indicators/eye_baseline.py",
        "open_left=min(max(eyes.open_left, floor_left), OPEN_MAX),",
        "open_left=min(eyes.open_left, OPEN_MAX),",
        (THRESHOLDS.format("baseline.open_floor_ratio"),),
    ),
    Mutant(
        "a look aside is learnt as the neutral pose",
        "edge/indicators/rest_baseline.py",
        "    if 2 * histogram.between_ns(low, high) < histogram.total_ns:\n        return None\n",
        "    low, high = -90.0, 90.0\n",
        (BASELINE + "::test_looking_aside_while_learning_poisons_nothing",),
    ),
    # Fatigue.
    Mutant(
        "normal blinks count in PERCLOS",
        "edge/indicators/perclos.py",
        "self._min_closure_ns = ns(rules.min_closure_s)",
        "self._min_closure_ns = 0",
        (FATIGUE + "test_perclos_does_not_count_normal_blinks",),
    ),
    Mutant(
        "yawns alone are fatigue",
        "edge/indicators/fatigue.py",
        "EVIDENCE_POINTS: Final = 5.0",
        "EVIDENCE_POINTS: Final = 90.0",
        (FATIGUE + "test_yawns_alone_are_no_fatigue",),
    ),
    Mutant(
        "one cue alone warns of fatigue",
        "edge/decision/fatigues.py",
        "CUES_NEEDED: Final = 2",
        "CUES_NEEDED: Final = 1",
        ("tests/stories/test_thresholds.py::test_a_high_level_needs_a_second_cue_to_warn",),
    ),
    Mutant(
        "fatigue falls to nothing at once",
        "edge/decision/fatigues.py",
        'self._book.change("fatigue", current - 1, t_ns)',
        'self._book.close("fatigue", t_ns, "recovered")',
        (FATIGUE + "test_fatigue_falls_one_level_a_minute",),
    ),
    Mutant(
        "blinks are told at any frame rate",
        "edge/indicators/readings.py",
        "slow_blinks = not bank.face_frames.at_least(bank.rules.blink.min_fps)",
        "slow_blinks = False",
        (FATIGUE + "test_between_10_and_15_fps_there_is_perclos_but_no_blink_statistic",),
    ),
    Mutant(
        "blinks are judged at any frame rate",
        "edge/indicators/bank.py",
        "        if openness is not None and fast_enough:\n            self.blink.advance(",
        "        if openness is not None:\n            self.blink.advance(",
        (FATIGUE + "test_time_at_a_slow_frame_rate_is_no_valid_time_of_blink_statistics",),
    ),
    # Looking away.
    Mutant(
        "the free second of a mirror is taken off",
        "edge/indicators/gaze.py",
        "self._free_ns = ns(rules.zone_free_s)",
        "self._free_ns = 0",
        (STORY.format("mirror-checks-in-town"), STORY.format("a-long-look-into-the-mirror")),
    ),
    Mutant(
        "a peek at the road resets the timer",
        "edge/indicators/gaze.py",
        "on_road_ns >= (self._clear_ns if self.alerting else self._flicker_ns)",
        "on_road_ns > 0",
        (ATTENTION + "test_a_flicker_on_road_does_not_reset_the_timer",),
    ),
    Mutant(
        "looks aside add up for ever",
        "edge/indicators/gaze.py",
        "        if on_road_ns >= self._vats_reset_ns:\n            self._off_road.clear()\n",
        "",
        (STORY.format("eating-with-short-looks"),),
    ),
    Mutant(
        "closed eyes off the road are a look aside, too",
        "edge/indicators/bank.py",
        "self.view, frozen=claimed)",
        "self.view, frozen=False)",
        (STORY.format("asleep-with-the-head-turned"),),
    ),
    Mutant(
        "the gates have no hysteresis",
        "edge/indicators/speed.py",
        "self.active = speed_kmh >= self._min_kmh - self._hysteresis_kmh",
        "self.active = speed_kmh >= self._min_kmh",
        (THRESHOLDS.format("alerts.speed_hysteresis_kmh"),),
    ),
    # Displayed anger.
    Mutant(
        "the refractory time is dropped",
        "edge/decision/angers.py",
        "rested = self._closed_ns is None or t_ns - self._closed_ns >= self._refractory_ns",
        "rested = True",
        (ANGER + "test_after_an_alert_none_opens_for_five_minutes",),
    ),
    Mutant(
        "every face is judged by the population's neutral",
        "edge/indicators/neutral.py",
        "        if self.known is None:\n            return probabilities\n",
        "        if probabilities:\n            return probabilities\n",
        (STORY.format("an-angry-resting-face"), ANGER + "test_an_angry_resting_face_is_learnt"),
    ),
    Mutant(
        "a bout while learning is learnt as neutral",
        "edge/indicators/neutral.py",
        "CALMER_SHARE: Final = 0.75",
        "CALMER_SHARE: Final = 1.0",
        (ANGER + "test_a_short_bout_while_learning_does_not_make_the_next_one_look_calm",),
    ),
    Mutant(
        "until the neutral face is learnt no wider margin holds",
        "edge/indicators/anger.py",
        "self._hostility_min if learnt else self._hostility_unlearnt_min",
        "self._hostility_min",
        ("tests/stories/test_baseline.py::test_until_the_neutral_is_learnt_a_display_must_be_clear",),
    ),
    Mutant(
        "an exchange of the baseline ends a closure",
        "edge/indicators/bank.py",
        "        self.blink_window.reset()\n        if self.anger is not None:\n            self.anger.forget()\n",
        "        self.closure.reset()\n",
        ("tests/stories/test_baseline.py::test_no_exchange_of_the_baseline_ends_a_closure",),
    ),
    Mutant(
        "a stored baseline is believed whatever it says",
        "edge/indicators/baseline.py",
        "self._set(NOTHING if baseline is None else self._believed(baseline))",
        "self._set(NOTHING if baseline is None else baseline)",
        (BASELINE + "::test_nothing_from_outside_is_believed_beyond_what_could_be_learnt",),
    ),
    Mutant(
        "a change while running may contradict itself",
        "edge/config/changes.py",
        "    if odds:\n",
        "    if not rules:\n",
        ("tests/unit/config/test_changes.py::test_changes_that_do_not_go_together_are_refused",),
    ),
    Mutant(
        "a change while running may be no number",
        "edge/config/changes.py",
        "if isinstance(value, float) and not math.isfinite(value):",
        "if value is None:",
        ("tests/unit/config/test_changes.py::test_a_bad_change_is_refused_with_its_key",),
    ),
    Mutant(
        "speech is read as expression",
        "edge/indicators/bank.py",
        "if speaking or self.yawn.opening",
        "if self.yawn.opening",
        (STORY.format("a-talker"), ANGER + "test_speaking_time_is_excluded"),
    ),
    Mutant(
        "a turned face is read",
        "edge/indicators/expression.py",
        "        and (sample.yaw_deg is None or abs(sample.yaw_deg) <= YAW_MAX_DEG)\n",
        "",
        (ANGER + "test_a_turned_or_small_face_is_not_read",),
    ),
    # The cab.
    Mutant(
        "two sounds at a time",
        "edge/decision/alerts.py",
        '            self._warn("stop", sounding, t_ns)\n            self._sounding = None',
        "            self._sounding = None",
        (ATTENTION + "test_one_sound_at_a_time",),
    ),
    Mutant(
        "an acknowledged alert goes on repeating",
        "edge/decision/alerts.py",
        "        elif wanted.level >= REPEATING and wanted.silenced_level < wanted.level:",
        "        elif wanted.level >= REPEATING:",
        (WATCH + "test_acknowledging_silences_repeats_but_not_the_next_level",),
    ),
    Mutant(
        "the light of what is still open stays dark",
        "edge/decision/alerts.py",
        "        elif is_new or self._hushed or self._given_level > wanted.level:",
        "        elif self._hushed or self._given_level > wanted.level:",
        (BOOK + "test_the_light_of_a_notice_comes_back_after_another_notice",),
    ),
    Mutant(
        "an alarm falls silent for whoever answers from afar",
        "edge/decision/alerts.py",
        "not (remote and alert.level >= ALARM)",
        "True",
        (BOOK + "test_an_answer_from_afar_leaves_an_alarm_sounding",),
    ),
    Mutant(
        "nothing is suspect",
        "edge/decision/alerts.py",
        "if spent > self._budget:",
        "if spent > 10 * self._budget:",
        (STORY.format("two-warnings-within-the-hour"),),
    ),
    Mutant(
        "the wrong button does nothing",
        "edge/decision/engine.py",
        "            self._book.contest(t_ns, button.key, remote=button.remote)",
        "            pass",
        (STORY.format("the-driver-says-wrong"),),
    ),
    Mutant(
        "whoever takes the wheel inherits the fatigue of the one before",
        "edge/decision/engine.py",
        "if change.handover and not self._moving.active:",
        "if change.handover and self._moving.active:",
        (STORIES_OF_BASELINE + "test_who_takes_the_wheel_is_not_told_of_the_fatigue_of_the_one_before",),
    ),
    Mutant(
        "a name told at speed ends fatigue",
        "edge/decision/engine.py",
        "if change.handover and not self._moving.active:",
        "if change.handover:",
        (STORIES_OF_BASELINE + "test_no_name_told_at_speed_and_no_other_exchange_ends_fatigue[False-True]",),
    ),
    Mutant(
        "fatigue is told surer than its minute was seen",
        "edge/decision/fatigues.py",
        "self._bank.confidence(evidence[0].valid_fraction or 0.0, ",
        "self._bank.confidence(1.0, ",
        (VALIDITY + "test_fatigue_is_told_no_surer_than_its_minute_was_seen",),
    ),
    # Left alone, and accounted for.
    Mutant(
        "who drives at an unknown speed is left alone",
        "edge/decision/privacy.py",
        "standing_ns is None or t_ns - speed_ns > self._fresh_ns:",
        "standing_ns is None:",
        (PRIVACY + "test_who_drives_on_is_watched_at_once[unknown]",),
    ),
    Mutant(
        "a start of the engine ends the watch",
        "edge/decision/privacy.py",
        "return t_ns - off_ns >= IGNITION_OFF_NS",
        "return True",
        ("tests/unit/decision/test_privacy.py::test_a_start_of_the_engine_is_no_ignition_off",),
    ),
    Mutant(
        "what is open stays open when the watch ends",
        "edge/decision/engine.py",
        '            self._book.close_all(t_ns, "privacy", t_ns)\n',
        "",
        (PRIVACY + "test_who_sleeps_in_a_parked_vehicle_is_watched_for_three_minutes_and_then_left_alone",),
    ),
    Mutant(
        "a tampered value holds",
        "edge/decision/inequality.py",
        "if not isclose(value, evidence.value, rel_tol=REWRITTEN, abs_tol=REWRITTEN):",
        "if value != value:",
        ("tests/properties/test_evidence.py::test_a_tampered_number_does_not_hold",),
    ),
    Mutant(
        "rounded speeds are harsh braking",
        "edge/indicators/speed.py",
        "DERIVE_NS: Final = 8 * NS_PER_S // 10",
        "DERIVE_NS: Final = NS_PER_S // 25",
        ("tests/unit/indicators/test_trackers.py::test_rounded_speeds_that_come_fast_are_no_harsh_manoeuvre",),
    ),
)
