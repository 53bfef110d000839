"""When, from which camera and by which software a part of a baseline was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge import __version__
from edge.drivers.kept import Origin
from edge.uplink.wallclock import KernelWallClock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.config.schema import Camera


def origin_from(camera: str) -> Callable[[], Origin]:
    """Return what tells when, from which camera and by which software something is learnt at the moment of asking."""
    clock = KernelWallClock()

    def now() -> Origin:
        instant = clock.now()
        return Origin(
            time=rfc3339(instant.wall_ns),
            clock_synced=instant.synced,
            camera=camera,
            software=f"edge-dms {__version__}",
        )

    return now


def camera_name(camera: Camera, film: Path | None = None) -> str:
    """Name what is learnt from: the film, or the camera with the size of its picture."""
    if film is not None:
        return film.name
    if camera.source == "files":
        return (camera.path or "").rpartition("/")[2]
    return f"{camera.source} {camera.device} {camera.width}x{camera.height}"
