"""USB and other V4L2 cameras through OpenCV."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import cv2

from edge.camera.base import (
    CameraBusyError,
    CameraError,
    CameraFormatError,
    CameraLostError,
    CameraUnavailableError,
    Frame,
)
from edge.camera.guard import GuardedSource
from edge.camera.stamps import SensorStamps
from edge.camera.transform import Transform
from edge.runtime.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

SELECT_TIMEOUT_S: Final = "2"
"""How long OpenCV waits for a frame inside one call; its own 10 s outlast every watchdog [D]."""
FAILED_READS: Final = 3
"""So many failed reads in a row mean that the camera is gone [D]."""
VIDIOC_QUERYCAP: Final = 0x80685600
"""_IOR('V', 0, struct v4l2_capability), from linux/videodev2.h [S]."""
V4L2_CAP_VIDEO_CAPTURE: Final = 0x1
V4L2_CAP_DEVICE_CAPS: Final = 0x8000_0000


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def read(self) -> tuple[bool, Any]:
        """Return whether a picture came, and the picture."""

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """Read a property."""

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        """Ask for a property."""

    def release(self) -> None:
        """Give the device back."""


class V4l2Source(GuardedSource):
    """A camera at `device`: an index ("0" is /dev/video0) or a path (/dev/v4l/by-id/... survives replugging).

    Raises at `open`: `CameraUnavailableError` (missing, no permission), `CameraBusyError`, `CameraFormatError` (not a
    camera, or not the size that was asked for). Frames carry the driver's monotonic stamp when it is sane, else the
    time of arrival.
    """

    def __init__(
        self,
        device: str,
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 30.0,
        transform: Transform | None = None,
        clock: Clock | None = None,
        connect: Callable[[str], Capture] | None = None,
    ) -> None:
        path = f"/dev/video{device}" if device.isdecimal() else device
        super().__init__(
            path,
            lambda: _V4l2Driver(
                path,
                size=(width, height),
                fps=fps,
                transform=transform or Transform(),
                clock=clock or SystemClock(),
                connect=connect or connect_device,
            ),
        )


class _V4l2Driver:
    def __init__(
        self,
        path: str,
        *,
        size: tuple[int, int],
        fps: float,
        transform: Transform,
        clock: Clock,
        connect: Callable[[str], Capture],
    ) -> None:
        self._path = path
        self._size = size
        self._fps = fps
        self._transform = transform
        self._clock = clock
        self._connect = connect
        self._capture: Capture | None = None
        self._stamps = SensorStamps()
        self._sequence = 0
        self._failed = 0

    def start(self) -> None:
        capture = self._capture = self._connect(self._path)
        width, height = self._size
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, self._fps)
        self._require_size(round(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        fps = capture.get(cv2.CAP_PROP_FPS)
        if 0 < fps < self._fps:
            logger.warning("%s gives %g frames per second where %g were asked for", self._path, fps, self._fps)

    def next(self) -> Frame | None:
        if self._capture is None:
            raise CameraUnavailableError(f"{self._path} is not open", "call start() first")
        try:
            delivered, picture = self._capture.read()
        except cv2.error as error:
            raise CameraFormatError(f"{self._path} delivers pictures that cannot be decoded: {error}", _SIZE) from error
        arrived_ns = self._clock.monotonic_ns()
        if not delivered:
            self._fail()
            return None
        self._failed = 0
        sequence, self._sequence = self._sequence, self._sequence + 1
        gray = self._transform.apply(picture)
        height, width = gray.shape if self._transform.rotation_deg in {0, 180} else gray.shape[::-1]
        self._require_size(width, height)
        # OpenCV hands on the buffer's stamp in milliseconds; drivers that set none leave zero.
        driver_ns = round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1_000_000)
        return Frame(gray=gray, t_ns=self._stamps.place(driver_ns or None, arrived_ns), sequence=sequence)

    def stop(self) -> None:
        if self._capture is not None:
            self._capture.release()

    def _fail(self) -> None:
        self._failed += 1
        if self._failed >= FAILED_READS:
            raise CameraLostError(
                f"{self._path} delivers no more frames", "check that it is plugged in; it is opened again"
            )

    def _require_size(self, width: int, height: int) -> None:
        if (width, height) != self._size:
            raise CameraFormatError(
                f"{self._path} delivers {width}x{height} pixels where {self._size[0]}x{self._size[1]} were asked for",
                _SIZE,
            )


_SIZE: Final = "set camera.width and camera.height to a size it offers (v4l2-ctl --list-formats-ext)"


def connect_device(path: str) -> Capture:
    """Open a real device, or say in one typed error why not."""
    _require_capture_node(path)
    # OpenCV reads this once, with the first camera of the process.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", SELECT_TIMEOUT_S)
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise CameraBusyError(
            f"{path} is there but does not open", f"close the program that uses it (fuser -v {path}), or replug it"
        )
    return capture


def _require_capture_node(path: str) -> None:
    """Raise unless the path is a camera that we may use."""
    answer = bytearray(104)
    try:
        if not stat.S_ISCHR(Path(path).stat().st_mode):
            raise CameraFormatError(f"{path} is not a device", "set camera.device, or camera.source: files for a film")
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        fcntl.ioctl(node, VIDIOC_QUERYCAP, answer)
    except OSError as error:
        raise CameraFormatError(
            f"{path} is not a camera", "see `v4l2-ctl --list-devices`; set camera.device"
        ) from error
    finally:
        os.close(node)
    capabilities, of_node = struct.unpack_from("=II", answer, 84)
    offered = of_node if capabilities & V4L2_CAP_DEVICE_CAPS else capabilities
    if not offered & V4L2_CAP_VIDEO_CAPTURE:
        raise CameraFormatError(
            f"{path} delivers no pictures (a metadata or output node)", "use its neighbour, mostly one number lower"
        )


def _refusal(path: str, error: OSError) -> CameraError:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return CameraUnavailableError(f"{path} may not be used", "sudo usermod -aG video USER, then log in again")
    if error.errno == errno.EBUSY:
        return CameraBusyError(f"{path} is in use", f"close the program that uses it (fuser -v {path})")
    return CameraUnavailableError(
        f"{path} cannot be opened: {error.strerror}", "plug the camera in; `ls /dev/video*` shows which there are"
    )
