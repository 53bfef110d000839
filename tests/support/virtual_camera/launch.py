"""Runs `edge-dms` where Picamera2 meets libcamera's virtual camera instead of a Raspberry Pi's.

Only what the virtual camera lacks is put in its place, inside picamera2 and libcamera; the adapter is the real one.

    LD_PRELOAD=dma_buffers.so EDGE_DMS_CAMERA_FPS=15 python launch.py run --config dms.yaml
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

# The display's library is imported on sight and has nothing to show here.
sys.modules["kms"] = sys.modules["pykms"] = MagicMock()

from libcamera import Camera  # noqa: E402 - needs the line above, as the next ones do
from picamera2 import Picamera2  # noqa: E402
from picamera2.allocators import LibcameraAllocator  # noqa: E402

from edge.cli import main  # noqa: E402

FRAME_S = 1.0 / float(os.environ.get("EDGE_DMS_CAMERA_FPS", "30"))
STALLED = Path(os.environ.get("EDGE_DMS_CAMERA_STALLS", "/nonexistent"))
"""While this file exists no frame comes, and no exception either."""


class Sensor(threading.Thread):
    """The pace of a sensor: at each tick one buffer, the one that waited longest, goes to the virtual camera.

    That one would fill a buffer the moment it gets it, a thousand a second.
    """

    def __init__(self) -> None:
        super().__init__(name="sensor", daemon=True)
        self._waiting: deque[tuple[Any, Any]] = deque()
        self._lock = threading.Lock()
        self._queue_request, self._stop_camera = Camera.queue_request, Camera.stop
        Camera.queue_request = lambda camera, request: self._waiting.append((camera, request))
        Camera.stop = lambda camera: self._stop_at_once(camera)  # noqa: PLW0108 - a function binds to the camera

    def run(self) -> None:
        """Tick until the process ends."""
        due_s = time.monotonic()
        while True:
            due_s = max(due_s + FRAME_S, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))
            with self._lock:
                if self._waiting and not STALLED.exists():
                    self._queue_request(*self._waiting.popleft())

    def _stop_at_once(self, camera: Any) -> Any:
        with self._lock:
            self._waiting.clear()
            return self._stop_camera(camera)


construct = Picamera2.__init__


def with_its_own_buffers(camera: Any, *given: Any, **named: Any) -> None:
    """Construct it; buffers are libcamera's, as the virtual camera wants each plane by itself."""
    construct(camera, *given, **named)
    camera.allocator = LibcameraAllocator(camera.camera)


Picamera2.__init__ = with_its_own_buffers
# It has no raw stream, and refuses to describe one.
Picamera2._get_raw_modes = lambda _camera: [{"format": "NV12", "size": (640, 480)}]
Sensor().start()

if __name__ == "__main__":
    sys.exit(main())
