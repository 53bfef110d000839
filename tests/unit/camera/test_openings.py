"""Five hundred openings of a camera that fails in between: nothing is left open."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from edge.camera.base import CameraBusyError, CameraError, CameraUnavailableError
from edge.camera.picamera import PicameraSource
from edge.camera.v4l2 import V4l2Source
from tests.support.cameras import FakeV4l2, fake_picamera2_module
from tests.support.descriptors import open_descriptors

if TYPE_CHECKING:
    from edge.camera.base import CameraSource
    from tests.support.figures import Figures

CYCLES = 500
FAILING = 3
"""Of so many openings one fails."""


def cycle(source: CameraSource) -> bool:
    """Open, read once, close; tell whether it opened."""
    try:
        source.open()
        assert source.read(5.0) is not None
    except CameraError:
        return False
    finally:
        source.close()
    return True


def leaked(source: CameraSource, fail: object) -> int:
    cycle(source)
    before = open_descriptors()
    opened = 0
    for number in range(CYCLES):
        if number % FAILING == 0:
            fail()  # type: ignore[operator]
        opened += cycle(source)
    assert opened == CYCLES - len(range(0, CYCLES, FAILING))
    return open_descriptors() - before


@pytest.mark.full
def test_a_csi_camera(monkeypatch: pytest.MonkeyPatch, figure: Figures) -> None:
    module, camera = fake_picamera2_module()
    monkeypatch.setitem(sys.modules, "picamera2", module)
    found = leaked(
        PicameraSource("0", width=64, height=48),
        lambda: camera.construct_errors.append(RuntimeError("Device or resource busy")),
    )
    figure("camera_start", f"descriptors leaked over {CYCLES} openings, CSI camera", found, at_most=0)


def test_a_usb_camera(figure: Figures) -> None:
    device = FakeV4l2()
    errors = [CameraBusyError("in use", "close it"), CameraUnavailableError("gone", "plug it in")]
    found = leaked(
        V4l2Source("0", width=64, height=48, connect=device.connect),
        lambda: device.connect_errors.append(errors[device.opened % 2]),
    )
    assert device.released == device.opened
    figure("camera_start", f"descriptors leaked over {CYCLES} openings, USB camera", found, at_most=0)
