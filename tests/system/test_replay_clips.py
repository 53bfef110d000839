"""`edge-dms replay` on real films: events and alerts as a person noted them, from pictures to decisions."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.data, pytest.mark.models]

EXACT_BLINKS = (
    "blinks_then_long_closure_A.mp4",
    "awake_three_blinks_D.mp4",
    "talking_six_blinks_E.mp4",
    "two_blinks_J.mp4",
    "one_blink_slow_pan_K.mp4",
    "neutral_to_smile_I.mp4",
    "incar_talking_C.mp4",
)
MIRROR = ("incar_yawn_B.mp4", "incar_talking_C.mp4")
"""Filmed from the mirror: the road ahead is 40 to 50 degrees aside."""


@pytest.fixture
def clips(data_dir: Path, fetched_models: None) -> Path:
    return data_dir / "clips"


@cache
def replay(clip: Path) -> dict[str, Any]:
    aside = ["--neutral-yaw", "auto"] if clip.name in MIRROR else []
    command = [sys.executable, "-m", "edge", "replay", str(clip), "--json", *aside]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


@cache
def noted(clips: Path, name: str) -> dict[str, Any]:
    notes = json.loads((clips / "notes.json").read_text(encoding="utf-8"))
    return next(note for note in notes if note["file"] == name)


@pytest.mark.parametrize("name", EXACT_BLINKS)
def test_blinks_are_counted_within_one(clips: Path, name: str) -> None:
    assert abs(replay(clips / name)["counts"]["blinks"] - noted(clips, name)["expected"]["blinks"]) <= 1


@pytest.mark.parametrize("name", EXACT_BLINKS)
def test_long_closures_are_all_found_and_none_is_invented(clips: Path, name: str) -> None:
    wanted = [event for event in noted(clips, name)["events"] if event["type"] == "eyes_closed"]
    found = [event for event in replay(clips / name)["events"] if event["type"] == "long_closure"]
    assert len(found) == len(wanted)
    for closure, event in zip(found, wanted, strict=True):
        assert closure["start_s"] == pytest.approx(event["start"], abs=0.2)


def test_a_long_closure_raises_the_whole_ladder_in_time(clips: Path) -> None:
    alerts = replay(clips / "blinks_then_long_closure_A.mp4")["alerts"]
    raised = {alert["kind"]: (alert["level"], alert["start_s"]) for alert in alerts}
    assert raised == {
        "eyes_closed": (1, pytest.approx(5.4, abs=0.2)),
        "microsleep": (3, pytest.approx(5.9, abs=0.2)),
        "sleep": (4, pytest.approx(7.4, abs=0.2)),
    }


@pytest.mark.parametrize("name", ["awake_three_blinks_D.mp4", "talking_six_blinks_E.mp4", "smiling_G.mp4"])
def test_nothing_is_raised_on_an_attentive_face(clips: Path, name: str) -> None:
    document = replay(clips / name)
    assert document["alerts"] == []
    assert document["health"] == []


@pytest.mark.parametrize("name", ["incar_talking_C.mp4", "talking_six_blinks_E.mp4", "cry_hand_laugh_H.mp4"])
def test_talking_and_laughing_give_no_yawn(clips: Path, name: str) -> None:
    assert replay(clips / name)["counts"]["yawns"] == 0


def test_the_yawn_seen_from_the_mirror_is_found(clips: Path) -> None:
    (yawn,) = [event for event in replay(clips / "incar_yawn_B.mp4")["events"] if event["type"] == "yawn"]
    assert yawn["start_s"] == pytest.approx(4.2, abs=0.5)
    assert yawn["end_s"] == pytest.approx(9.4, abs=0.5)


def test_a_look_aside_is_one_event_and_a_warning_after_three_seconds(clips: Path) -> None:
    document = replay(clips / "look_aside_A.mp4")
    (look,) = [event for event in document["events"] if event["type"] == "look_away"]
    assert look["start_s"] == pytest.approx(0.55, abs=0.3)
    assert look["end_s"] == pytest.approx(3.9, abs=0.3)
    warned = [alert for alert in document["alerts"] if alert["kind"] == "distraction" and alert["level"] == 2]
    assert [alert["start_s"] for alert in warned] == [pytest.approx(look["start_s"] + 3.0, abs=0.1)]


def test_a_film_that_loses_its_face_says_so(clips: Path) -> None:
    document = replay(clips / "face_then_no_face_I.mp4")
    (absent,) = [event for event in document["events"] if event["type"] == "face_absent"]
    assert absent["start_s"] == pytest.approx(2.7, abs=0.4)
    assert document["face_fraction"] == pytest.approx(0.42, abs=0.08)


def test_smiling_films_are_read_as_happiness(clips: Path) -> None:
    for name in ("smiling_G.mp4", "smile_still_M.mp4"):
        expression = replay(clips / name)["expression"]
        assert max(expression, key=expression.get) == "happiness"
