"""The figures of `edge-dms bench`, from the cost of each frame."""

from __future__ import annotations

from array import array
from typing import Any

from edge.runtime.latency import percentile


class FrameCosts:
    """Wall and CPU time of each frame, as whole nanoseconds; 16 bytes a frame."""

    def __init__(self) -> None:
        self._wall_ns = array("q")
        self._cpu_ns = array("q")

    def add(self, wall_ns: int, cpu_ns: int) -> None:
        """Note one frame."""
        self._wall_ns.append(wall_ns)
        self._cpu_ns.append(cpu_ns)

    def __len__(self) -> int:
        return len(self._wall_ns)

    @property
    def cpu_mean_ms(self) -> float:
        """Mean CPU time of a frame. Raises `ZeroDivisionError` without frames."""
        return sum(self._cpu_ns) / len(self._cpu_ns) / 1e6

    def wall_ms(self) -> dict[str, float]:
        """Percentiles of the wall time."""
        return _percentiles(self._wall_ns)

    def cpu_ms(self) -> dict[str, float]:
        """Percentiles and mean of the CPU time."""
        return {**_percentiles(self._cpu_ns), "mean": round(self.cpu_mean_ms, 3)}


def _percentiles(values: array[int]) -> dict[str, float]:
    ordered = sorted(values)
    return {f"p{round(share * 100)}": round(percentile(ordered, share) / 1e6, 3) for share in (0.5, 0.95, 0.99)}


def document(
    costs: FrameCosts, *, bare_invoke_cpu_ms: float, peak_rss_mb: float, cold_start_s: float, models: dict[str, Any]
) -> dict[str, Any]:
    """Return the one line of `bench --json`."""
    return {
        "frames": len(costs),
        "wall_ms": costs.wall_ms(),
        "cpu_ms": costs.cpu_ms(),
        "bare_invoke_cpu_ms": round(bare_invoke_cpu_ms, 3),
        "ratio": round(costs.cpu_mean_ms / bare_invoke_cpu_ms, 3),
        "peak_rss_mb": round(peak_rss_mb, 1),
        "cold_start_s": round(cold_start_s, 3),
        "models": models,
    }
