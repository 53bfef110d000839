"""Openness: unseen is never closed, the iris net is asked when a lid may have moved, a fast blink is not missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.vision.eye_state import EyeState
from edge.vision.eyes import LEFT_EYE, RIGHT_EYE, Eye, EyeReading, openness_of, ratio_of, state_share
from edge.vision.headpose import HeadPose
from edge.vision.landmarks import Mesh
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]
FRONTAL = HeadPose(0.0, 0.0, 0.0)
FRAME_NS = 33_333_333
PICTURE = np.random.default_rng(3).integers(40, 200, (480, 640)).astype(np.uint8)


class Iris:
    """Answers with a ratio that the test sets."""

    def __init__(self, ratio: float = 0.24) -> None:
        self.answer = ratio
        self.calls = 0

    def ratio(self, crop: np.ndarray) -> float:
        assert crop.shape == (64, 64)
        self.calls += 1
        return self.answer


class State:
    """An eye-state network that answers with an openness that the test sets."""

    size = 48

    def __init__(self, openness: float) -> None:
        self.openness = openness
        self.calls = 0

    def read(self, crop: np.ndarray) -> EyeState:
        assert crop.shape == (48, 48)
        self.calls += 1
        return EyeState(min(self.openness, 1.0), self.openness)


def follow(eye: Eye, mesh: Mesh, frames: int, start: int = 0, view: HeadPose = FRONTAL) -> list[EyeReading]:
    return [eye.read(PICTURE, mesh, view, (start + k) * FRAME_NS) for k in range(frames)]


@pytest.mark.parametrize(
    ("ratio", "openness"), [(-0.02, 0.0), (0.07, 0.0), (0.105, 0.3), (0.22, 1.0), (0.26, 1.2), (0.5, 1.2)]
)
def test_the_ratio_maps_onto_openness(ratio: float, openness: float) -> None:
    assert openness_of(ratio) == pytest.approx(openness)


def test_openness_never_falls_as_the_ratio_rises() -> None:
    values = [openness_of(k / 1000) for k in range(-50, 400)]
    assert values == sorted(values)


def test_a_resting_open_eye_is_measured_once_and_then_carried_on(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    readings = follow(Eye(RIGHT_EYE, iris, 0), make_mesh(), 15)
    assert iris.calls == 1
    assert {reading.openness for reading in readings} == {readings[0].openness}
    assert readings[0].openness == pytest.approx(1.1)


def test_an_old_measurement_is_doubtful_by_itself(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    follow(Eye(RIGHT_EYE, iris, 0), make_mesh(), 61)
    assert iris.calls == 3


def test_the_configured_cadence_is_kept(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    follow(Eye(RIGHT_EYE, iris, 4), make_mesh(), 17)
    assert iris.calls == 5


def test_a_narrow_eye_is_measured_on_every_third_frame(make_mesh: MakeMesh) -> None:
    iris = Iris(0.06)
    readings = follow(Eye(RIGHT_EYE, iris, 0), make_mesh(), 13)
    assert iris.calls == 5
    assert readings[-1].openness == 0.0


def test_a_lid_that_moved_in_the_mesh_is_measured_at_once(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    eye = Eye(RIGHT_EYE, iris, 0)
    follow(eye, make_mesh(), 5)
    iris.answer = 0.05
    (closed,) = follow(eye, make_mesh(lid_gap=0.15), 1, start=5)
    assert iris.calls == 2
    assert closed.openness == 0.0


def test_a_lid_caught_half_way_down_counts_as_falling(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    eye = Eye(RIGHT_EYE, iris, 0)
    follow(eye, make_mesh(), 5)
    iris.answer = 0.135
    (falling,) = follow(eye, make_mesh(lid_gap=0.2), 1, start=5)
    assert falling.openness is not None
    assert falling.openness < 0.3 < openness_of(0.135)


def test_a_squint_that_rests_is_not_driven_closed(make_mesh: MakeMesh) -> None:
    iris = Iris(0.135)
    readings = follow(Eye(RIGHT_EYE, iris, 0), make_mesh(lid_gap=0.15), 60)
    assert all(reading.openness == pytest.approx(openness_of(0.135)) for reading in readings)


@pytest.mark.parametrize("yaw_deg", [-38.0, -26.0, 0.0, 26.0, 38.0])
def test_the_hidden_eye_is_unseen_and_never_closed(make_mesh: MakeMesh, yaw_deg: float) -> None:
    view = HeadPose(yaw_deg, 0.0, 0.0)
    (right,) = follow(Eye(RIGHT_EYE, Iris(0.24), 0), make_mesh(), 1, view=view)
    (left,) = follow(Eye(LEFT_EYE, Iris(0.24), 0), make_mesh(), 1, view=view)
    # A face turned to the picture's right shows the eye on the picture's left: the driver's right one.
    assert (right.openness is None) == (yaw_deg < -24 or yaw_deg > 36)
    assert (left.openness is None) == (yaw_deg > 24 or yaw_deg < -36)
    assert all(eye.reason == "head_turn" for eye in (right, left) if eye.openness is None)


def test_a_low_lid_says_nothing_on_a_turned_head_and_everything_on_one_that_looks_ahead(make_mesh: MakeMesh) -> None:
    view = HeadPose(33.0, 0.0, 0.0)
    (frontal_camera,) = follow(Eye(RIGHT_EYE, Iris(0.05), 0), make_mesh(), 1, view=view)
    (mirror_camera,) = follow(Eye(RIGHT_EYE, Iris(0.05), 0, 35.0), make_mesh(), 1, view=view)
    (open_eye,) = follow(Eye(RIGHT_EYE, Iris(0.24), 0), make_mesh(), 1, view=view)
    assert (frontal_camera.openness, frontal_camera.reason) == (None, "head_turn")
    assert mirror_camera.openness == 0.0
    assert open_eye.openness is not None


def test_a_camera_mounted_aside_reads_the_near_eye_farther_out(make_mesh: MakeMesh) -> None:
    view = HeadPose(44.0, 0.0, 0.0)
    assert follow(Eye(RIGHT_EYE, Iris(), 0), make_mesh(), 1, view=view)[0].openness is None
    assert follow(Eye(RIGHT_EYE, Iris(), 0, 40.0), make_mesh(), 1, view=view)[0].openness is not None


def test_an_eye_turned_away_is_less_certain(make_mesh: MakeMesh) -> None:
    (frontal,) = follow(Eye(RIGHT_EYE, Iris(), 0), make_mesh(), 1)
    (aside,) = follow(Eye(RIGHT_EYE, Iris(), 0), make_mesh(), 1, view=HeadPose(-20.0, 0.0, 0.0))
    assert frontal.certainty is not None
    assert aside.certainty is not None
    assert aside.certainty < frontal.certainty == 1.0


def test_an_eye_of_a_few_pixels_is_unseen(make_mesh: MakeMesh) -> None:
    tiny = replace(make_mesh(), roi=Roi(320.0, 240.0, 60.0))
    (reading,) = follow(Eye(RIGHT_EYE, Iris(0.0), 0), tiny, 1)
    assert (reading.openness, reading.reason) == (None, "blur")


@pytest.mark.parametrize(("grey", "reason"), [(255, "glare"), (8, "dark"), (120, "eyes_occluded")])
def test_an_eye_region_that_shows_nothing_says_why(make_mesh: MakeMesh, grey: int, reason: str) -> None:
    iris = Iris(0.0)
    flat = np.full((480, 640), grey, np.uint8)
    reading = Eye(RIGHT_EYE, iris, 0).read(flat, make_mesh(), FRONTAL, 0)
    assert (reading.openness, reading.reason) == (None, reason)
    assert iris.calls == 0


def test_after_forgetting_the_eye_is_measured_anew(make_mesh: MakeMesh) -> None:
    iris = Iris(0.24)
    eye = Eye(RIGHT_EYE, iris, 0)
    follow(eye, make_mesh(), 3)
    eye.forget()
    iris.answer = 0.05
    (reading,) = follow(eye, make_mesh(), 1, start=3)
    assert reading.openness == 0.0
    assert iris.calls == 2


DIM_PICTURE = (PICTURE // 8 + 20).astype(np.uint8)
"""The same with an eighth of the contrast: about 18 grey levels."""


def test_with_little_contrast_a_lid_is_the_mean_of_both_networks(make_mesh: MakeMesh) -> None:
    state = State(0.0)
    eye = Eye(RIGHT_EYE, Iris(0.12), 0, state=state)
    reading = eye.read(DIM_PICTURE, make_mesh(), FRONTAL, 0)
    assert state.calls == 1
    assert reading.openness == pytest.approx(openness_of((0.12 + 0.07) / 2))
    assert reading.openness is not None
    assert reading.openness < 0.3 < openness_of(0.12)


def test_with_good_contrast_the_iris_net_is_asked_alone(make_mesh: MakeMesh) -> None:
    state = State(0.0)
    reading = Eye(RIGHT_EYE, Iris(0.14), 0, state=state).read(PICTURE, make_mesh(), FRONTAL, 0)
    assert state.calls == 0
    assert reading.openness == pytest.approx(openness_of(0.14))


def test_the_less_contrast_the_more_the_eye_state_net_has_to_say() -> None:
    shares = [state_share(span) for span in range(0, 256, 5)]
    assert shares == sorted(shares, reverse=True)
    assert (state_share(14), state_share(45), state_share(60), state_share(200)) == (0.5, 0.25, 0.0, 0.0)


@pytest.mark.parametrize("ratio", [0.07, 0.09, 0.105, 0.2, 0.26])
def test_openness_and_ratio_are_each_others_inverse(ratio: float) -> None:
    assert ratio_of(openness_of(ratio)) == pytest.approx(ratio)


class Looking:
    """Says of every look whether a lens hides the eye."""

    size = 48

    def __init__(self, *, told: bool) -> None:
        self.told = told
        self.looks = 0

    def is_due(self, t_ns: int) -> bool:
        return t_ns % (3 * FRAME_NS) == 0

    def look(self, crop: np.ndarray, t_ns: int) -> None:
        assert crop.shape == (48, 48)
        assert t_ns >= 0
        self.looks += 1


def test_an_eye_behind_a_lens_is_not_judged_however_shut_it_looks(make_mesh: MakeMesh) -> None:
    hidden = Looking(told=False)
    iris = Iris(0.03)
    eye = Eye(RIGHT_EYE, iris, 3, hidden=hidden)
    seen = follow(eye, make_mesh(), 6)
    assert [one.openness for one in seen] == [0.0] * 6
    assert hidden.looks == 2
    hidden.told = True
    calls = iris.calls
    unseen = follow(eye, make_mesh(), 6, start=6)
    assert {(one.openness, one.reason) for one in unseen} == {(None, "sunglasses")}
    assert iris.calls == calls
    assert hidden.looks == 4
    hidden.told = False
    assert follow(eye, make_mesh(), 1, start=12)[0].openness == 0.0
