"""The whole of perception on real films: what a person saw in them against what the observer says.

Rules are applied here in their simplest form (closed below 0.3, open above 0.5), so that a failure speaks of vision and
of nothing downstream.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.config.schema import Camera, Expression, Inference, Vision
from edge.types import FaceObservation
from edge.vision.nets import Nets, open_nets
from edge.vision.observer import FaceObserver

pytestmark = [pytest.mark.data, pytest.mark.models]

CLOSED_BELOW, OPEN_ABOVE = 0.3, 0.5
BRIDGED_S = 0.2
LONG_S = 1.0
YAWN_FLOOR_RATIO = 0.68
YAWN_MIN_S = 1.5
YAWN_SHARE = 0.9


@dataclass(frozen=True)
class Film:
    """One film read by the observer, and what a person noted about it."""

    notes: dict[str, Any]
    seen: list[FaceObservation]

    def at(self, start_s: float, end_s: float) -> list[FaceObservation]:
        return [one for one in self.seen if start_s <= one.t_ns / 1e9 <= end_s]


@cache
def nets() -> Nets:
    return open_nets(Inference(), Expression())


@cache
def film(folder: Path, name: str) -> Film:
    notes = next(n for n in json.loads((folder / "notes.json").read_text(encoding="utf-8")) if n["file"] == name)
    observer = FaceObserver(Camera(), Vision(), Expression(), nets())
    video = cv2.VideoCapture(str(folder / name))
    seen = []
    while True:
        found, frame = video.read()
        if not found:
            break
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        seen.append(observer.observe(gray, round(len(seen) * 1e9 / notes["fps"])))
    video.release()
    return Film(notes, seen)


@pytest.fixture
def clips(data_dir: Path, fetched_models: None) -> Path:
    return data_dir / "clips"


def openness(one: FaceObservation) -> float | None:
    left, right = one.eye_openness_left, one.eye_openness_right
    if left is None or right is None:
        return right if left is None else left
    return (left + right) / 2


def closures(seen: list[FaceObservation]) -> list[tuple[float, float]]:
    """Start and last closed moment of every closure, in seconds; unseen gaps longer than 0.2 s end one."""
    found: list[tuple[float, float]] = []
    start = last = None
    for one in seen:
        o, t_s = openness(one), one.t_ns / 1e9
        if start is not None and last is not None and (o is None or o > OPEN_ABOVE) and (o or t_s - last > BRIDGED_S):
            found.append((start, last))
            start = last = None
        elif o is not None and o < CLOSED_BELOW:
            start, last = (t_s if start is None else start), t_s
        elif o is not None and start is not None:
            last = t_s
    if start is not None and last is not None:
        found.append((start, last))
    return found


def longest_open_mouth_s(seen: list[FaceObservation]) -> float:
    """Longest time of which nine tenths have the mouth open beyond the floor."""
    times = np.array([one.t_ns / 1e9 for one in seen])
    is_open = np.array([(one.mouth_ratio or 0.0) > YAWN_FLOOR_RATIO for one in seen])
    count = np.concatenate([[0], np.cumsum(is_open)])
    longest = 0.0
    for first in np.flatnonzero(is_open):
        share = (count[first + 1 :] - count[first]) / np.arange(1, len(seen) - first + 1)
        longest = max(longest, float(times[first + int(np.flatnonzero(share >= YAWN_SHARE)[-1])] - times[first]))
    return longest


@pytest.mark.parametrize(
    "name",
    [
        "blinks_then_long_closure_A.mp4",
        "awake_three_blinks_D.mp4",
        "talking_six_blinks_E.mp4",
        "incar_talking_C.mp4",
        "neutral_to_smile_I.mp4",
        "two_blinks_J.mp4",
        "one_blink_slow_pan_K.mp4",
        "anger_dark_F.mp4",
        "smiling_G.mp4",
    ],
)
def test_blinks_are_counted_within_one(clips: Path, name: str) -> None:
    one = film(clips, name)
    blinks = [(start, end) for start, end in closures(one.seen) if end - start < LONG_S]
    assert abs(len(blinks) - one.notes["expected"].get("blinks", 0)) <= 1, blinks


def test_every_noted_blink_of_the_exact_films_is_met_in_time(clips: Path) -> None:
    for name in ("awake_three_blinks_D.mp4", "talking_six_blinks_E.mp4", "two_blinks_J.mp4"):
        one = film(clips, name)
        found = closures(one.seen)
        for event in one.notes["events"]:
            if event["type"] == "blink":
                assert any(s < event["end"] + 0.1 and e > event["start"] - 0.1 for s, e in found), (name, event, found)


def test_the_long_closure_is_found_at_its_start_and_is_deep(clips: Path) -> None:
    one = film(clips, "blinks_then_long_closure_A.mp4")
    (event,) = [event for event in one.notes["events"] if event["type"] == "eyes_closed"]
    ((start, end),) = [c for c in closures(one.seen) if c[1] - c[0] >= LONG_S]
    assert start == pytest.approx(event["start"], abs=0.2)
    assert end == pytest.approx(event["end"], abs=0.2)
    deep = [(openness(seen) or 0.0) < 0.2 for seen in one.at(start, end)]
    assert np.mean(deep) > 0.9


@pytest.mark.parametrize("name", ["look_aside_A.mp4", "head_moves_all_ways_A.mp4", "head_turns_L.mp4"])
def test_a_turning_head_is_no_long_closure(clips: Path, name: str) -> None:
    assert [c for c in closures(film(clips, name).seen) if c[1] - c[0] >= LONG_S] == []


@pytest.mark.parametrize(
    "name", ["awake_three_blinks_D.mp4", "talking_six_blinks_E.mp4", "smiling_G.mp4", "anger_dark_F.mp4"]
)
def test_open_eyes_are_seen_open_nearly_all_the_time(clips: Path, name: str) -> None:
    values = [openness(one) for one in film(clips, name).seen]
    assert np.mean([value is not None for value in values]) > 0.98
    assert np.mean([value is not None and value > CLOSED_BELOW for value in values]) > 0.9


def test_the_yawn_behind_glasses_seen_from_the_mirror_is_found(clips: Path) -> None:
    one = film(clips, "incar_yawn_B.mp4")
    assert longest_open_mouth_s(one.at(4.0, 9.6)) > YAWN_MIN_S
    assert longest_open_mouth_s(one.at(0.0, 4.0) + one.at(9.8, 14.0)) < 0.2


@pytest.mark.parametrize(
    "name", ["talking_six_blinks_E.mp4", "incar_talking_C.mp4", "smiling_G.mp4", "cry_hand_laugh_H.mp4"]
)
def test_talking_and_laughing_are_no_yawns(clips: Path, name: str) -> None:
    assert longest_open_mouth_s(film(clips, name).seen) < YAWN_MIN_S


def test_looking_aside_turns_the_yaw_to_the_pictures_left(clips: Path) -> None:
    one = film(clips, "look_aside_A.mp4")
    assert float(np.median([seen.yaw_deg for seen in one.at(1.0, 3.5)])) < -35
    assert abs(float(np.median([seen.yaw_deg for seen in one.at(4.2, 5.0)]))) < 10


def test_four_sideways_turns_are_seen_to_the_side_they_went(clips: Path) -> None:
    one = film(clips, "head_moves_all_ways_A.mp4")
    for event in one.notes["events"]:
        turn = {"profile_image_right": 1, "profile_image_left": -1}.get(event["type"].removesuffix("_down"))
        if turn:
            yaws = [seen.yaw_deg for seen in one.at(event["start"], event["end"]) if seen.yaw_deg is not None]
            assert max(turn * yaw for yaw in yaws) > 30, event


def test_a_film_without_a_face_has_none(clips: Path) -> None:
    one = film(clips, "face_then_no_face_I.mp4")
    assert all(seen.face is not None for seen in one.at(0.1, 2.6))
    assert np.mean([seen.face is None for seen in one.at(3.0, 6.3)]) > 0.9


def test_smiles_and_scowls_are_read_as_shown(clips: Path) -> None:
    def mean(name: str, label: str) -> float:
        return float(np.mean([one.expression[label] for one in film(clips, name).seen if one.expression]))

    assert mean("smiling_G.mp4", "happiness") > 0.8
    assert mean("anger_dark_F.mp4", "anger") > 0.25 > mean("awake_three_blinks_D.mp4", "anger")
    assert mean("blinks_then_long_closure_A.mp4", "neutral") > 0.5
