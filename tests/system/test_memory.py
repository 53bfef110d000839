"""Half an hour of driving leaves memory where it was: films, networks, indicators and decisions together."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from edge.config.schema import Config
from edge.decision.engine import DecisionEngine
from edge.offline import Perception
from edge.runtime.health import rss_mb

DRIVE = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.mp4"
DRIVE_S = 119
HALF_AN_HOUR_S = 1800
WARM_UP_LAPS = 4
MAX_SLOPE_KIB_PER_1000_FRAMES = 4.0
"""Growth that would add 10 MB in a day of eight hours; the allocator's own noise over 15 laps stays below [D]."""


@pytest.mark.full
@pytest.mark.models
@pytest.mark.timeout(1800)
def test_half_an_hour_of_replay_keeps_memory_and_descriptors_flat() -> None:
    config = Config()
    engine = DecisionEngine(config.rules)
    sizes_mb: list[tuple[int, float]] = []
    descriptors = set()
    frames = 0
    for lap in range(HALF_AN_HOUR_S // DRIVE_S + 1 + WARM_UP_LAPS):
        with Perception(DRIVE, config) as perception:
            for member in perception.members():
                # One time line over all laps, as a camera that never stops gives it.
                shifted = type(member)(**{**_fields(member), "t_ns": member.t_ns + lap * (DRIVE_S * 10**9)})
                engine.feed(shifted)
                frames += 1
        gc.collect()
        size_mb = rss_mb()
        assert size_mb is not None
        if lap >= WARM_UP_LAPS:
            sizes_mb.append((frames, size_mb))
            descriptors.add(len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - the kernel's list, not files
    assert len(descriptors) == 1, f"descriptors change: {descriptors}"
    slope = _slope_kib_per_1000(sizes_mb)
    assert slope < MAX_SLOPE_KIB_PER_1000_FRAMES, f"{slope:.1f} KiB per 1,000 frames: {sizes_mb}"


def _fields(member: object) -> dict[str, object]:
    return {name: getattr(member, name) for name in member.__struct_fields__}  # type: ignore[attr-defined]


def _slope_kib_per_1000(sizes_mb: list[tuple[int, float]]) -> float:
    mean_x = sum(x for x, _ in sizes_mb) / len(sizes_mb)
    mean_y = sum(y for _, y in sizes_mb) / len(sizes_mb)
    over = sum((x - mean_x) * (y - mean_y) for x, y in sizes_mb)
    return over / sum((x - mean_x) ** 2 for x, _ in sizes_mb) * 1024 * 1000
