"""Stand-ins for camera hardware: they behave as the real interfaces do, and fail as those do, on command."""

from __future__ import annotations

import os
import threading
import time
import types
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

FRAME_S = 0.002
"""Pace of the stand-ins: quick, yet a thread that only reads does not eat a core."""


def picture(width: int = 64, height: int = 48, grey: int = 90) -> np.ndarray[Any, Any]:
    return np.full((height, width, 3), grey, np.uint8)


@dataclass
class FakeV4l2:
    """A webcam: `connect` is what OpenCV does, once per opening; one numbered picture after another."""

    width: int = 64
    height: int = 48
    picture: Any = None
    """What it delivers instead of its numbered pictures."""
    delivering: bool = True
    """False: reads fail, as after unplugging."""
    hanging: threading.Event = field(default_factory=threading.Event)
    """Set: a read does not return until it is cleared."""
    stamp_ms: float | None = None
    """The driver's stamp; None: the true one."""
    connect_errors: list[Exception] = field(default_factory=list)
    opened: int = 0
    released: int = 0
    frames: int = 0

    def connect(self, path: str) -> FakeV4l2:
        assert path.startswith("/dev/")
        if self.connect_errors:
            raise self.connect_errors.pop(0)
        self.opened += 1
        return self

    def read(self) -> tuple[bool, Any]:
        time.sleep(FRAME_S)
        while self.hanging.is_set():
            time.sleep(FRAME_S)
        if not self.delivering:
            return False, None
        self.frames += 1
        if self.picture is not None:
            return True, self.picture
        return True, picture(self.width, self.height, self.frames % 200)

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return time.monotonic_ns() / 1e6 if self.stamp_ms is None else self.stamp_ms
        return float({cv2.CAP_PROP_FRAME_WIDTH: self.width, cv2.CAP_PROP_FRAME_HEIGHT: self.height}.get(prop, 30.0))

    def set(self, prop: int, value: float) -> bool:
        return prop == cv2.CAP_PROP_FPS and value > 0

    def release(self) -> None:
        self.released += 1


class FakePicamera2:
    """The parts of `picamera2.Picamera2` that are used, with its pipe, its buffer pool and its jobs."""

    cameras = 1
    stride = 128
    """Bytes a row: more than the picture is wide, as the ISP pads."""
    construct_errors: list[Exception] = []  # noqa: RUF012 - set by tests on the class, as the hardware is one
    planes: Any = None
    delivering = True
    metadata: dict[str, Any] = {}  # noqa: RUF012 - the same
    camera_controls: dict[str, Any] = {"ExposureValue": (-8.0, 8.0, 0.0)}  # noqa: RUF012 - the same
    controls_set: list[dict[str, Any]] = []  # noqa: RUF012 - the same
    opened = 0
    modes = 0

    def __init__(self, camera_num: int = 0) -> None:
        self.notifyme_r, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self._reading = os.fdopen(self.notifyme_r, "rb")
        self.started = False
        self.is_open = False
        if type(self).construct_errors:
            self._reading.close()
            raise type(self).construct_errors.pop(0)
        type(self).opened += 1
        self.is_open = True
        self.number = camera_num
        self.pool = 0
        self.frames = 0
        self.itself = self  # the real one is full of reference cycles
        self._configuration: dict[str, Any] = {}
        self._jobs: list[FakeJob] = []

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Num": number, "Model": "ov9281"} for number in range(cls.cameras)]

    def create_video_configuration(
        self, main: dict[str, Any], buffer_count: int = 6, controls: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        assert set(main) <= {"format", "size", "preserve_ar"}
        return {"main": dict(main), "buffer_count": buffer_count, "controls": controls or {}}

    def configure(self, configuration: dict[str, Any]) -> None:
        assert not self.started, "Camera must be stopped before configuring"
        type(self).modes += 1
        self._configuration = configuration
        width, height = configuration["main"]["size"]
        self.pool = configuration["buffer_count"]
        self._memory = np.zeros((height * 3 // 2, max(self.stride, width)), np.uint8)

    def camera_configuration(self) -> dict[str, Any]:
        return self._configuration

    def start(self) -> None:
        self.started = True

    def set_controls(self, controls: dict[str, Any]) -> None:
        unknown = set(controls) - set(self.camera_controls)
        if unknown:
            raise RuntimeError(f"Control {unknown.pop()} is not advertised by libcamera")
        type(self).controls_set.append(controls)

    def capture_request(self, wait: bool | None = None) -> FakeJob:
        assert wait is False, "the stand-in has no event loop to block in"
        self._jobs.append(FakeJob(self))
        return self._jobs[-1]

    def cancel_all_and_flush(self) -> None:
        self._jobs.clear()

    def stop(self) -> None:
        # As in the real one, the stop is a job itself, behind those that wait for a frame.
        while self._jobs and not self.delivering:
            time.sleep(FRAME_S)
        self.started = False

    def close(self) -> None:
        if self.is_open:
            self._reading.close()
            os.close(self.notifyme_w)
            self.is_open = False


class FakeJob:
    def __init__(self, camera: FakePicamera2) -> None:
        self._camera = camera
        self._result: FakeRequest | None = None

    def get_result(self, timeout: float | None = None) -> FakeRequest:
        if self._result is not None:
            return self._result
        time.sleep(FRAME_S)
        assert timeout is not None, "a stalled camera would block here for ever"
        # A request that is never released is a buffer that the camera never gets back.
        if not self._camera.delivering or self._camera.pool == 0:
            raise TimeoutError
        self._result = FakeRequest(self._camera)
        self._camera._jobs.remove(self)
        return self._result


class FakeRequest:
    def __init__(self, camera: FakePicamera2) -> None:
        self._camera = camera
        camera.pool -= 1
        camera.frames += 1
        self._released = False

    def get_metadata(self) -> dict[str, Any]:
        return {
            "SensorTimestamp": time.monotonic_ns(),
            "ExposureTime": 8000,
            "AnalogueGain": 2.5,
        } | self._camera.metadata

    def make_array(self, name: str) -> Any:
        assert name == "main"
        if self._camera.planes is not None:
            return self._camera.planes
        width, height = self._camera.camera_configuration()["main"]["size"]
        memory = self._camera._memory
        memory[:] = 255
        memory[:height, :width] = self._camera.frames % 200
        return memory

    def release(self) -> None:
        assert not self._released, "lock now has negative ref_count"
        self._released = True
        self._camera.pool += 1


def fake_picamera2_module() -> tuple[types.ModuleType, type[FakePicamera2]]:
    """A fresh module with a fresh class, so that what a test sets ends with the test."""
    fresh = type("Picamera2", (FakePicamera2,), {"construct_errors": [], "metadata": {}, "controls_set": []})
    module = types.ModuleType("picamera2")
    module.__dict__["Picamera2"] = fresh
    return module, fresh
