"""Opens the real adapter on a real Picamera2 again and again and says as JSON what it got.

LD_PRELOAD=dma_buffers.so python probe.py OPENINGS FRAMES
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import launch  # noqa: F401 - lets picamera2 meet the virtual camera
import numpy as np
from picamera2.request import CompletedRequest

from edge.camera.base import CameraError
from edge.camera.picamera import PicameraSource

stamped: list[int] = []
read_metadata = CompletedRequest.get_metadata


def noting_the_stamp(request: Any) -> Any:
    """Read the metadata and keep the sensor's own stamp."""
    metadata = read_metadata(request)
    stamped.append(metadata["SensorTimestamp"])
    return metadata


CompletedRequest.get_metadata = noting_the_stamp


def descriptors() -> int:
    """Count this process's open files."""
    return len(list(Path("/proc/self/fd").iterdir()))


def main(openings: int, frames: int) -> None:
    """Print stamps, ages, the last picture's rows, descriptors after each closing, and two refusals."""
    after_closing = []
    taken, ages_ns = [], []
    gray = np.zeros((0, 0), np.uint8)
    for _ in range(openings):
        source = PicameraSource("0", width=640, height=480, fps=30)
        source.open()
        for _ in range(frames):
            frame = source.read(5.0)
            assert frame is not None
            ages_ns.append(time.monotonic_ns() - frame.t_ns)
            taken.append(frame.t_ns)
            gray = frame.gray
        source.close()
        after_closing.append(descriptors())
    refusals = []
    for device, width in (("7", 640), ("0", 800)):
        try:
            PicameraSource(device, width=width, height=480).open()
        except CameraError as error:
            refusals.append(str(error))
    np.save("/tmp/last.npy", gray)
    print(
        json.dumps(
            {
                "stamps": taken,
                "foreign": len(set(taken) - set(stamped)),
                "oldest_ms": max(ages_ns) / 1e6,
                "descriptors": after_closing,
                "shape": gray.shape,
                "refusals": refusals,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
