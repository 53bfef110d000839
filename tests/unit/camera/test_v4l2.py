from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.camera import v4l2
from edge.camera.base import CameraBusyError, CameraFormatError, CameraLostError, CameraUnavailableError
from edge.camera.v4l2 import V4l2Source, connect_device
from tests.support.cameras import FakeV4l2
from tests.support.descriptors import open_descriptors


def source_on(fake: FakeV4l2, **options: Any) -> V4l2Source:
    return V4l2Source("/dev/video0", **({"width": 64, "height": 48, "connect": fake.connect} | options))


def drain(source: V4l2Source) -> None:
    for _ in range(5):
        source.read(10.0)


def test_a_device_that_is_not_there_is_unavailable() -> None:
    for device in ("99", "/dev/video99", "/dev/v4l/by-id/usb-none"):
        with pytest.raises(CameraUnavailableError, match=r"No such file.*ls /dev/video"):
            V4l2Source(device).open()


def test_an_index_means_the_device_of_that_number() -> None:
    with pytest.raises(CameraUnavailableError, match=r"^/dev/video99 "):
        V4l2Source("99").open()


def test_a_plain_file_and_another_device_are_no_cameras(tmp_path: Path) -> None:
    plain = tmp_path / "film.mp4"
    plain.touch()
    with pytest.raises(CameraFormatError, match=r"not a device.*source: files"):
        V4l2Source(str(plain)).open()
    with pytest.raises(CameraFormatError, match=r"/dev/null is not a camera"):
        V4l2Source("/dev/null").open()


@pytest.mark.parametrize(
    ("number", "expected", "remedy"),
    [
        (errno.EACCES, CameraUnavailableError, "usermod -aG video"),
        (errno.EBUSY, CameraBusyError, "fuser"),
        (errno.ENODEV, CameraUnavailableError, "plug the camera in"),
    ],
)
def test_each_refusal_of_the_kernel_has_its_remedy(
    number: int, expected: type[Exception], remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(v4l2.os, "open", refuse)
    with pytest.raises(expected, match=remedy):
        connect_device("/dev/null")


def answering(capabilities: int, of_node: int) -> Any:
    def ioctl(_node: int, request: int, answer: bytearray) -> int:
        assert request == v4l2.VIDIOC_QUERYCAP
        struct.pack_into("=II", answer, 84, capabilities, of_node)
        return 0

    return ioctl


def test_the_metadata_node_of_a_webcam_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", answering(0x84A0_0001, 0x04A0_0000))
    with pytest.raises(CameraFormatError, match="metadata or output node"):
        connect_device("/dev/null")


def test_a_capture_node_that_opencv_cannot_open_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", answering(0x84A0_0001, 0x0420_0001))
    descriptors = open_descriptors()
    with pytest.raises(CameraBusyError, match="fuser -v /dev/null"):
        connect_device("/dev/null")
    assert open_descriptors() <= descriptors
    assert os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] == v4l2.SELECT_TIMEOUT_S


def test_a_driver_that_gives_another_size_is_refused_with_both_sizes() -> None:
    fake = FakeV4l2(width=320, height=240)
    with pytest.raises(CameraFormatError, match=r"320x240 .* 64x48 .*camera\.width"):
        source_on(fake).open()
    assert fake.released == 1


def test_a_missing_rate_is_told(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeV4l2()
    source = source_on(fake, fps=60.0)
    source.open()
    source.close()
    assert "gives 30 frames per second where 60 were asked for" in caplog.text


def test_frames_carry_the_drivers_stamp_and_the_time_of_arrival_when_that_is_broken() -> None:
    true, broken = FakeV4l2(), FakeV4l2(stamp_ms=123.0)
    for fake in (true, broken):
        source = source_on(fake)
        before_ns = time.monotonic_ns()
        source.open()
        frame = source.read(10.0)
        source.close()
        assert frame is not None
        assert before_ns <= frame.t_ns <= time.monotonic_ns()


def test_a_sane_stamp_of_the_driver_is_kept_exactly() -> None:
    # Whole milliseconds, a little ago: no reading of our own clock looks like this every time.
    class Whole(FakeV4l2):
        def get(self, prop: int) -> float:
            told = super().get(prop)
            return float(int(told) - 50) if prop == cv2.CAP_PROP_POS_MSEC else told

    source = source_on(Whole())
    source.open()
    frames = [source.read(10.0) for _ in range(5)]
    source.close()
    assert all(frame is not None and frame.t_ns % 1_000_000 == 0 for frame in frames)


def test_an_unplugged_camera_is_lost_and_released() -> None:
    fake = FakeV4l2()
    source = source_on(fake)
    source.open()
    assert source.read(10.0) is not None
    fake.delivering = False
    with pytest.raises(CameraLostError):
        drain(source)
    source.close()
    assert fake.released == 1


def test_the_reader_gets_the_newest_frame_and_the_gap_shows_in_the_sequence() -> None:
    fake = FakeV4l2()
    source = source_on(fake)
    source.open()
    first = source.read(10.0)
    while fake.frames < 30:
        time.sleep(0.001)
    second = source.read(10.0)
    source.close()
    assert first is not None
    assert second is not None
    assert second.sequence >= 28
