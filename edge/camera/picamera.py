"""Raspberry Pi cameras through picamera2 and libcamera."""

from __future__ import annotations

import gc
import logging
import os
from typing import TYPE_CHECKING, Any, Final

from edge.camera.base import CameraBusyError, CameraFormatError, CameraUnavailableError, Frame
from edge.camera.guard import GuardedSource
from edge.camera.stamps import SensorStamps
from edge.camera.transform import Transform
from edge.runtime.clock import Clock, SystemClock

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

logger = logging.getLogger(__name__)

POLL_S: Final = 0.5
"""How often a wait for a frame looks whether it shall stop [D]."""
BUFFERS: Final = 4
"""Enough to keep the sensor running while one is copied; each takes contiguous memory [D]."""
EXPOSURE_VALUE: Final = "ExposureValue"
"""libcamera's control: powers of two on what its own exposure control aims for."""
INSTALL: Final = "sudo apt install python3-picamera2, and make the venv with `python3 -m venv --system-site-packages`"


class PicameraSource(GuardedSource):
    """CSI camera number `device` ("0" is the first). Opened once with one mode, never switched.

    Grey is the luma plane of YUV420; stamps are the sensor's (start of exposure), exposure and gain the metadata's.
    """

    def __init__(
        self,
        device: str = "0",
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 30.0,
        transform: Transform | None = None,
        clock: Clock | None = None,
        exposure_value: Callable[[], float] | None = None,
    ) -> None:
        """`exposure_value` tells before each frame by how many powers of two the camera shall aim brighter."""
        super().__init__(
            f"CSI camera {device}",
            lambda: _PicameraDriver(
                device,
                (width, height),
                fps,
                transform=transform or Transform(),
                clock=clock or SystemClock(),
                exposure_value=exposure_value,
            ),
        )


class _PicameraDriver:
    def __init__(
        self,
        device: str,
        size: tuple[int, int],
        fps: float,
        *,
        transform: Transform,
        clock: Clock,
        exposure_value: Callable[[], float] | None,
    ) -> None:
        self._exposure_value = exposure_value
        self._told_ev = 0.0
        self._device = device
        self._size = size
        self._fps = fps
        self._transform = transform
        self._clock = clock
        self._camera: Any = None
        self._job: Any = None
        self._stamps = SensorStamps()
        self._sequence = 0

    def start(self) -> None:
        if not self._device.isdecimal():
            raise CameraFormatError(
                f"camera.device is {self._device!r}, but CSI cameras have numbers",
                "give the number that `rpicam-hello --list-cameras` shows, mostly 0",
            )
        self._camera = _construct(_module().Picamera2, int(self._device))
        # Luma alone would do, but every Raspberry Pi ISP delivers YUV420 and not all of them grey.
        configuration = self._camera.create_video_configuration(
            main={"size": self._size, "format": "YUV420"},
            buffer_count=BUFFERS,
            controls={"FrameRate": self._fps},
        )
        self._camera.configure(configuration)
        granted = tuple(self._camera.camera_configuration()["main"]["size"])
        if granted != self._size:
            raise CameraFormatError(
                f"the camera gives {granted[0]}x{granted[1]} where {self._size[0]}x{self._size[1]} were asked for",
                "set camera.width and camera.height to that",
            )
        self._camera.start()
        if self._exposure_value is not None and EXPOSURE_VALUE not in self._camera.camera_controls:
            logger.warning("this camera takes no %s: it exposes for the whole picture", EXPOSURE_VALUE)
            self._exposure_value = None

    def next(self) -> Frame | None:
        self._expose()
        # A job that timed out stays queued: a second one would only take the frame after it.
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._job.get_result(timeout=POLL_S)
        except TimeoutError:
            return None
        self._job = None
        arrived_ns = self._clock.monotonic_ns()
        try:
            metadata = request.get_metadata()
            planes = request.make_array("main")
            sequence, self._sequence = self._sequence, self._sequence + 1
            gray = self._transform.apply(self._luma(planes))
        finally:
            request.release()
        return Frame(
            gray=gray,
            t_ns=self._stamps.place(metadata.get("SensorTimestamp"), arrived_ns),
            sequence=sequence,
            exposure_us=_number(metadata.get("ExposureTime")),
            gain=_number(metadata.get("AnalogueGain")),
        )

    def stop(self) -> None:
        camera, job = self._camera, self._job
        self._camera = self._job = None
        if camera is not None:
            if job is not None:
                # The stop would be queued behind it, and wait for the frame that does not come.
                camera.cancel_all_and_flush()
            camera.stop()
            camera.close()
            del camera
            # Its objects refer to each other: without this their buffers and descriptors stay for a while, and a
            # few openings later there is no contiguous memory left.
            gc.collect()

    def _expose(self) -> None:
        """Tell the camera how bright to aim, when that changed."""
        if self._exposure_value is not None and (ev := self._exposure_value()) != self._told_ev:
            self._camera.set_controls({EXPOSURE_VALUE: ev})
            self._told_ev = ev

    def _luma(self, planes: Any) -> Any:
        """Cut the luma plane out of (height x 3/2, stride); rows may be padded."""
        width, height = self._size
        if getattr(planes, "ndim", 0) != 2 or planes.shape[0] < height or planes.shape[1] < width:
            raise CameraFormatError(
                f"the camera delivers an array of shape {getattr(planes, 'shape', None)} instead of YUV420",
                "update python3-picamera2, or set camera.width to a multiple of 64",
            )
        return planes[:height, :width]


def _module() -> types.ModuleType:
    try:
        import picamera2  # noqa: PLC0415 - there only on a Raspberry Pi, and slow to load
    except ImportError as error:
        raise CameraUnavailableError(f"picamera2 cannot be loaded ({error})", INSTALL) from error
    except ValueError as error:
        # Debian's simplejpeg is built against numpy 1 on bookworm.
        raise CameraUnavailableError(
            f"picamera2 does not fit this numpy ({error})", "pip install 'numpy<2' into the same venv"
        ) from error
    return picamera2  # type: ignore[no-any-return]


def _construct(picamera: Any, number: int) -> Any:
    """Open the camera; a failed attempt leaves no file descriptor behind."""
    if number >= len(picamera.global_camera_info()):
        raise CameraUnavailableError(
            f"there is no CSI camera {number}",
            "check the ribbon cable and dtoverlay in /boot/firmware/config.txt; `rpicam-hello --list-cameras`",
        )
    # In two steps, because a constructor that fails keeps the pipe that it opened, once per attempt.
    camera = picamera.__new__(picamera)
    try:
        camera.__init__(number)
    except (RuntimeError, OSError) as error:
        pipe = getattr(camera, "notifyme_w", None)
        if pipe is not None:
            os.close(pipe)
        raise CameraBusyError(
            f"CSI camera {number} does not open ({error.__cause__ or error})",
            "close the other program that uses the camera (fuser -v /dev/media*), or reboot",
        ) from error
    return camera


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
