"""A camera under a cover: what it delivers while something is wrong with it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edge.camera.base import CameraLostError, CameraSource
from edge.camera.synthetic import SyntheticSource
from edge.drill.faulty_camera import FaultyCamera


def opened() -> FaultyCamera:
    camera = FaultyCamera(SyntheticSource(width=64, height=48, start_ns=1))
    camera.open()
    return camera


def test_it_is_a_camera_and_passes_on_what_the_source_delivers() -> None:
    camera, plain = opened(), SyntheticSource(width=64, height=48, start_ns=1)
    plain.open()
    assert isinstance(camera, CameraSource)
    for _ in range(3):
        mine, theirs = camera.read(1.0), plain.read(1.0)
        assert mine is not None
        assert theirs is not None
        assert np.array_equal(mine.gray, theirs.gray)
        assert (mine.t_ns, mine.sequence) == (theirs.t_ns, theirs.sequence)


def test_a_covered_lens_is_dark_and_flat_with_true_stamps() -> None:
    camera = opened()
    before = camera.read(1.0)
    camera.fault = "cover"
    covered = camera.read(1.0)
    assert before is not None
    assert covered is not None
    assert covered.gray.mean() < 20
    assert covered.gray.std() < 3
    assert covered.t_ns > before.t_ns
    camera.fault = None
    after = camera.read(1.0)
    assert after is not None
    assert after.gray.std() > 20


def test_a_frozen_picture_is_the_last_good_one() -> None:
    camera = opened()
    good = camera.read(1.0)
    camera.fault = "freeze"
    frozen = [camera.read(1.0) for _ in range(3)]
    assert good is not None
    for frame in frozen:
        assert frame is not None
        assert np.array_equal(frame.gray, good.gray)
        assert frame.t_ns > good.t_ns


def test_a_stalled_camera_is_lost_at_each_opening_until_it_is_mended() -> None:
    camera = opened()
    camera.fault = "stall"
    for _ in range(2):
        with pytest.raises(CameraLostError, match="no frame"):
            camera.read(0.01)
        camera.close()
        camera.open()
    camera.fault = None
    assert camera.read(1.0) is not None


def test_closing_ends_a_read_that_waits_for_a_stalled_camera() -> None:
    camera = opened()
    camera.fault = "stall"
    threading.Timer(0.05, camera.close).start()
    assert camera.read(60.0) is None
