"""The camera's part: the source, the slot that holds its newest frame, the infrared light and who reads."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from edge.camera.base import CameraError
from edge.camera.capture import Capture
from edge.camera.ir_control import ir_control_for
from edge.camera.open import metering_for
from edge.runtime.slot import LatestSlot, PatientSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.base import Frame
    from edge.config.schema import Camera
    from edge.runtime.worker import Worker
    from edge.surroundings import Surroundings

logger = logging.getLogger(__name__)


class CameraPart:
    """Makes everything between the lens and the pipeline; `read` is the target of the thread `capture`."""

    def __init__(self, camera: Camera, around: Surroundings, on_lost: Callable[[], None]) -> None:
        """`on_lost` hears that the camera failed in a way that another try cannot mend."""
        # Files played fast are stamped from now on, so that their alerts carry today's wall time.
        fast = camera.source == "files" and camera.pace == "fast"
        self.metering = metering_for(camera)
        source = around.source(camera, around.clock.monotonic_ns() if fast else None, self.metering)
        self.live = source.live
        """Frames come at their own pace; else as fast as they are taken."""
        self.slot: LatestSlot[Frame] = LatestSlot() if source.live else PatientSlot()
        self.light = ir_control_for(camera.ir, around.clock)
        """None: the infrared light is not ours to drive."""
        self.capture = Capture(
            source,
            self.slot,
            stall_s=camera.stall_s,
            reopen=camera.source != "files" or around.film_is_camera,
            clock=around.clock,
            on_frame=None if self.light is None else self.light.frame,
        )
        self._on_lost = on_lost
        logger.debug("frames come %s", "at their own pace" if source.live else "as fast as they are taken")

    def read(self, worker: Worker) -> None:
        """Move frames into the slot; a source that ends or fails closes it, so that nobody waits for nothing."""
        with contextlib.closing(self.slot):
            try:
                self.capture.run(worker.stop_event, worker.beat)
            except CameraError as error:
                # What another try cannot mend is the user's to mend: the remedy, not a traceback.
                logger.critical("camera: %s", error)
                self._on_lost()
