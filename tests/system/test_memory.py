"""Memory and descriptors stay where they were: the networks alone for half an hour, the daemon for a million frames."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from edge.camera.files import FileSource
from edge.config.schema import Config
from edge.decision.engine import DecisionEngine
from edge.vision.camera_condition import CameraCondition
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.checkout import DRIVE
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

REMEMBERING_DAEMON = Path(__file__).with_name("remembering_daemon.py")
FRAMES = 54_000
"""Half an hour at 30 frames a second."""
WARM_UP_FRAMES = 9_000
"""Five minutes: longer than every window but those of ten minutes, whose entries are events."""
SAMPLE_FRAMES = 1_500
MAX_SLOPE_KIB_PER_1000_FRAMES = 8.0
"""Would add 7 MB in a day of eight hours; the allocator's own noise stays below [D]."""
MILLION = 1_000_000
MILLION_WARM_UP_FRAMES = 100_000
"""An hour of film: every window is full, and so is the memory of answers."""


@pytest.mark.full
@pytest.mark.models
@pytest.mark.timeout(1800)
def test_half_an_hour_of_replay_keeps_memory_and_descriptors_flat(figure: Figures) -> None:
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
            descriptors.add(count_descriptors())
    source.close()
    assert len(descriptors) == 1, f"descriptors change: {descriptors}"
    slope = slope_kib_per_1000(sizes_kib)
    print(f"{slope:.2f} KiB per 1,000 frames, from {sizes_kib[0][1]} to {sizes_kib[-1][1]} KiB")
    figure(
        "leaks",
        f"growth a 1,000 frames over {FRAMES:,} frames through every network",
        round(slope, 3),
        unit="KiB",
        at_most=MAX_SLOPE_KIB_PER_1000_FRAMES,
    )


class LongDaemon(Daemon):
    """The daemon with remembering networks on the sample drive, over and over, and what its kernel says of it."""

    def __init__(self, folder: Path, port: int) -> None:
        # Nobody listens to the alerts, and a million frames of them are kept nowhere.
        super().__init__(
            folder,
            port,
            mqtt={"require_subscriber": False},
            recording={"decisions_file": None},
            outbox={"health_s": 1.0},
        )
        self.command = [sys.executable, str(REMEMBERING_DAEMON)]

    def sample(self) -> tuple[int, int]:
        """Return its own memory in KiB and its open descriptors, without one that is open for a moment only."""
        assert self.process is not None
        looks = [count_descriptors(self.process.pid) for _ in range(5)]
        return anonymous_kib(self.process.pid), min(looks)

    def close(self) -> None:
        """Let it end in good order; its exit status can be asked for afterwards."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture
def daemon(broker: Mosquitto, tmp_path: Path) -> Iterator[LongDaemon]:
    made = LongDaemon(tmp_path, broker.port)
    yield made
    made.close()


@pytest.mark.full
@pytest.mark.models
@pytest.mark.broker
@pytest.mark.timeout(4 * 3600)
def test_a_million_frames_through_the_daemon_leave_memory_and_descriptors_as_they_were(
    broker: Mosquitto, daemon: LongDaemon, figure: Figures
) -> None:
    """Nine hours of film: decoder, vision, indicators, decisions, cab, outbox and a real broker.

    A picture that a network has seen is answered from memory (the laps are alike): what an invoke itself leaves behind
    is the subject of the test above.
    """
    fleet = Fleet(broker.port, "dms/1/+/+/health").ready()
    sizes_kib: list[tuple[int, int]] = []
    descriptors: list[int] = []
    told = 0
    while told < MILLION:
        assert wait_for(lambda: fleet.messages, 120.0), daemon.log.read_text()[-2000:]
        health: dict[str, Any] = json.loads(fleet.messages[-1][1])
        fleet.messages.clear()
        if health.get("frames", 0) <= told:
            continue
        told = health["frames"]
        kib, files = daemon.sample()
        print(f"{told} frames: {kib} KiB, {files} descriptors", flush=True)
        if told >= MILLION_WARM_UP_FRAMES:
            sizes_kib.append((told, kib))
            descriptors.append(files)
    fleet.close()
    daemon.close()
    assert daemon.process.returncode == 0
    assert "Traceback" not in daemon.log.read_text()
    # A film that begins anew is open twice for a moment, and so is a file that is read: what counts is what stays open.
    tenth = len(descriptors) // 10
    change = median(descriptors[-tenth:]) - median(descriptors[:tenth])
    figure("leaks", "frames through the daemon, network answers remembered", told, at_least=MILLION)
    figure("leaks", "growth a 1,000 frames", round(slope_kib_per_1000(sizes_kib), 3), unit="KiB", at_most=1.0)
    figure("leaks", "descriptors open for a moment at most", max(descriptors), unit="descriptors")
    figure("leaks", "change of open descriptors, first tenth to last", abs(change), at_most=0)


def anonymous_kib(process: int | str = "self") -> int:
    """Return a process's own memory; how much of the mapped libraries is resident is the kernel's affair."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("RssAnon:")]
    return int(line.split()[1])


def count_descriptors(process: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208 - the kernel's list, not files


def slope_kib_per_1000(sizes_kib: list[tuple[int, int]]) -> float:
    mean_x = sum(x for x, _ in sizes_kib) / len(sizes_kib)
    mean_y = sum(y for _, y in sizes_kib) / len(sizes_kib)
    over = sum((x - mean_x) * (y - mean_y) for x, y in sizes_kib)
    return over / sum((x - mean_x) ** 2 for x, _ in sizes_kib) * 1000
