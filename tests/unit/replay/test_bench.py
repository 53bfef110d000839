"""The arithmetic of the benchmark."""

from __future__ import annotations

import pytest

from edge.replay.bench import FrameCosts, document
from edge.runtime.latency import percentile


def test_percentiles_are_interpolated() -> None:
    assert percentile([1], 0.99) == 1
    assert percentile([0, 10], 0.5) == 5
    assert percentile(list(range(101)), 0.95) == pytest.approx(95)


def test_the_document_holds_the_promised_figures() -> None:
    costs = FrameCosts()
    for ms in (1, 2, 3, 4):
        costs.add(wall_ns=ms * 2_000_000, cpu_ns=ms * 1_000_000)
    result = document(costs, bare_invoke_cpu_ms=2.0, peak_rss_mb=100.04, cold_start_s=0.5, models={})
    assert result["frames"] == 4
    assert result["wall_ms"]["p50"] == 5.0
    assert result["cpu_ms"] == {"p50": 2.5, "p95": 3.85, "p99": 3.97, "mean": 2.5}
    assert result["ratio"] == 1.25
    assert result["peak_rss_mb"] == 100.0
