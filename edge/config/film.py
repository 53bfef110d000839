"""A film in place of the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.schema import Camera


def playing(camera: Camera, film: Path, *, pace: Literal["realtime", "fast"], loop: bool) -> Camera:
    """Return the section with a video or a folder of pictures for its source; the rest stays."""
    return msgspec.structs.replace(camera, source="files", path=str(film), pace=pace, loop=loop)
