"""The way to the fleet as a configuration asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.purposes import message_retention
from edge.parts.device import device_info
from edge.uplink.worker import Uplink

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Config
    from edge.hands import FleetHands
    from edge.parts.vision import VisionPart
    from edge.uplink.remote.settings import RemoteSettings
    from edge.uplink.wallclock import WallClock


def uplink_for(
    config: Config,
    vision: VisionPart,
    clock: WallClock,
    *,
    hands: FleetHands,
    settings: RemoteSettings | None,
    on_failure: Callable[[BaseException], None],
) -> Uplink:
    """Make the uplink, which tells the fleet what networks `vision` runs; nothing is opened yet."""
    return Uplink(
        config.mqtt,
        config.outbox,
        state_dir=Path(config.service.state_dir),
        info=device_info(config, vision.manifest, vision.nets),
        clock=clock,
        expression=config.expression.enabled,
        retention=message_retention(config),
        remote=config.remote,
        settings=settings,
        hands=hands,
        on_failure=on_failure,
    )
