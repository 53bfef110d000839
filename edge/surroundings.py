"""What the daemon takes from the machine it runs on: camera, clocks, sensors, outputs in the cab.

`edge-dms run` has no other surroundings than the real ones, and no setting or variable of the environment gives it
others: they are handed over in Python, by `edge.drill.child` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.actuators.open import actuators_for
from edge.camera.open import source_for
from edge.runtime.clock import SystemClock
from edge.runtime.health import BoardSensors
from edge.uplink.wallclock import KernelWallClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.actuators.base import Actuator
    from edge.camera.base import CameraSource
    from edge.camera.face_metering import FaceMetering
    from edge.config.schema import Cab, Camera
    from edge.runtime.clock import Clock
    from edge.uplink.wallclock import WallClock


class Surroundings:
    """The real machine."""

    film_is_camera = False
    """A film stands in for a camera: it is opened again when it is lost, and its end is no end."""

    def __init__(self) -> None:
        self.clock: Clock = SystemClock()

    def source(self, camera: Camera, start_ns: int | None, metering: FaceMetering | None) -> CameraSource:
        """Return the camera, not yet opened."""
        return source_for(camera, self.clock, start_ns=start_ns, metering=metering)

    def actuators(self, cab: Cab) -> Sequence[Actuator]:
        """Return the outputs in the cab, not yet opened."""
        return actuators_for(cab)

    def wall_clock(self) -> WallClock:
        """Return the clock that messages are dated by."""
        return KernelWallClock()

    def sensors(self) -> BoardSensors:
        """Return the sensors of the board."""
        return BoardSensors(self.clock)
