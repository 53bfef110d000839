"""Loaded by the real daemon before anything else: a camera and parts that do what a file says, while it runs.

`commands.json` in the folder that DMS_COMMANDS names holds `show` (`open` or `closed` eyes, `nothing`: the driver gives
no picture, `hang`: it does not come back), `absent` (there is no such device) and `freeze` (`capture`, `pipeline` or
`uplink`: this thread stands still).
"""

from __future__ import annotations

import json
import os
import time
from functools import wraps
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["DMS_COMMANDS"])
PERIOD_S = 1 / 30


def commands() -> dict[str, Any]:
    return json.loads((FOLDER / "commands.json").read_text())


class Device:
    """What OpenCV's capture is to the daemon."""

    def __init__(self) -> None:
        import numpy as np

        self._noise = np.random.default_rng(1)
        self._pictures = {name: np.load(FOLDER / f"{name}.npy") for name in ("open", "closed")}
        self._due_s = time.monotonic()

    def read(self) -> tuple[bool, Any]:
        import numpy as np

        self._due_s = max(self._due_s + PERIOD_S, time.monotonic() - PERIOD_S)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        while (show := commands()["show"]) == "hang":
            time.sleep(PERIOD_S)
        if show == "nothing":
            return False, None
        picture = self._pictures[show]
        # A sensor never delivers the same picture twice.
        noise = self._noise.integers(-2, 3, picture.shape, dtype=np.int16)
        return True, np.clip(picture + noise, 0, 255).astype(np.uint8)

    def get(self, prop: int) -> float:
        import cv2

        height, width = self._pictures["open"].shape
        size = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height}
        return time.monotonic() * 1000 if prop == cv2.CAP_PROP_POS_MSEC else size.get(prop, 30.0)

    def set(self, prop: int, value: float) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held."""


def connect(path: str) -> Device:
    from edge.camera.base import CameraUnavailableError

    if commands()["absent"]:
        raise CameraUnavailableError(f"{path} cannot be opened", "plug the camera in")
    return Device()


def freezing(name: str, method: Any) -> Any:
    @wraps(method)
    def instead(*given: Any, **named: Any) -> Any:
        while commands()["freeze"] == name:
            time.sleep(PERIOD_S)
        return method(*given, **named)

    return instead


def arm() -> None:
    import edge.camera.capture
    import edge.camera.v4l2
    import edge.pipeline
    import edge.uplink.worker

    edge.camera.v4l2.connect_device = connect
    for name, owner, method in (
        ("capture", edge.camera.capture.Capture, "_note_good"),
        ("pipeline", edge.pipeline.Pipeline, "on_frame"),
        ("uplink", edge.uplink.worker.Uplink, "_round"),
    ):
        setattr(owner, method, freezing(name, getattr(owner, method)))


if FOLDER.is_dir():
    arm()
