"""A vehicle that stands for long, or whose ignition is off: nobody is observed."""

from __future__ import annotations

import pytest

from edge.types import AlertChange, CabWarning, CameraHealth, Event, VehicleSample
from tests.stories.builder import Drive, seconds

PRIVACY = {"privacy_after_s": 180.0}


def off(t_ns: int) -> VehicleSample:
    return VehicleSample(t_ns=t_ns, speed_kmh=0.0, ignition=False)


def parked_asleep() -> Drive:
    return Drive(fps=10).at_speed(60).ahead(20).at_speed(0).ahead(60).closed(400)


def test_who_sleeps_in_a_parked_vehicle_is_watched_for_three_minutes_and_then_left_alone() -> None:
    told = parked_asleep().judge(**PRIVACY)
    (sleep,) = told.alerts("unresponsive")
    assert (sleep.end_s, sleep.reason) == (pytest.approx(200, abs=0.2), "privacy")
    states = [state for state in told.states() if state.privacy]
    assert [seconds(state.t_ns) for state in states] == [pytest.approx(200, abs=0.2)]
    after = [d for d in told.decisions if seconds(d.t_ns) > 200.2]
    assert after == [], "nothing is decided about who is not observed"
    assert told.warnings()[-1].action == "stop"


def test_without_the_setting_nothing_ends() -> None:
    (alert,) = parked_asleep().judge().alerts("unresponsive")
    assert alert.end_s is None


def test_an_unknown_speed_is_never_left_alone() -> None:
    told = Drive(fps=10).ahead(10).closed(400).judge(**PRIVACY)
    assert told.alerts("unresponsive")[0].end_s is None
    assert not any(state.privacy for state in told.states())


@pytest.mark.parametrize("wake", ["moves", "unknown"])
def test_who_drives_on_is_watched_at_once(wake: str) -> None:
    drive = Drive(fps=10).at_speed(0).ahead(300).at_speed(60 if wake == "moves" else None).ahead(5).closed(2).ahead(5)
    told = drive.judge(**PRIVACY)
    assert [state.privacy for state in told.states()][-1] is False
    (alert,) = told.alerts("microsleep")
    assert alert.start_s == pytest.approx(306.5, abs=0.2)
    assert told.kinds().count("health") == 0, "the camera was not missing: it rested"


def test_the_ignition_ends_it_soon() -> None:
    drive = Drive(fps=10).at_speed(0).ahead(30)
    for _ in range(20):
        drive.member(off).ahead(1)
    told = drive.judge(**PRIVACY)
    (state,) = [state for state in told.states() if state.privacy]
    assert seconds(state.t_ns) == pytest.approx(35, abs=0.2)


def test_a_camera_fault_says_nothing_while_nobody_is_observed() -> None:
    drive = Drive(fps=10).at_speed(0).ahead(250)
    drive.member(lambda t_ns: CameraHealth(t_ns=t_ns, state="covered")).ahead(5)
    told = drive.judge(**PRIVACY)
    assert told.kinds() == []
    told = drive.at_speed(50).ahead(5).judge(**PRIVACY)
    assert told.kinds() == ["health"], "the fault is still there"


def test_a_tick_a_second_keeps_it_and_the_first_frames_afterwards_are_awaited() -> None:
    drive = Drive(fps=10).at_speed(0).ahead(200).silent(100).at_speed(40).silent(0.6).ahead(10)
    told = drive.judge(**PRIVACY)
    assert told.kinds() == []
    assert told.states()[-1].privacy is False
    assert told.states()[-1].observability == "ok"


def test_the_windows_begin_anew_and_what_was_learnt_of_the_driver_stays() -> None:
    drive = Drive(fps=15).at_speed(60).blinking(90).at_speed(0).blinking(300).at_speed(60).blinking(5)
    told = drive.judge(**PRIVACY)
    assert told.states()[-1].baseline == "frozen"
    assert told.reading("perclos60") is None
    last = [d for d in told.decisions if isinstance(d, (Event, AlertChange, CabWarning)) and seconds(d.t_ns) < 390]
    assert seconds(last[-1].t_ns) <= 270.3
