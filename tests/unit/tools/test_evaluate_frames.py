"""Whole frames go the daemon's way: what is read in them is what `FaceObserver` reads in the first frame of a drive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import evaluate
import numpy as np
import pytest
from evaluation.expression import ExpressionJudge, published_only
from evaluation.faces import Faces, is_face_crop
from evaluation.task import Request

from edge.config.schema import Camera, Config, Expression, Inference, Vision
from edge.vision.mouth import mouth_ratio
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver
from tests.support.picture_sets import picture, png, write_set

if TYPE_CHECKING:
    from edge.types import FaceObservation

pytestmark = pytest.mark.models

FRAMES = (30, 300, 900, 1500)


@pytest.fixture(scope="module")
def frames(fetched_models: None, checkout: Path) -> list[np.ndarray]:
    """Frames of the bundled drive, in grey."""
    film = cv2.VideoCapture(str(checkout / "tools" / "sample_drive" / "drive.mp4"))
    found = []
    for number in FRAMES:
        film.set(cv2.CAP_PROP_POS_FRAMES, number)
        read, frame = film.read()
        assert read
        found.append(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8))
    film.release()
    return found


@pytest.fixture(scope="module")
def observed(frames: list[np.ndarray]) -> list[FaceObservation]:
    """Each frame as the first of a drive."""
    nets = open_nets(Inference(), Expression())
    return [FaceObserver(Camera(), Vision(), Expression(), nets).observe(frame, 0) for frame in frames]


def test_the_same_face(frames: list[np.ndarray], observed: list[FaceObservation]) -> None:
    faces = Faces(Config())
    assert any(one.face is not None for one in observed)
    for frame, one in zip(frames, observed, strict=True):
        face = faces.find(frame)
        assert (face is None) == (one.face is None)
        if face is not None:
            assert mouth_ratio(face.mesh) == one.mouth_ratio
            assert face.pose.camera.yaw_deg == one.yaw_deg
            assert face.mesh.width_px == one.quality.face_px


def test_the_same_expression(frames: list[np.ndarray], observed: list[FaceObservation]) -> None:
    judge = ExpressionJudge(Request("expression", Path(), Config()))
    compared = 0
    for frame, one in zip(frames, observed, strict=True):
        answer = published_only(judge.answer(frame))
        if one.expression is None:
            # Too small, turned too far or unusable: the daemon does not read it, so it counts as abstained.
            assert answer.abstained or not answer.detected
        else:
            assert dict(answer.probabilities) == pytest.approx(one.expression)
            compared += 1
    assert compared


def test_a_frame_without_a_face_is_wrong_and_has_no_probabilities(
    frames: list[np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"file": "driver.png", "label": "neutral"}, {"file": "wall.png", "label": "neutral"}]
    write_set(tmp_path, rows, pixels={"driver.png": png(frames[0]), "wall.png": png(picture(5, (480, 640)))})
    out = tmp_path / "answers.jsonl"
    assert evaluate.main(["expression", str(tmp_path), "--json", "--predictions", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["detected"]) == (2, 1)
    assert document["accuracy"] <= 0.5
    assert document["confusion"]["neutral"]["none"] == 1
    wall: dict[str, Any] = json.loads(out.read_text(encoding="utf-8").splitlines()[1])
    assert wall == {"file": "wall.png", "detected": False, "abstained": False, "probabilities": {}}


def test_detection_counts_faces_and_boxes(
    frames: list[np.ndarray], observed: list[FaceObservation], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face = Faces(Config()).find(frames[0])
    assert face is not None
    left, top, right, bottom = face.detection.box
    rows = [
        {"file": "driver.png", "label": "face", "x": f"{left}", "y": f"{top}"}
        | {"w": f"{right - left}", "h": f"{bottom - top}"},
        {"file": "wall.png", "label": "no face", "x": "", "y": "", "w": "", "h": ""},
    ]
    write_set(tmp_path, rows, pixels={"driver.png": png(frames[0]), "wall.png": png(picture(5, (480, 640)))})
    assert evaluate.main(["detection", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["accuracy"], document["auc"]) == (1.0, 1.0)
    assert document["detection"]["n_face"] == 1
    assert document["detection"]["followed"] == 1.0
    assert document["detection"]["overlap"] == pytest.approx(1.0, abs=1e-4)


def test_only_the_mirror_camera_is_scored(
    frames: list[np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"file": "1.png", "label": "no yawn", "camera": "Mirror"},
        {"file": "2.png", "label": "yawn", "camera": "dash"},
    ]
    write_set(tmp_path, rows, pixels={"1.png": png(frames[0]), "2.png": png(frames[1])})
    out = tmp_path / "answers.jsonl"
    assert evaluate.main(["yawn-frames", str(tmp_path), "--json", "--predictions", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["left_out"]) == (1, {"of the dash camera": 1})
    assert list(document["per_class"]) == ["yawn", "no_yawn"]
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("side", "crop"),
    [((48, 48), True), ((128, 128), True), ((130, 112), True), ((64, 128), False), ((480, 640), False)],
)
def test_small_nearly_square_pictures_are_faces_already(side: tuple[int, int], crop: bool) -> None:
    assert is_face_crop(picture(1, side)) is crop
