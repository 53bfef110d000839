"""The part that tells drivers apart: what was learnt of each, who is at the wheel, and who may ask about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.calibration.desk import CalibrationDesk
from edge.calibration.origin import camera_name, origin_from
from edge.calibration.store import drivers_of
from edge.drivers.returning import ReturningDriver

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.decision.engine import DecisionEngine
    from edge.uplink.wallclock import WallClock
    from edge.vehicle.base import VehicleSource


class DriversPart:
    """Drivers by their tokens: the vehicle's word stands above the configured one."""

    def __init__(self, config: Config, wall_clock: WallClock, vehicle: VehicleSource, engine: DecisionEngine) -> None:
        self.store = drivers_of(config, wall_clock)
        self.at_wheel = ReturningDriver(
            self.store,
            lambda: vehicle.driver_token or config.vehicle.driver_token,
            engine,
            origin_from(camera_name(config.camera)),
        )
        self.desk = CalibrationDesk(engine, self.at_wheel, self.store)
