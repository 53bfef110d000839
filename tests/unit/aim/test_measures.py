"""Medians over the last two seconds: one odd frame changes nothing, what is seldom seen is unknown."""

from __future__ import annotations

from edge.aim.measures import Measures, RecentMeasures

S = 1_000_000_000


def test_one_odd_frame_changes_nothing() -> None:
    recent = RecentMeasures()
    for step in range(20):
        recent.add(step * S // 10, Measures(roll_deg=90.0 if step == 7 else 2.0))
    found = recent.medians()
    assert found is not None
    assert found.roll_deg == 2.0
    assert found.yaw_deg is None


def test_only_the_last_two_seconds_count() -> None:
    recent = RecentMeasures()
    for step in range(60):
        recent.add(step * S // 10, Measures(roll_deg=float(step)))
    found = recent.medians()
    assert found is not None
    assert found.roll_deg == 49.0


def test_a_face_in_too_few_frames_is_none() -> None:
    recent = RecentMeasures()
    for step in range(10):
        recent.add(step * S // 10, Measures(roll_deg=1.0) if step % 3 == 0 else None)
    assert recent.medians() is None
    assert RecentMeasures().medians() is None


def test_time_that_ran_back_starts_anew() -> None:
    recent = RecentMeasures()
    recent.add(5 * S, Measures(roll_deg=9.0))
    recent.add(0, Measures(roll_deg=1.0))
    assert recent.medians() == Measures(roll_deg=1.0)
