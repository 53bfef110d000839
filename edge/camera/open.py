"""Which source a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.camera.base import CameraFormatError, CameraSource
from edge.camera.face_metering import FaceMetering
from edge.camera.files import FileSource
from edge.camera.picamera import PicameraSource
from edge.camera.synthetic import SyntheticSource
from edge.camera.transform import Transform
from edge.camera.v4l2 import V4l2Source

if TYPE_CHECKING:
    from edge.config.schema import Camera
    from edge.runtime.clock import Clock


def metering_for(camera: Camera) -> FaceMetering | None:
    """Make what exposes for the face; None where the camera is to do it alone, or cannot be told."""
    return FaceMetering() if camera.metering == "face" and camera.source == "picamera" else None


def source_for(
    camera: Camera,
    clock: Clock | None = None,
    start_ns: int | None = None,
    *,
    metering: FaceMetering | None = None,
) -> CameraSource:
    """Return the configured source, not yet opened.

    `start_ns` is the stamp of the first frame of a file or of generated frames; sensors have their own. `metering`
    tells a CSI camera how bright it shall expose.
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
    if camera.source == "picamera":
        return PicameraSource(
            camera.device,
            width=camera.width,
            height=camera.height,
            fps=camera.fps,
            transform=transform,
            clock=clock,
            exposure_value=None if metering is None else lambda: metering.ev,
        )
    return V4l2Source(
        camera.device, width=camera.width, height=camera.height, fps=camera.fps, transform=transform, clock=clock
    )
