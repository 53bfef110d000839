"""Which source a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.camera.base import CameraFormatError, CameraSource
from edge.camera.files import FileSource
from edge.camera.picamera import PicameraSource
from edge.camera.synthetic import SyntheticSource
from edge.camera.transform import Transform
from edge.camera.v4l2 import V4l2Source

if TYPE_CHECKING:
    from edge.config.schema import Camera
    from edge.runtime.clock import Clock


def source_for(camera: Camera, clock: Clock | None = None, start_ns: int | None = None) -> CameraSource:
    """Return the configured source, not yet opened.

    `start_ns` is the stamp of the first frame of a file or of generated frames; sensors have their own.
    Raises `CameraFormatError` when the section contradicts itself.
    """
    transform = Transform(rotation_deg=camera.rotation_deg, flip=camera.flip)
    if camera.source == "files":
        if camera.path is None:
            raise CameraFormatError("camera.source is files but camera.path is missing", "give a film or a folder")
        return FileSource(
            camera.path,
            pace=camera.pace,
            loop=camera.loop,
            transform=transform,
            start_ns=start_ns,
            folder_fps=camera.fps,
            clock=clock,
        )
    if camera.source == "synthetic":
        return SyntheticSource(
            width=camera.width,
            height=camera.height,
            fps=camera.fps,
            pace="realtime",
            transform=transform,
            start_ns=start_ns,
            clock=clock,
        )
    sensor = PicameraSource if camera.source == "picamera" else V4l2Source
    return sensor(
        camera.device, width=camera.width, height=camera.height, fps=camera.fps, transform=transform, clock=clock
    )
