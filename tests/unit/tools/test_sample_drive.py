"""The bundled film is what its truth file says, and the script's functions keep their word."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def folder(checkout: Path) -> Path:
    return checkout / "tools" / "sample_drive"


@pytest.fixture
def tools(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(checkout / "tools"))


@pytest.fixture
def script(tools: None) -> ModuleType:
    from sample_drive import script

    return script


@pytest.fixture
def truth(tools: None) -> ModuleType:
    from sample_drive import truth

    return truth


@pytest.fixture
def document(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "drive.truth.json").read_text(encoding="utf-8"))
    return loaded


def test_film_has_the_length_size_and_rate_of_its_truth_file(folder: Path, document: dict[str, Any]) -> None:
    film = folder / document["film"]
    assert film.stat().st_size <= 3_000_000
    video = cv2.VideoCapture(str(film))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == document["frames"]
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(document["fps"])
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 480)
    assert document["frames"] == round(document["duration_s"] * document["fps"])
    assert 90 <= document["duration_s"] <= 120


def test_film_is_dark_grey_and_never_frozen(folder: Path) -> None:
    video = cv2.VideoCapture(str(folder / "drive.mp4"))
    before = None
    for _ in range(90):
        found, frame = video.read()
        assert found
        assert np.array_equal(frame[..., 0], frame[..., 2])
        assert frame.mean() < 90
        assert before is None or not np.array_equal(frame, before)
        before = frame


def test_contact_sheet_is_small(folder: Path) -> None:
    sheet = folder / "contact.png"
    assert sheet.stat().st_size <= 200_000
    assert cv2.imread(str(sheet)) is not None


def test_truth_file_is_what_the_script_gives(document: dict[str, Any], truth: ModuleType) -> None:
    anger = any(alert["kind"] == "displayed_anger" for alert in document["expected_alerts"])
    assert document == truth.truth(film="drive.mp4", anger_expected=anger)


def test_events_lie_inside_the_film_and_are_told_apart(document: dict[str, Any]) -> None:
    events = document["events"]
    assert all(0 < event["start_s"] < event["end_s"] < document["duration_s"] for event in events)
    assert [event["start_s"] for event in events] == sorted(event["start_s"] for event in events)
    apart = [event for event in events if event["type"] != "displayed_anger"]
    assert all(later["start_s"] - earlier["end_s"] > 1.0 for earlier, later in pairwise(apart))
    lengths = {"blink": (0.05, 0.5), "slow_blink": (0.5, 1.0), "long_closure": (1.0, 6.0), "yawn": (1.5, 12.0)}
    for event in events:
        low, high = lengths.get(event["type"], (0.5, 60.0))
        assert low <= event["end_s"] - event["start_s"] <= high


def test_names_are_those_of_the_contract(document: dict[str, Any]) -> None:
    from typing import get_args

    from edge.types import AlertKind, EventName

    # The bout of anger is told in the truth file, but is no event of the stream: only its alert is.
    assert {event["type"] for event in document["events"]} <= {*get_args(EventName), "displayed_anger"}
    assert {alert["kind"] for alert in document["expected_alerts"]} <= set(get_args(AlertKind))


def test_expected_alerts_follow_the_closure_ladder(truth: ModuleType) -> None:
    alerts = truth.expected_alerts(anger_expected=False)
    assert [alert["level"] for alert in alerts if alert["kind"] == "microsleep"] == [3, 3]
    assert sum(alert["kind"] == "sleep" for alert in alerts) == 1
    assert {alert["level"] for alert in alerts if alert["kind"] == "driver_absent"} == {1, 2}
    assert {alert["level"] for alert in alerts if alert["kind"] == "distraction"} == {1, 2}
    assert all(alert["kind"] != "unresponsive" for alert in alerts)
    assert all(alert["not_before_s"] < alert["not_after_s"] for alert in alerts)


def test_anger_is_expected_only_when_asked_for(truth: ModuleType) -> None:
    with_anger, without = (truth.expected_alerts(anger_expected=asked) for asked in (True, False))
    assert [alert for alert in with_anger if alert not in without] == [
        alert for alert in with_anger if alert["kind"] == "displayed_anger"
    ]
    assert len(with_anger) == len(without) + 1


def test_slow_blinks_lift_perclos_over_the_notice_and_calm_driving_does_not(truth: ModuleType) -> None:
    assert truth.perclos60(27.0) == 0.0
    assert truth.perclos60(41.0) < truth.PERCLOS60_L1_RATIO
    assert 41.0 < truth.perclos60_crossing_s(truth.PERCLOS60_L1_RATIO) < 56.0


def test_lids_cross_the_bound_at_the_events_ends(script: ModuleType) -> None:
    for event in script.EVENTS:
        if event.type not in {"blink", "slow_blink", "long_closure"}:
            continue
        for edge_s, inwards_s in ((event.start_s, 0.005), (event.end_s, -0.005)):
            assert (
                script.pose_at(edge_s - inwards_s).lids < script.CLOSED_LIDS < script.pose_at(edge_s + inwards_s).lids
            )


def test_head_turns_past_the_bound_for_the_whole_look(script: ModuleType) -> None:
    look = next(event for event in script.EVENTS if event.type == "look_away")
    yaws = [script.pose_at(t_s).yaw_deg for t_s in np.arange(look.start_s + 0.1, look.end_s - 0.1, 0.05)]
    assert min(yaws) > script.OFF_ROAD_YAW_DEG
    assert max(yaws) < 36.0


def test_calm_driving_stays_within_the_road(script: ModuleType) -> None:
    poses = [script.pose_at(t_s) for t_s in np.arange(0.0, 19.0, 0.05)]
    assert max(abs(pose.yaw_deg) for pose in poses) < 5.0
    assert max(abs(pose.pitch_deg) for pose in poses) < 5.0
    assert all(pose.mouth == 0.0 and pose.anger == 0.0 for pose in poses)


def test_warp_of_unmoved_corners_changes_nothing(tools: None) -> None:
    from sample_drive.warp import MeshWarp, triangulate

    corners = np.array([(4.0, 4.0), (35.0, 4.0), (4.0, 35.0), (35.0, 35.0), (19.0, 22.0)])
    texture = np.random.default_rng(3).random((40, 40)).astype(np.float32)
    triangles = triangulate(corners)
    drawn = MeshWarp(texture, corners, triangles).draw(corners, np.zeros(len(triangles)), (40, 40))
    assert np.abs(drawn - texture)[6:33, 6:33].max() < 0.02


def test_warp_moves_the_texture_with_its_corners(tools: None) -> None:
    from sample_drive.warp import MeshWarp, triangulate

    corners = np.array([(0.0, 0.0), (39.0, 0.0), (0.0, 39.0), (39.0, 39.0)])
    texture = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (40, 1))
    triangles = triangulate(corners)
    drawn = MeshWarp(texture, corners, triangles).draw(
        corners + np.array([10.0, 5.0]), np.zeros(len(triangles)), (60, 60)
    )
    assert np.abs(drawn[10:40, 15:45] - texture[5:35, 5:35]).max() < 0.02
    assert not drawn[:, :9].any()
