"""The observer's course over frames, with networks that answer as scripted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from edge.config.schema import Camera, Expression, Vision
from edge.inference.manifest import Manifest
from edge.vision.detector import SHORT_RANGE, anchor_centres
from edge.vision.eyes import EyeReading
from edge.vision.landmarks import MESH_PX, TRACK_SCALE, Mesh
from edge.vision.nets import ExpressionNets, Nets, OnDemand, OpenedNet
from edge.vision.observer import FULL_RANGE_EVERY_FRAMES, FaceObserver, _reason

MakeMesh = Callable[..., Mesh]
NETWORK = Manifest.load()["expression"]
FUSION = Manifest.load()["expression_fusion"]
FRAME_NS = 33_333_333
PICTURE = np.random.default_rng(8).integers(30, 220, (512, 512)).astype(np.uint8)


class Detecting:
    """Sees faces of 64 input pixels at given centres (shares of the input)."""

    def __init__(self, size: int, anchors: int) -> None:
        self.input_shapes = ((1, size, size, 3),)
        self.input_types = (np.dtype(np.float32),)
        self._size, self._anchors = size, anchors
        self.faces: list[tuple[float, float]] = []
        self.calls = 0
        self.only_turned = False
        """Sees them only in `PICTURE` turned by 180 degrees."""

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        regressors = np.zeros((1, self._anchors, 16), np.float32)
        logits = np.full((1, self._anchors, 1), -20.0, np.float32)
        centres = anchor_centres(self._size, SHORT_RANGE) if self._anchors == 896 else None
        for k, (x, y) in enumerate(self.faces if not self.only_turned or _is_turned(inputs[0]) else []):
            origin = centres[k] * self._size if centres is not None else np.zeros(2)
            middle = np.array([x, y]) * self._size - origin
            regressors[0, k, :2], regressors[0, k, 2:4] = middle, self._size / 4
            regressors[0, k, 4:8] = [*middle, *middle]
            regressors[0, k, [4, 6]] += (-10, 10)
            logits[0, k, 0] = 3.0
        return regressors, logits


def _is_turned(seen: np.ndarray) -> bool:
    """Tell which half is above by its mean grey."""
    middle = seen.shape[1] // 2
    brighter_above = seen[0, :middle].mean() > seen[0, middle:].mean()
    return bool(brighter_above != (PICTURE[:256].mean() > PICTURE[256:].mean()))


class Meshing:
    """Answers every crop with one mesh, as sure as told."""

    input_shapes = ((1, MESH_PX, MESH_PX, 3),)
    input_types = (np.dtype(np.float32),)

    def __init__(self, mesh: Mesh) -> None:
        low, high = mesh.points[:, :2].min(axis=0), mesh.points[:, :2].max(axis=0)
        # A face that fills two thirds of its region, so that the next region is the same one.
        scale = MESH_PX / TRACK_SCALE / float((high - low).max())
        self.points = mesh.points * scale
        self.points[:, :2] += MESH_PX / 2 - (low + high) / 2 * scale
        self.sure, self.calls = True, 0
        self.unsure: set[int] = set()
        """Numbers of the calls, from 1, in which no face is there."""

    def run(self, _: object) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        sure = self.sure and self.calls not in self.unsure
        return self.points.reshape(1, 1, 1, 1404), np.array([[[[9.0 if sure else -9.0]]]], np.float32)


class Iris:
    input_shapes = ((1, 64, 64, 3),)

    def run(self, _: object) -> tuple[np.ndarray, np.ndarray]:
        lids = np.zeros((71, 3), np.float32)
        lids[0], lids[8] = (10, 32, 0), (54, 32, 0)
        lids[1:8, 1], lids[9:16, 1] = 37.0, 27.0
        return lids.reshape(1, 213), np.zeros((1, 15), np.float32)


class Expressing:
    input_shapes = ((1, 48, 48, 1),)

    def __init__(self) -> None:
        self.calls = 0

    def run(self, _: object) -> tuple[np.ndarray]:
        self.calls += 1
        return np.arange(8, dtype=np.float32)[None], np.arange(7, dtype=np.float32)[None]


class Fusing:
    def run(self, _: object) -> tuple[np.ndarray, ...]:
        logits = np.arange(8, dtype=np.float32)[None]
        return logits, logits, np.array([[0.3]], np.float32)


class Cabin:
    """An observer and the networks behind it."""

    def __init__(self, mesh: Mesh, *, expression: Expression | None = None, camera: Camera | None = None) -> None:
        self.short, self.full = Detecting(128, 896), Detecting(192, 2304)
        self.mesh, self.expression = Meshing(mesh), Expressing()
        wanted = expression or Expression()
        expressing = (
            ExpressionNets(OpenedNet(self.expression, NETWORK), OpenedNet(Fusing(), FUSION)) if wanted.enabled else None
        )
        nets = Nets(self.short, OnDemand(lambda: self.full), self.mesh, Iris(), expressing)
        self.observer = FaceObserver(camera or Camera(), Vision(), wanted, nets)
        self.frame = 0

    def observe(self, frames: int = 1) -> list:
        seen = [self.observer.observe(PICTURE, (self.frame + k) * FRAME_NS) for k in range(frames)]
        self.frame += frames
        return seen


@pytest.fixture
def cabin(make_mesh: MakeMesh) -> Cabin:
    return Cabin(make_mesh())


def test_no_face_is_an_observation_with_everything_unseen(cabin: Cabin) -> None:
    (seen,) = cabin.observe()
    assert (seen.face, seen.eye_openness_left, seen.mouth_ratio, seen.yaw_deg) == (None, None, None, None)
    assert seen.quality.reason == "no_face"
    assert cabin.mesh.calls == 0


def test_the_dear_detector_looks_only_now_and_then(cabin: Cabin) -> None:
    cabin.observe(2 * FULL_RANGE_EVERY_FRAMES)
    # The eleventh look is at the turned picture.
    assert (cabin.short.calls, cabin.full.calls) == (11, 2)


def test_the_full_range_detector_finds_whom_the_short_one_misses(cabin: Cabin) -> None:
    cabin.full.faces = [(0.5, 0.5)]
    assert cabin.observe()[0].face is not None


def test_a_face_is_detected_once_and_then_followed(cabin: Cabin) -> None:
    cabin.short.faces = [(0.5, 0.5)]
    seen = cabin.observe(30)
    assert cabin.short.calls == 1
    assert cabin.mesh.calls == 31
    last = seen[-1]
    assert last.face == pytest.approx(0.95, abs=0.01)
    assert last.eye_openness_left == pytest.approx(1.0, abs=0.2)
    assert last.eye_openness_right == pytest.approx(1.0, abs=0.2)
    assert last.mouth_ratio == pytest.approx(0.36, abs=0.01)
    assert last.quality.reason == "ok"
    assert last.quality.faces == 1


def test_a_followed_face_is_looked_for_anew_after_the_configured_time(cabin: Cabin) -> None:
    cabin.short.faces = [(0.5, 0.5)]
    cabin.observe(92)
    assert cabin.short.calls == 2


def test_a_lost_face_is_looked_for_at_once(cabin: Cabin) -> None:
    cabin.short.faces = [(0.5, 0.5)]
    cabin.observe(3)
    cabin.mesh.sure, cabin.short.faces = False, []
    assert cabin.observe()[0].face is None
    assert cabin.short.calls == 3, "upright, and turned"


def test_a_face_that_only_the_turned_picture_shows_stands_on_its_head(cabin: Cabin) -> None:
    cabin.short.only_turned = True
    cabin.short.faces = [(0.5, 0.5)]
    seen = cabin.observe(40)
    assert all(one.face is None for one in seen)
    assert cabin.observer.stands_on_head
    cabin.short.only_turned = False
    assert cabin.observe()[0].face is not None
    assert not cabin.observer.stands_on_head


def test_expression_runs_on_every_nth_frame_and_not_at_all_when_off(make_mesh: MakeMesh) -> None:
    on = Cabin(make_mesh(), expression=Expression(every_n=4))
    on.short.faces = [(0.5, 0.5)]
    seen = on.observe(12)
    assert on.expression.calls == 2 * 3  # each crop is read both ways
    assert [k for k, one in enumerate(seen) if one.expression] == [0, 4, 8]
    assert seen[4].valence == pytest.approx(0.3)
    assert seen[5].valence is None
    off = Cabin(make_mesh(), expression=Expression(enabled=False))
    off.short.faces = [(0.5, 0.5)]
    assert all(one.expression is None for one in off.observe(12))
    assert off.expression.calls == 0


def test_a_turned_head_hides_its_far_eye_and_is_framed_from_the_detector(make_mesh: MakeMesh) -> None:
    cabin = Cabin(make_mesh(30.0))
    cabin.short.faces = [(0.5, 0.5)]
    seen = cabin.observe(30)
    assert seen[-1].eye_openness_left is None
    assert seen[-1].eye_openness_right is not None
    assert seen[-1].yaw_deg == pytest.approx(30.0, abs=0.5)
    assert cabin.short.calls >= 10


def test_the_passenger_is_not_the_driver(make_mesh: MakeMesh) -> None:
    for side, centre in (("right", 0.25), ("left", 0.75)):
        cabin = Cabin(make_mesh(), camera=Camera(wheel_side=side))
        cabin.short.faces = [(0.25, 0.5), (0.75, 0.5)]
        (seen,) = cabin.observe()
        x, _, width, _ = seen.face_box
        assert x + width / 2 == pytest.approx(centre, abs=0.15)
        assert seen.quality.faces == 2


def test_a_pattern_on_the_drivers_side_does_not_hide_the_driver(cabin: Cabin) -> None:
    cabin.short.faces = [(0.25, 0.5), (0.75, 0.5)]
    cabin.mesh.unsure = {1, 2}
    (seen,) = cabin.observe()
    x, _, width, _ = seen.face_box
    assert x + width / 2 == pytest.approx(0.25, abs=0.15)
    assert cabin.mesh.calls == 4


@pytest.mark.parametrize("missed", [1, 2])
def test_a_face_that_one_of_two_passes_sees_is_followed(cabin: Cabin, missed: int) -> None:
    cabin.short.faces = [(0.5, 0.5)]
    cabin.mesh.unsure = {missed}
    assert cabin.observe()[0].face is not None


def test_a_pattern_on_the_drivers_side_does_not_end_a_track(cabin: Cabin) -> None:
    cabin.short.faces = [(0.25, 0.5)]
    cabin.observe()
    cabin.short.faces = [(0.25, 0.5), (0.75, 0.5)]
    # Two meshes in the first frame, one in each later; in frame 61 the detector looks again: 64 and 65.
    cabin.mesh.unsure = {64, 65}
    seen = cabin.observe(70)
    assert cabin.short.calls == 2
    assert all(one.face_box[0] + one.face_box[2] / 2 == pytest.approx(0.25, abs=0.15) for one in seen)


def test_the_face_box_stays_within_the_frame(make_mesh: MakeMesh) -> None:
    cabin = Cabin(make_mesh(0.0, 0.0, 20.0, px_per_mm=1.4))
    cabin.short.faces = [(0.1, 0.1)]
    x, y, width, height = cabin.observe()[0].face_box
    assert 0.0 <= x <= x + width <= 1.0
    assert 0.0 <= y <= y + height <= 1.0


def test_every_number_is_finite(cabin: Cabin) -> None:
    cabin.short.faces = [(0.5, 0.5)]
    (seen,) = cabin.observe()
    numbers = [seen.face, seen.mouth_ratio, seen.yaw_deg, seen.pitch_deg, seen.roll_deg, *seen.face_box]
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    ("left", "right", "glasses", "reason"),
    [
        (EyeReading(0.9), EyeReading(reason="sunglasses"), True, "ok"),
        (EyeReading(reason="head_turn"), EyeReading(reason="sunglasses"), True, "head_turn"),
        (EyeReading(reason="sunglasses"), EyeReading(reason="sunglasses"), True, "sunglasses"),
        (EyeReading(reason="sunglasses"), EyeReading(reason="sunglasses"), None, "sunglasses"),
        (EyeReading(reason="sunglasses"), EyeReading(reason="sunglasses"), False, "eyes_occluded"),
        (EyeReading(reason="glare"), EyeReading(), False, "glare"),
    ],
)
def test_why_no_eye_can_be_judged(left: EyeReading, right: EyeReading, glasses: bool | None, reason: str) -> None:
    assert _reason(left, right, glasses=glasses) == reason
