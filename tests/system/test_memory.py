"""Half an hour of driving leaves memory where it was: film, networks, indicators and decisions together."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from edge.camera.files import FileSource
from edge.config.schema import Config
from edge.decision.engine import DecisionEngine
from edge.vision.camera_condition import CameraCondition
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver

DRIVE = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.mp4"
FRAMES = 54_000
"""Half an hour at 30 frames a second."""
WARM_UP_FRAMES = 9_000
"""Five minutes: longer than every window but those of ten minutes, whose entries are events."""
SAMPLE_FRAMES = 1_500
MAX_SLOPE_KIB_PER_1000_FRAMES = 8.0
"""Would add 7 MB in a day of eight hours; the allocator's own noise stays below [D]."""


@pytest.mark.full
@pytest.mark.models
@pytest.mark.timeout(1800)
def test_half_an_hour_of_replay_keeps_memory_and_descriptors_flat() -> None:
    config = Config()
    engine = DecisionEngine(config.rules)
    observer = FaceObserver(
        config.camera, config.vision, config.expression, open_nets(config.inference, config.expression)
    )
    condition = CameraCondition()
    source = FileSource(DRIVE, pace="fast", loop=True)
    source.open()
    sizes_kib: list[tuple[int, int]] = []
    descriptors = set()
    for number in range(FRAMES):
        frame = source.read(5.0)
        assert frame is not None
        health = condition.feed(frame.gray, frame.t_ns)
        if health is not None:
            engine.feed(health)
        engine.feed(observer.observe(frame.gray, frame.t_ns))
        if number >= WARM_UP_FRAMES and number % SAMPLE_FRAMES == 0:
            gc.collect()
            sizes_kib.append((number, anonymous_kib()))
            descriptors.add(len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - the kernel's list, not files
    source.close()
    assert len(descriptors) == 1, f"descriptors change: {descriptors}"
    slope = slope_kib_per_1000(sizes_kib)
    print(f"{slope:.2f} KiB per 1,000 frames, from {sizes_kib[0][1]} to {sizes_kib[-1][1]} KiB")
    assert slope < MAX_SLOPE_KIB_PER_1000_FRAMES, f"{slope:.1f} KiB per 1,000 frames: {sizes_kib}"


def anonymous_kib() -> int:
    """Return the process's own memory; how much of the mapped libraries is resident is the kernel's affair."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1])


def slope_kib_per_1000(sizes_kib: list[tuple[int, int]]) -> float:
    mean_x = sum(x for x, _ in sizes_kib) / len(sizes_kib)
    mean_y = sum(y for _, y in sizes_kib) / len(sizes_kib)
    over = sum((x - mean_x) * (y - mean_y) for x, y in sizes_kib)
    return over / sum((x - mean_x) ** 2 for x, _ in sizes_kib) * 1000
