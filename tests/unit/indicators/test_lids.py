"""Amplitude, duration and opening velocity of one blink."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli import main
from edge.config.rules import Rules
from edge.indicators.lids import LidMovement, LidTracker
from edge.indicators.window import NS_PER_S
from edge.replay.stream import read_members
from edge.types import FaceObservation

RULES = Rules()
CLOSING_S, SHUT_S, OPENING_S = 0.08, 0.1, 0.16


def openness_at(t_s: float, *, depth: float = 1.0, rises_to: float = 1.0, shut_s: float = SHUT_S) -> float:
    """One blink that begins at 1.0 s: the lids fall, rest and rise on straight lines."""
    into_s = t_s - 1.0
    if into_s < 0.0:
        return 1.0
    if into_s < CLOSING_S:
        return 1.0 - depth * into_s / CLOSING_S
    if into_s < CLOSING_S + shut_s:
        return 1.0 - depth
    rising = min((into_s - CLOSING_S - shut_s) / OPENING_S, 1.0)
    return 1.0 - depth + (rises_to - 1.0 + depth) * rising


def movements(fps: float, phase: float = 0.0, **blink: float) -> list[LidMovement]:
    tracker = LidTracker(RULES.openness, RULES.closure)
    period_ns = round(NS_PER_S / fps)
    found = []
    for index in range(round(3 * fps)):
        start_ns = index * period_ns + round(phase * period_ns)
        movement = tracker.advance(start_ns, start_ns + period_ns, openness_at(start_ns / NS_PER_S, **blink))
        if movement is not None:
            found.append(movement)
    return found


def mean_of(fps: float, **blink: float) -> LidMovement:
    """Mean over the moments at which the camera may catch a blink."""
    found = [movement for step in range(20) for movement in movements(fps, step / 20, **blink)]
    assert len(found) == 20
    return LidMovement(0, *(sum(column) / 20 for column in list(zip(*found, strict=True))[1:]))


def test_a_blink_is_measured_as_it_was() -> None:
    blink = mean_of(240)
    assert blink.amplitude == pytest.approx(1.0, abs=0.01)
    # Below 0.8 for 0.8 of the way down, at rest, and 0.8 of the way up.
    assert blink.duration_s == pytest.approx(0.8 * CLOSING_S + SHUT_S + 0.8 * OPENING_S, abs=0.01)
    assert blink.velocity_per_s == pytest.approx(1.0 / (0.6 * OPENING_S + 2 / 30), rel=0.05)


@pytest.mark.parametrize("fps", [15, 20, 30])
def test_the_frame_rate_adds_noise_but_no_bias(fps: float) -> None:
    fine, coarse = mean_of(240), mean_of(fps)
    assert coarse.amplitude == pytest.approx(fine.amplitude, abs=0.03)
    assert coarse.duration_s == pytest.approx(fine.duration_s, abs=0.012)
    assert coarse.velocity_per_s == pytest.approx(fine.velocity_per_s, rel=0.12)


def test_longer_smaller_and_slower_blinks_are_told_apart() -> None:
    usual = mean_of(30)
    assert mean_of(30, shut_s=0.4).duration_s == pytest.approx(usual.duration_s + 0.3, abs=0.01)
    assert mean_of(30, depth=0.8).amplitude == pytest.approx(0.8, abs=0.03)
    drooping = mean_of(30, rises_to=0.7)
    assert drooping.amplitude == pytest.approx((1.0 + 0.7) / 2, abs=0.03)
    assert drooping.duration_s > usual.duration_s
    assert drooping.velocity_per_s < usual.velocity_per_s


def hold(tracker: LidTracker, start_s: float, end_s: float, openness: float | None) -> LidMovement | None:
    return tracker.advance(round(start_s * NS_PER_S), round(end_s * NS_PER_S), openness)


def test_a_dip_shorter_than_a_blink_is_noise() -> None:
    tracker = LidTracker(RULES.openness, RULES.closure)
    assert hold(tracker, 0.0, 1.0, 1.0) is None
    assert hold(tracker, 1.0, 1.04, 0.1) is None
    assert hold(tracker, 1.04, 3.0, 1.0) is None


@pytest.mark.parametrize("unseen", [(0.5, 1.0), (1.05, 1.1)])
def test_a_movement_that_was_not_seen_whole_is_not_measured(unseen: tuple[float, float]) -> None:
    tracker = LidTracker(RULES.openness, RULES.closure)
    lost_s, found_s = unseen
    assert hold(tracker, 0.0, 0.5, 1.0) is None
    for step in range(100, 300):
        at_s = step / 200
        openness = None if lost_s <= at_s < found_s else 0.05 if 1.0 <= at_s < 1.2 else 1.0
        assert hold(tracker, at_s, at_s + 0.005, openness) is None


def test_eyes_lost_after_they_were_up_again_end_the_movement() -> None:
    tracker = LidTracker(RULES.openness, RULES.closure)
    assert hold(tracker, 0.0, 1.0, 1.0) is None
    assert hold(tracker, 1.0, 1.2, 0.0) is None
    assert hold(tracker, 1.2, 1.3, 1.0) is None
    movement = hold(tracker, 1.3, 1.4, None)
    assert movement is not None
    assert movement.duration_s == pytest.approx(0.2)


def test_the_next_blink_ends_the_one_before() -> None:
    tracker = LidTracker(RULES.openness, RULES.closure)
    hold(tracker, 0.0, 1.0, 1.0)
    hold(tracker, 1.0, 1.2, 0.0)
    hold(tracker, 1.2, 1.4, 0.9)
    first = hold(tracker, 1.4, 1.7, 0.0)
    second = hold(tracker, 1.7, 2.5, 0.95)
    assert first is not None
    assert second is not None
    assert (first.duration_s, second.duration_s) == (pytest.approx(0.2), pytest.approx(0.3))
    assert second.amplitude == pytest.approx((0.9 + 0.95) / 2)


@given(
    st.lists(st.tuples(st.integers(5, 200), st.sampled_from([None, 0.0, 0.1, 0.25, 0.4, 0.6, 0.9, 1.0])), max_size=60),
    st.data(),
)
def test_samples_split_in_two_change_nothing(held: list[tuple[int, float | None]], data: st.DataObject) -> None:
    whole = LidTracker(RULES.openness, RULES.closure)
    split = LidTracker(RULES.openness, RULES.closure)
    at_ns = 0
    for length_ms, openness in held:
        end_ns = at_ns + length_ms * 1_000_000
        middle_ns = at_ns + data.draw(st.integers(1, length_ms - 1)) * 1_000_000
        expected = whole.advance(at_ns, end_ns, openness)
        parts = [split.advance(at_ns, middle_ns, openness), split.advance(middle_ns, end_ns, openness)]
        assert [part for part in parts if part is not None] == ([] if expected is None else [expected])
        at_ns = end_ns


@pytest.mark.data
@pytest.mark.models
@pytest.mark.usefixtures("fetched_models")
@pytest.mark.parametrize("film", ["awake_three_blinks_D", "talking_six_blinks_E", "incar_talking_C"])
def test_blinks_of_people_on_film_are_measured_as_they_were_noted(
    film: str, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = tmp_path / "stream.jsonl"
    assert main(["replay", str(data_dir / "clips" / f"{film}.mp4"), "--observations", str(stream), "--json"]) == 0
    capsys.readouterr()
    tracker = LidTracker(RULES.openness, RULES.closure)
    faces = [member for member in read_members(stream) if isinstance(member, FaceObservation)]
    found = []
    for face, after in pairwise(faces):
        eyes = [eye for eye in (face.eye_openness_left, face.eye_openness_right) if eye is not None]
        openness = min(max(sum(eyes) / len(eyes), 0.0), 1.2) if eyes else None
        movement = tracker.advance(face.t_ns, after.t_ns, openness)
        if movement is not None:
            found.append(movement)
    notes = json.loads((data_dir / "clips" / "notes.json").read_text())
    clips = notes if isinstance(notes, list) else notes["clips"]
    (clip,) = [clip for clip in clips if clip["file"] == f"{film}.mp4"]
    ends_s = (faces[-1].t_ns - faces[0].t_ns) / NS_PER_S - 0.4
    noted = [event for event in clip["events"] if event["type"] == "blink" and event["end"] < ends_s]
    assert len(found) == len(noted)
    for movement, event in zip(found, noted, strict=True):
        reopened_s = (movement.reopened_ns - faces[0].t_ns) / NS_PER_S
        assert reopened_s == pytest.approx(event["end"], abs=0.15)
        # Noted is the shut eye alone; the lids are on their way before and after.
        assert event["end"] - event["start"] - 0.05 < movement.duration_s < event["end"] - event["start"] + 0.4
        assert 0.8 < movement.amplitude < 1.2
        assert 2.0 < movement.velocity_per_s < 20.0
