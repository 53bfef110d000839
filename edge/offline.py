"""Films without threads: a film or a folder of pictures becomes stream members, in order.

It wires the same parts as the daemon, one after another in the calling thread: source → camera condition → observer.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from edge.camera.base import CameraFormatError
from edge.camera.open import metering_for, source_for
from edge.config.film import playing
from edge.vision.camera_condition import CameraCondition
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from edge.camera.base import CameraSource, Frame
    from edge.config.schema import Config
    from edge.types import StreamMember

_READ_TIMEOUT_S = 10.0


class Perception:
    """A film or a folder of pictures, perceived as fast as it goes. A context manager; opening may raise.

    Raises `CameraError` when the input cannot be opened and `ModelError` when a network is missing or wrong.
    """

    def __init__(self, path: Path | None, config: Config) -> None:
        """Open the film or folder; None is the configured camera, live."""
        camera = config.camera
        if path is not None:
            camera = playing(camera, path, pace="fast", loop=False)
        self._metering = metering_for(camera)
        self.source: CameraSource = source_for(camera, start_ns=0, metering=self._metering)
        self.source.open()
        with contextlib.ExitStack() as undo:
            undo.callback(self.source.close)
            self.nets = open_nets(config.inference, config.expression)
            self._observer = FaceObserver(camera, config.vision, config.expression, self.nets)
            self._condition = CameraCondition(lambda: self._observer.stands_on_head)
            undo.pop_all()
        self.frames_total: int | None = getattr(self.source, "frames_total", None)
        self.unreadable = 0
        """Pictures that could not be decoded and were passed over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.source.close()

    def frames(self) -> Iterator[Frame]:
        """Yield every readable frame."""
        while True:
            try:
                frame = self.source.read(_READ_TIMEOUT_S)
            except CameraFormatError:
                self.unreadable += 1
                continue
            if frame is None:
                return
            yield frame

    def perceive(self, frame: Frame) -> list[StreamMember]:
        """Return what one frame says: the observation, and the camera's condition when it has something to say."""
        condition = self._condition.feed(frame.gray, frame.t_ns)
        observation = self._observer.observe(frame.gray, frame.t_ns)
        if self._metering is not None:
            self._metering.on_member(observation)
        return [observation] if condition is None else [condition, observation]

    def mesh_points(self) -> NDArray[np.float32] | None:
        """Return the mesh of the frame perceived last, (468, 2) in its pixels; None without a face."""
        return self._observer.mesh_points()

    def members(self) -> Iterator[StreamMember]:
        """Yield the whole input as a stream."""
        for frame in self.frames():
            yield from self.perceive(frame)
