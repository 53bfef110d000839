"""Every indicator says why it has no value: value, valid share, reason, at any frame rate; unseen is never a value."""

from __future__ import annotations

import pytest

from edge.types import AlertChange, Reading
from tests.stories.builder import Drive, face_of

RESTING = face_of(anger=0.05, happiness=0.05)
AT_ONCE = {
    "openness", "eyes_closed_s", "off_road_s", "vats_s", "attention_buffer", "anger_frame", "expression_neutral",
    "expression_anger",
}  # fmt: skip
"""Said of the moment: gone with the face."""
WITHIN_A_MINUTE = {"perclos60", "blink_rate", "displayed_anger", "valence", "arousal", "fatigue_level", "kss_estimate"}
WITHIN_THREE_MINUTES = {"perclos180", "mean_closure_ratio", "long_blink_share"}


def seen(drive: Drive) -> Drive:
    """Three minutes in which every indicator gets a value: blinks, a calm face, all of it seen."""
    return drive.blinking(185, per_minute=20, closed_s=0.2, expression=RESTING, valence=0.1, arousal=0.0)


def readings(drive: Drive) -> dict[str, Reading]:
    return drive.judge().engine.indicators().readings


def test_a_driver_who_is_seen_has_every_value(any_camera: dict[str, float]) -> None:
    told = readings(seen(Drive(**any_camera)))
    for name in AT_ONCE | WITHIN_A_MINUTE | WITHIN_THREE_MINUTES:
        reading = told[name]
        if any_camera["fps"] == 10.0 and name in {"blink_rate", "mean_closure_ratio", "long_blink_share"}:
            assert (reading.value, reading.reason) == (None, "low_fps"), name
        else:
            assert reading.value is not None, name
            assert reading.valid_fraction > 0.5, name
            assert reading.reason is None, name


@pytest.mark.parametrize(
    ("lost_s", "gone", "stands"),
    [
        (2.0, AT_ONCE, WITHIN_A_MINUTE | WITHIN_THREE_MINUTES),
        (35.0, AT_ONCE | WITHIN_A_MINUTE, WITHIN_THREE_MINUTES),
        (100.0, AT_ONCE | WITHIN_A_MINUTE | WITHIN_THREE_MINUTES, set()),
    ],
)
def test_below_half_of_its_window_nothing_is_said_and_why(lost_s: float, gone: set[str], stands: set[str]) -> None:
    told = readings(seen(Drive(fps=15)).no_face(lost_s))
    for name in gone:
        assert (told[name].value, told[name].reason) == (None, "no_face"), name
        assert told[name].valid_fraction < 0.5, name
    for name in stands:
        assert told[name].value is not None, name


@pytest.mark.parametrize("lost_s", [0.0, 2.0, 35.0, 100.0])
def test_the_state_says_of_an_indicator_what_its_reading_says(lost_s: float) -> None:
    engine = seen(Drive(fps=15)).no_face(lost_s).judge().engine
    state, told = engine.state(), engine.indicators().readings
    assert state.fatigue_level == told["fatigue_level"].value
    assert (state.kss_estimate is None) == (told["kss_estimate"].value is None)
    assert (state.attentive_ratio is None) == (told["attention_buffer"].value is None) == (lost_s > 0.0)


@pytest.mark.parametrize("reason", ["sunglasses", "glare", "dark", "blur", "eyes_occluded"])
def test_the_reason_is_what_vision_said(reason: str) -> None:
    told = readings(seen(Drive(fps=15)).show(40, quality={"reason": reason}))
    assert (told["perclos60"].value, told["perclos60"].reason) == (None, reason)
    assert told["observability"].reason == reason


def test_counts_of_ten_minutes_need_half_of_what_was_watched() -> None:
    told = readings(Drive(fps=10).ahead(20).show(60, mouth_ratio=None, pitch_deg=None))
    for name in ("yawns10", "nods10"):
        assert told[name].value is None
        assert told[name].valid_fraction == pytest.approx(0.25, abs=0.01)
    assert told["microsleep_rate"].value == 0.0


def opened(drive: Drive, kind: str) -> AlertChange:
    changes = [d for d in drive.judge().decisions if isinstance(d, AlertChange) and d.phase == "opened"]
    return next(change for change in changes if change.kind == kind)


def test_fatigue_is_told_no_surer_than_its_minute_was_seen() -> None:
    drive = Drive(fps=10, face=0.9).on_motorway().ahead(40).no_face(2).ahead(20)
    told = opened(drive.closed(5.5).ahead(2), "fatigue")
    assert told.evidence[0].valid_fraction == pytest.approx(58 / 60, abs=0.01)
    assert told.confidence == pytest.approx(0.9 * 58 / 60, abs=0.01)


def test_looks_away_of_a_driver_who_was_lost_meanwhile_are_told_less_sure() -> None:
    drive = Drive(fps=15, face=0.9).on_motorway().ahead(40)
    for shared in range(9):
        drive.aside(1.4).ahead(1.0)
        if shared == 3:
            drive.no_face(2.0)
    told = opened(drive, "vats")
    assert told.evidence[0].valid_fraction == pytest.approx(28 / 30, abs=0.01)
    assert told.confidence == pytest.approx(0.9 * 28 / 30, abs=0.01)
