"""One frame after the other: cabin, driver, camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_drive.cabin import Cabin
from sample_drive.driver import Driver
from sample_drive.infrared import InfraredCamera
from sample_drive.script import FPS, frame_count, pose_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from sample_drive.portrait import Portrait


def frames(portrait: Portrait, mesh: np.ndarray) -> Iterator[np.ndarray]:
    """Yield every frame of the film: grey uint8, 480 x 640."""
    cabin, driver, camera = Cabin(), Driver(portrait, mesh), InfraredCamera()
    for k in range(frame_count()):
        grey, alpha = driver.draw(pose_at(k / FPS))
        scene = cabin.draw(k / FPS)
        yield camera.expose(scene + alpha * (grey - scene))
