"""What the retained `info` message says of this device."""

from __future__ import annotations

import contextlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge import __version__
from edge.config.purposes import purposes, retention
from edge.uplink.messages import Info, Model, Policy
from edge.uplink.remote.settings import config_hash

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.inference.manifest import Manifest
    from edge.vision.nets import Nets

BOARD_NAME: Final = Path("/proc/device-tree/model")


def device() -> dict[str, str]:
    """Say what machine this is; the board where the kernel knows its name."""
    known = {"machine": platform.machine(), "system": platform.system(), "release": platform.release()}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known["board"] = BOARD_NAME.read_text(encoding="utf-8").rstrip("\0\n")
    return known


def device_info(config: Config, manifest: Manifest, nets: Nets) -> Info:
    """Describe this device: software, configuration, networks, machine, and what is kept of people for how long."""
    return Info(
        software=f"edge-dms {__version__}",
        config_hash=config_hash(config),
        profile=config.profile,
        models=tuple(Model(name=name, sha256=manifest[name].sha256) for name in nets.names()),
        device=device(),
        policy=Policy(purposes=purposes(config), retention=retention(config)),
    )
