from __future__ import annotations

import builtins
import gc
import sys
import time
import weakref
from typing import Any

import numpy as np
import pytest

from edge.camera.base import CameraBusyError, CameraError, CameraFormatError, CameraLostError, CameraUnavailableError
from edge.camera.picamera import PicameraSource
from tests.support.cameras import FakePicamera2, fake_picamera2_module
from tests.support.descriptors import open_descriptors


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module, fresh = fake_picamera2_module()
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return fresh


def small(device: str = "0", **options: Any) -> PicameraSource:
    return PicameraSource(device, width=64, height=48, **options)


def drain(source: PicameraSource) -> None:
    while source.read(10.0):
        pass


def open_error(source: PicameraSource) -> CameraError:
    with pytest.raises(CameraError) as refused:
        source.open()
    return refused.value


def refuse_import(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    genuine = builtins.__import__

    def importing(name: str, *rest: Any, **options: Any) -> Any:
        if name == "picamera2":
            raise error
        return genuine(name, *rest, **options)

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(builtins, "__import__", importing)


def test_without_the_package_the_remedy_names_apt_and_the_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_import(monkeypatch, ModuleNotFoundError("No module named 'libcamera'"))
    error = open_error(small())
    assert isinstance(error, CameraUnavailableError)
    assert "libcamera" in error.what
    assert "apt install python3-picamera2" in error.remedy
    assert "--system-site-packages" in error.remedy


def test_a_numpy_that_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_import(monkeypatch, ValueError("numpy.dtype size changed, may indicate binary incompatibility"))
    error = open_error(small())
    assert isinstance(error, CameraUnavailableError)
    assert "numpy<2" in error.remedy


def test_the_module_is_not_imported_before_open(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_import(monkeypatch, AssertionError("imported"))
    small().close()


def test_a_camera_that_is_not_connected_is_not_even_constructed(camera: type[FakePicamera2]) -> None:
    camera.cameras = 0
    error = open_error(small())
    assert isinstance(error, CameraUnavailableError)
    assert "ribbon cable" in error.remedy
    assert camera.opened == 0


def test_a_device_that_is_no_number_is_a_mistake_in_the_configuration(camera: type[FakePicamera2]) -> None:
    error = open_error(small("/dev/video0"))
    assert isinstance(error, CameraFormatError)
    assert "rpicam-hello" in error.remedy


def test_a_busy_camera_is_told_and_leaves_no_descriptor_over_five_hundred_attempts(camera: type[FakePicamera2]) -> None:
    def failed_attempt() -> None:
        cause = RuntimeError("Failed to acquire camera: Device or resource busy")
        failure = RuntimeError("Camera __init__ sequence did not complete.")
        failure.__cause__ = cause
        camera.construct_errors.append(failure)
        error = open_error(source)
        assert isinstance(error, CameraBusyError)
        assert "resource busy" in error.what

    source = small()
    failed_attempt()
    before = open_descriptors()
    for _ in range(500):
        failed_attempt()
    assert open_descriptors() <= before
    source.open()
    assert source.read(10.0) is not None
    source.close()


def test_the_mode_is_set_once_per_opening_and_every_request_is_given_back(camera: type[FakePicamera2]) -> None:
    source = small()
    source.open()
    frames = [source.read(10.0) for _ in range(20)]
    source.close()
    assert len(frames) == 20
    assert camera.modes == 1
    assert camera.opened == 1


def test_a_closed_camera_gives_its_memory_back_without_waiting_for_the_collector(
    camera: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[weakref.ref[FakePicamera2]] = []
    genuine = FakePicamera2.start

    def remembering(self: FakePicamera2) -> None:
        alive.append(weakref.ref(self))
        genuine(self)

    monkeypatch.setattr(camera, "start", remembering)
    gc.disable()
    try:
        source = small()
        source.open()
        assert alive[0]() is not None
        source.close()
        assert alive[0]() is None
    finally:
        gc.enable()


def test_grey_is_the_luma_plane_without_padding_and_chroma(camera: type[FakePicamera2]) -> None:
    planes = np.full((72, 128), 255, np.uint8)
    planes[:48, :64] = np.arange(64, dtype=np.uint8)
    camera.planes = planes
    source = small()
    source.open()
    frame = source.read(10.0)
    source.close()
    assert frame is not None
    assert np.array_equal(frame.gray, planes[:48, :64])
    planes[:] = 0
    assert frame.gray.max() == 63


def test_stamp_exposure_and_gain_come_from_the_metadata(camera: type[FakePicamera2]) -> None:
    exposed_ns = time.monotonic_ns()
    camera.metadata = {"SensorTimestamp": exposed_ns, "ExposureTime": 4_321, "AnalogueGain": 7.5}
    source = small()
    source.open()
    frame = source.read(10.0)
    source.close()
    assert frame is not None
    assert frame.exposure_us == 4_321.0
    assert frame.gain == 7.5
    if frame.sequence == 0:
        assert frame.t_ns == exposed_ns
    assert frame.t_ns >= exposed_ns


def test_unknown_exposure_is_none_and_not_zero(camera: type[FakePicamera2]) -> None:
    camera.metadata = {"ExposureTime": None, "AnalogueGain": None, "SensorTimestamp": None}
    source = small()
    source.open()
    frame = source.read(10.0)
    source.close()
    assert frame is not None
    assert frame.exposure_us is None
    assert frame.gain is None
    assert frame.t_ns > 0


def test_a_bad_picture_gives_its_buffer_back(camera: type[FakePicamera2]) -> None:
    source = small()
    source.open()
    camera.planes = np.zeros((2, 2), np.uint8)
    for _ in range(20):
        with pytest.raises(CameraFormatError):
            drain(source)
    camera.planes = None
    while True:
        try:
            assert source.read(10.0) is not None
        except CameraFormatError:
            continue
        break
    source.close()


def test_a_silent_camera_waits_on_one_request_only(
    camera: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    genuine = FakePicamera2.capture_request

    def counting(self: FakePicamera2, wait: bool | None = None) -> Any:
        asked.append(True)
        return genuine(self, wait)

    monkeypatch.setattr(camera, "capture_request", counting)
    camera.delivering = False
    source = small()
    source.open()
    for _ in range(3):
        with pytest.raises(CameraLostError):
            source.read(0.05)
    source.close()
    assert asked == [True]


def test_a_camera_that_grants_another_size_is_refused_and_closed(
    camera: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "camera_configuration", lambda _: {"main": {"size": (128, 96)}})
    error = open_error(small())
    assert isinstance(error, CameraFormatError)
    assert "128x96" in error.what
    before = open_descriptors()
    for _ in range(10):
        open_error(small())
    assert open_descriptors() <= before


def test_it_is_told_how_bright_to_aim_once_a_change_and_again_after_opening(camera: type[FakePicamera2]) -> None:
    wanted = [0.0]
    source = small(exposure_value=lambda: wanted[0])
    source.open()
    drain_some(source)
    assert camera.controls_set == []
    wanted[0] = 1.25
    drain_some(source)
    assert camera.controls_set == [{"ExposureValue": 1.25}]
    source.close()
    source.open()
    drain_some(source)
    source.close()
    assert camera.controls_set == [{"ExposureValue": 1.25}] * 2


def test_a_camera_that_cannot_be_told_exposes_as_it_likes(
    camera: type[FakePicamera2], caplog: pytest.LogCaptureFixture
) -> None:
    camera.camera_controls = {}
    source = small(exposure_value=lambda: 1.0)
    source.open()
    drain_some(source)
    source.close()
    assert "exposes for the whole picture" in caplog.text


def drain_some(source: PicameraSource) -> None:
    """Read past the frames that were on their way."""
    for _ in range(5):
        assert source.read(10.0) is not None
