"""The store of drivers as a configuration asks for it: what it permits to keep, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.drivers.store import DriverStore
from edge.retention import day_of

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.uplink.wallclock import WallClock


def drivers_of(config: Config, clock: WallClock) -> DriverStore:
    """Open the store; who was not named for too long is forgotten when it is next written by its thread."""
    return DriverStore(
        Path(config.service.state_dir),
        expression=config.expression.enabled,
        keep_days=config.retention.drivers_days,
        today=lambda: day_of(clock.now()),
    )
