"""What an observation costs in the pure half, at a drive's start and after hours; and how fast a stream replays."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.replay.play import END_REASON, play
from edge.replay.record import LineWriter
from edge.replay.simulated_drive import MINUTE_FRAMES, minutes
from edge.replay.stream import read_members
from edge.replay.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.decision.engine import DecisionEngine
    from edge.types import StreamMember

STREAM_MINUTES: Final = 20
"""So much is written to a file and replayed: half a second of work."""


class DecisionCosts:
    """CPU time of the pure half, minute by minute of a drive."""

    def __init__(self) -> None:
        self.minute_ns: list[int] = []

    def drive(self, engine: DecisionEngine, drive: Iterable[list[StreamMember]]) -> None:
        """Feed a drive; making it is not counted."""
        feed = engine.feed
        for members in drive:
            begin = time.thread_time_ns()
            for member in members:
                feed(member)
            self.minute_ns.append(time.thread_time_ns() - begin)

    def us_per_observation(self, first: int = 0, last: int | None = None) -> float:
        """Mean over some of the minutes, by default all."""
        chosen = self.minute_ns[first:last]
        return sum(chosen) / len(chosen) / MINUTE_FRAMES / 1e3


def replay_costs(engine: Callable[[], DecisionEngine], *, stream_minutes: int = STREAM_MINUTES) -> dict[str, Any]:
    """Write a stream, then replay it as `edge-dms replay` does: reading and JSON parsing included."""
    frames = stream_minutes * MINUTE_FRAMES
    with tempfile.TemporaryDirectory(prefix="edge-dms-bench-") as folder:
        path = Path(folder) / "drive.jsonl"
        with path.open("wb") as file:
            writer = LineWriter(file)
            for members in minutes(stream_minutes):
                for member in members:
                    writer.write(member)
        begin = time.thread_time_ns()
        play(read_members(path), engine(), [Summary(open_end_reason=END_REASON)])
        spent_ns = time.thread_time_ns() - begin
    return {
        "us_per_observation": round(spent_ns / frames / 1e3, 2),
        "times_real_time": round(60e9 * stream_minutes / spent_ns, 1),
        "minutes": stream_minutes,
    }


def document(costs: DecisionCosts, stream: dict[str, Any], *, peak_rss_mb: float) -> dict[str, Any]:
    """Return the one line of `bench --decisions --json`; at least one minute must have been driven."""
    edge = max(1, min(60, len(costs.minute_ns) // 4))
    return {
        "drive_minutes": len(costs.minute_ns),
        "observations": len(costs.minute_ns) * MINUTE_FRAMES,
        "us_per_observation": round(costs.us_per_observation(), 2),
        "us_first": round(costs.us_per_observation(0, edge), 2),
        "us_last": round(costs.us_per_observation(-edge), 2),
        "first_and_last_minutes": edge,
        "stream": stream,
        "peak_rss_mb": round(peak_rss_mb, 1),
    }
