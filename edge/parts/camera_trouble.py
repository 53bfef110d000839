"""Which of the things that ail the camera is told, when several do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.camera.capture import Condition
    from edge.types import CameraState


def camera_trouble(
    capture: Condition, load: Condition | None, light: Condition | None, pictures: CameraState
) -> Condition | None:
    """Return what ails the camera, or keeps it from being looked at; None where the pictures say something worse.

    A covered lens shows no light either: it must not be told as a lamp that fails, which blinds nobody. `load` is what
    the board does not bear, None for nothing; `light` None for a light that is not ours to drive.
    """
    if capture.state != "ok":
        return capture
    if load is not None and load.state == "thermal":
        return load
    if load is None and light is None:
        return capture
    if pictures != "ok":
        return None
    return load or light or capture
