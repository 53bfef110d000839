"""Trackers one by one, where the stories do not reach."""

from __future__ import annotations

import pytest

from edge.config.rules import Rules, Zone
from edge.indicators.blink import BlinkTracker
from edge.indicators.camera import CameraWatch, FrameRate
from edge.indicators.closure import ClosureTracker, FinishedClosure
from edge.indicators.expression import ExpressionTracker, is_readable
from edge.indicators.fatigue import Cues, fatigue_level, independent_cues, kss_estimate, rising
from edge.indicators.gaze import view_of
from edge.indicators.nod import NodTracker
from edge.indicators.presence import PresenceTracker
from edge.indicators.sample import Sample
from edge.indicators.speech import SpeechTracker
from edge.indicators.speed import SpeedGate, SpeedWatch
from edge.indicators.window import NS_PER_S, ns
from edge.indicators.yawn import YawnTracker
from edge.types import VehicleSample

RULES = Rules()


def sample(**fields: object) -> Sample:
    made = Sample()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_a_closure_has_hysteresis() -> None:
    tracker = ClosureTracker(RULES.openness, RULES.closure)
    tracker.apply(0, 0.25)
    tracker.advance(0, 100, 0.25, down=False, watched=True)
    assert tracker.apply(100, 0.45) is None
    tracker.advance(100, 200, 0.45, down=False, watched=True)
    assert tracker.apply(200, 0.55) == FinishedClosure(0, 200, end_seen=True)


def test_a_closure_lost_from_sight_ends_where_it_was_last_seen() -> None:
    tracker = ClosureTracker(RULES.openness, RULES.closure)
    tracker.apply(0, 0.1)
    tracker.advance(0, ns(1.0), 0.1, down=False, watched=True)
    tracker.apply(ns(1.0), None)
    assert tracker.advance(ns(1.0), ns(1.2), None, down=False, watched=True) is None
    finished = tracker.advance(ns(1.2), ns(1.3), None, down=False, watched=True)
    assert finished == FinishedClosure(0, ns(1.0), end_seen=False)


@pytest.mark.parametrize(
    ("length_s", "end_seen", "name"),
    [
        (0.04, True, None),
        (0.05, True, "blink"),
        (0.499, True, "blink"),
        (0.5, True, "slow_blink"),
        (1.0, True, "long_closure"),
        (0.3, False, None),
        (0.7, False, "slow_blink"),
        (1.2, False, "long_closure"),
    ],
)
def test_names_of_closures(length_s: float, end_seen: bool, name: str | None) -> None:
    tracker = BlinkTracker(RULES.blink, RULES.closure)
    assert tracker.event_name(FinishedClosure(0, ns(length_s), end_seen)) == name


def test_blink_statistics_need_blinks_and_time() -> None:
    tracker = BlinkTracker(RULES.blink, RULES.closure)
    for index in range(9):
        tracker.closure_finished(FinishedClosure(index * NS_PER_S, index * NS_PER_S + ns(0.2), end_seen=True))
    tracker.advance(0, 90 * NS_PER_S)
    assert tracker.mean_closure_ratio(90 * NS_PER_S, ns(0.2)) is None
    tracker.closure_finished(FinishedClosure(80 * NS_PER_S, 88 * NS_PER_S, end_seen=True))
    # A closure of 8 s counts as one of 1 s.
    assert tracker.mean_closure_ratio(90 * NS_PER_S, ns(0.2)) == pytest.approx((9 * 0.2 + 1.0) / 10 / 0.2)
    assert tracker.long_blink_share(90 * NS_PER_S) == pytest.approx(0.1)


def test_a_nod_needs_closed_eyes_and_recovery() -> None:
    tracker = NodTracker(RULES.nod)
    tracker.advance(0, ns(1.0), 0.0, 0)
    tracker.advance(ns(1.0), ns(1.5), -16.0, ns(0.4))
    assert tracker.advance(ns(1.5), ns(1.6), -4.0, ns(0.4)) == (ns(1.0), ns(1.5))


def test_a_slow_drop_is_no_nod() -> None:
    tracker = NodTracker(RULES.nod)
    pitch, t_ns = 0.0, 0
    for _ in range(40):
        assert tracker.advance(t_ns, t_ns + ns(0.2), pitch, t_ns) is None
        t_ns += ns(0.2)
        pitch -= 1.0
    assert tracker.nods10(t_ns) == 0


def test_a_yawn_behind_a_hand() -> None:
    tracker = YawnTracker(RULES.yawn)
    tracker.advance(0, ns(2.0), 0.9, 0.3)
    assert tracker.advance(ns(2.0), ns(2.4), None, 0.3) is None
    tracker.advance(ns(2.4), ns(3.0), 0.9, 0.3)
    assert tracker.advance(ns(3.0), ns(3.6), None, 0.3) == (0, ns(3.0))


def test_talking_with_a_wide_mouth_misses_the_apex_of_a_yawn() -> None:
    for apex_s, yawns in ((0.2, 0), (0.4, 1)):
        tracker = YawnTracker(RULES.yawn)
        tracker.advance(0, ns(2.5), 0.7, 0.3)
        tracker.advance(ns(2.5), ns(2.5 + apex_s), 0.75, 0.3)
        tracker.flush()
        assert tracker.yawns10(ns(3)) == yawns


@pytest.mark.parametrize(("probability", "yawns"), [(0.4, 0), (0.6, 0), (0.9, 1)])
def test_where_a_network_looked_it_decides_not_the_ratio(probability: float, yawns: int) -> None:
    for ratio in (0.3, 0.9, None):
        tracker = YawnTracker(RULES.yawn)
        tracker.advance(0, ns(3.0), ratio, 0.3, probability)
        assert (tracker.flush() is not None) == bool(yawns)
        assert tracker.yawns10(ns(3)) == yawns


def test_a_yawn_goes_on_where_the_network_looks_away_for_a_moment() -> None:
    tracker = YawnTracker(RULES.yawn)
    tracker.advance(0, ns(1.0), 0.3, 0.3, 0.9)
    assert tracker.advance(ns(1.0), ns(1.4), None, 0.3, None) is None
    tracker.advance(ns(1.4), ns(2.4), 0.3, 0.3, 0.9)
    assert tracker.flush() == (0, ns(2.4))


def test_a_yawn_exceeds_the_own_neutral_too() -> None:
    tracker = YawnTracker(RULES.yawn)
    assert tracker.is_wide(0.61, 0.3)
    assert not tracker.is_wide(0.61, 0.44)
    assert not tracker.is_wide(0.59, 0.3)


@pytest.mark.parametrize(
    ("yaw", "pitch", "view"),
    [
        (0, 0, "road"),
        (23, 0, "road"),
        (23.5, 0, "off"),
        (-24, 0, "off"),
        (0, -18, "road"),
        (0, -18.5, "off"),
        (0, 40, "road"),
    ],
)
def test_head_views(yaw: float, pitch: float, view: str) -> None:
    assert view_of(sample(yaw_deg=yaw + 10.0, pitch_deg=pitch - 5.0), 10.0, -5.0, RULES) == view


def test_views_of_gaze_zone_and_half_a_pose() -> None:
    rules = Rules(zones=(Zone(name="mirror", yaw_deg=-45.0, pitch_deg=5.0),))
    assert view_of(sample(yaw_deg=-45.0, pitch_deg=5.0), 0.0, 0.0, rules) == "zone"
    assert view_of(sample(yaw_deg=-45.0, pitch_deg=-25.0), 0.0, 0.0, rules) == "off"
    assert view_of(sample(yaw_deg=40.0, pitch_deg=0.0, gaze_yaw_deg=3.0, gaze_pitch_deg=2.0), 0.0, 0.0, rules) == "road"
    assert view_of(sample(gaze_yaw_deg=18.0, gaze_pitch_deg=10.0), 0.0, 0.0, rules) == "off"
    assert view_of(sample(yaw_deg=30.0), 0.0, 0.0, rules) == "off"
    assert view_of(sample(pitch_deg=-30.0), 0.0, 0.0, rules) == "off"
    assert view_of(sample(), 0.0, 0.0, rules) is None


def test_speech_moves_the_mouth_within_a_second() -> None:
    tracker = SpeechTracker()
    assert not tracker.advance(ns(0.1), 0.30)
    assert not tracker.advance(ns(0.2), 0.40)
    assert tracker.advance(ns(0.3), 0.43)
    assert tracker.advance(ns(1.0), 0.43)
    assert not tracker.advance(ns(1.25), 0.43)


@pytest.mark.parametrize(
    "fields",
    [
        {"face": None},
        {"face_px": 63.0},
        {"yaw_deg": -31.0},
        {"clipped_ratio": 0.4},
        {"brightness_ratio": 0.01},
        {"reason": "blur"},
    ],
)
def test_faces_that_are_not_read(fields: dict[str, object]) -> None:
    assert is_readable(sample(face=0.9))
    assert not is_readable(sample(**({"face": 0.9} | fields)))


def test_expression_is_smoothed_exactly_however_it_is_sampled() -> None:
    low, high = (1.0, 0.0), (0.0, 1.0)
    coarse, fine = ExpressionTracker(), ExpressionTracker()
    for tracker in (coarse, fine):
        tracker.apply(sample(face=0.9, expression=low))
        tracker.advance(0, ns(0.5))
        tracker.apply(sample(face=0.9, expression=high))
    coarse.advance(ns(0.5), ns(1.0))
    for step in range(5):
        fine.advance(ns(0.5 + step / 10), ns(0.6 + step / 10))
        fine.apply(sample(face=0.9))
    assert coarse.smoothed is not None
    assert coarse.smoothed == pytest.approx(fine.smoothed)
    assert coarse.smoothed[1] == pytest.approx(1 - 0.6065, abs=1e-3)


def test_a_reading_stands_for_a_second_and_no_longer() -> None:
    tracker = ExpressionTracker()
    tracker.apply(sample(face=0.9, expression=(1.0, 0.0)))
    assert tracker.advance(0, ns(1.5)) == ns(1.0)
    assert tracker.probabilities is None


def test_affect_is_a_median_over_half_a_minute() -> None:
    tracker = ExpressionTracker()
    t_ns = 0
    for index in range(40):
        tracker.apply(sample(face=0.9, expression=(1.0, 0.0), valence=-0.5 if index % 4 else 0.9, arousal=0.3))
        tracker.advance(t_ns, t_ns + ns(0.5))
        t_ns += ns(0.5)
    (valence, fraction), (arousal, _) = tracker.affect(t_ns)
    assert (valence, arousal) == (-0.5, 0.3)
    assert fraction == pytest.approx(20 / 30)
    assert tracker.affect(t_ns + ns(20))[0][0] is None


def test_frame_rate_has_a_tolerance_for_jitter() -> None:
    rate = FrameRate()
    assert rate.at_least(30.0)
    for index in range(30):
        rate.frame(index * ns(0.108))
    assert rate.fps == pytest.approx(1 / 0.108)
    assert rate.at_least(10.0)
    assert not rate.at_least(10.5)


def test_the_camera_tells_its_fault_or_is_found_stalled() -> None:
    watch = CameraWatch()
    assert watch.fault is None
    watch.frame(0)
    watch.no_frame(ns(0.9))
    assert watch.fault is None
    watch.no_frame(ns(1.0))
    assert (watch.fault, watch.reason, watch.blinding) == ("stalled", "frozen", True)
    watch.report("covered")
    assert (watch.fault, watch.reason) == ("covered", "covered")
    watch.report("ok")
    watch.frame(ns(2.0))
    assert watch.fault is None
    watch.report("garbled")
    assert (watch.blinding, watch.tells_nothing) == (True, True)
    watch.report("ir_fault")
    assert not watch.blinding


def test_speed_gates_open_at_their_speed_and_shut_below() -> None:
    gate = SpeedGate(20.0, 3.0)
    told = []
    known = False
    for speed in (None, 18.0, 19.9, 20.0, 17.5, 16.9, 19.0, None):
        gate.update(speed, was_known=known)
        known = speed is not None
        told.append(gate.active)
    assert told == [True, False, False, True, True, False, False, True]


def test_speed_grows_stale() -> None:
    watch = SpeedWatch(RULES.alerts, RULES.anger)
    gate = SpeedGate(20.0, 3.0)
    assert watch.read(VehicleSample(t_ns=ns(1), speed_kmh=5.0))
    assert not watch.read(VehicleSample(t_ns=0, speed_kmh=80.0))
    watch.at(ns(2.9), gate)
    assert (watch.speed_kmh, gate.active) == (5.0, False)
    watch.at(ns(3.1), gate)
    assert (watch.speed_kmh, gate.active) == (None, True)


@pytest.mark.parametrize("speed", [float("nan"), -1.0, 1e9])
def test_impossible_speeds_are_unknown(speed: float) -> None:
    watch = SpeedWatch(RULES.alerts, RULES.anger)
    watch.read(VehicleSample(t_ns=0, speed_kmh=speed))
    watch.at(0)
    assert watch.speed_kmh is None


def test_harsh_manoeuvres_are_remembered() -> None:
    watch = SpeedWatch(RULES.alerts, RULES.anger)
    watch.read(VehicleSample(t_ns=5, acceleration_mps2=-4.0))
    watch.read(VehicleSample(t_ns=6, acceleration_mps2=-1.0))
    assert watch.harsh == (5, -4.0, RULES.anger.harsh_mps2)


def driven(*speeds_kmh: float | None, period_s: float = 1.0) -> SpeedWatch:
    watch = SpeedWatch(RULES.alerts, RULES.anger)
    for index, speed_kmh in enumerate(speeds_kmh):
        watch.read(VehicleSample(t_ns=round(index * period_s * NS_PER_S), speed_kmh=speed_kmh))
    return watch


def test_harsh_braking_is_seen_in_the_speeds_where_the_bus_tells_no_acceleration() -> None:
    watch = driven(80.0, 80.0, 64.0)
    assert watch.harsh is not None
    assert watch.harsh.t_ns == 2 * NS_PER_S
    assert watch.harsh.acceleration_mps2 == pytest.approx(-16 / 3.6)
    braked = [80.0 - 1.6 * index for index in range(11)]
    quick = driven(*braked, period_s=0.1).harsh
    assert quick is not None, "4.4 m/s2, told ten times a second"
    assert quick.acceleration_mps2 == pytest.approx(-16 / 3.6)


@pytest.mark.parametrize(
    "speeds_kmh",
    [
        (80.0, 70.0, 60.0),  # 2.8 m/s2: firm, not harsh
        (0.0, 80.0),  # a jump of the source
        (80.0, None, 60.0),  # nothing was known in between
        (30.0, 31.0, 30.0, 31.0),  # rounding
    ],
)
def test_speeds_that_show_no_harsh_manoeuvre(speeds_kmh: tuple[float | None, ...]) -> None:
    assert driven(*speeds_kmh).harsh is None


def test_rounded_speeds_that_come_fast_are_no_harsh_manoeuvre() -> None:
    assert driven(*[50.0, 51.0] * 40, period_s=0.05).harsh is None


def test_observability_names_what_took_most_of_the_time() -> None:
    presence = PresenceTracker(RULES.presence)
    presence.advance_observability(0, ns(6), None)
    presence.advance_observability(ns(6), ns(7), "blur")
    presence.advance_observability(ns(7), ns(10), "glare")
    presence.judge(ns(10), slow=False)
    assert (presence.state, presence.reason, presence.ratio) == ("degraded", "glare", pytest.approx(0.6))
    presence.advance_observability(ns(10), ns(20), None)
    presence.judge(ns(20), slow=True)
    assert (presence.state, presence.reason) == ("degraded", "low_fps")
    presence.judge(ns(20), slow=False)
    assert (presence.state, presence.reason) == ("ok", "ok")


def test_a_face_of_a_moment_does_not_end_an_absence() -> None:
    presence = PresenceTracker(RULES.presence)
    presence.advance_face(0, ns(2), face=False, healthy=True)
    presence.advance_face(ns(2), ns(2.2), face=True, healthy=True)
    presence.advance_face(ns(2.2), ns(3.2), face=False, healthy=True)
    assert presence.absent_ns == ns(3.0)
    presence.advance_face(ns(3.2), ns(3.6), face=True, healthy=True)
    assert presence.absent_ns == 0


def test_rising_is_flat_beyond_its_knots() -> None:
    knots = ((1.0, 0.0), (2.0, 1.0))
    assert [rising(value, knots) for value in (0.0, 1.5, 9.0)] == [0.0, 0.5, 1.0]


def test_fatigue_is_monotone_in_every_cue() -> None:
    steps: dict[str, list[float]] = {
        "perclos60": [0.0, 0.05, 0.08, 0.2, 0.5],
        "perclos180": [0.0, 0.05, 0.08, 0.2, 0.5],
        "mean_closure_ratio": [0.5, 1.0, 1.4, 1.9, 3.0],
        "long_blink_share": [0.0, 0.05, 0.1, 0.5],
        "microsleep_rate": [0, 1, 2, 3, 4, 9],
        "yawns10": [0, 1, 3, 9],
        "nods10": [0, 1, 2, 9],
    }
    base = Cues(0.05, 0.05, 1.2, 0.05, 1, 1, 1)
    for name, values in steps.items():
        levels = [fatigue_level(base._replace(**{name: value}), RULES) for value in values]
        assert levels == sorted(levels, key=lambda level: -1.0 if level is None else level), name
    assert fatigue_level(Cues(1.0, 1.0, 9.0, 1.0, 99, 99, 99), RULES) == pytest.approx(100.0)
    assert fatigue_level(Cues(), RULES) is None


def test_yawns_and_nods_alone_stay_below_five() -> None:
    assert fatigue_level(Cues(perclos60=0.0, yawns10=99, nods10=99), RULES) == pytest.approx(5.0)


def test_independent_cues_are_counted_by_kind() -> None:
    assert independent_cues(Cues(perclos60=0.2, perclos180=0.2), RULES) == 1
    assert independent_cues(Cues(perclos60=0.1, mean_closure_ratio=1.5, yawns10=3), RULES) == 3


@pytest.mark.parametrize(("level", "text"), [(0.0, "<=5"), (39.9, "<=5"), (40.0, "6"), (60.0, "7"), (80.0, "8+")])
def test_kss_steps(level: float, text: str) -> None:
    found = kss_estimate(level)
    assert found is not None
    assert found[0] == text
    assert kss_estimate(None) is None
