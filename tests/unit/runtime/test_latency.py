from __future__ import annotations

from edge.runtime.latency import LatencyWindow

MS = 1_000_000


def test_nothing_is_known_before_the_first() -> None:
    assert LatencyWindow().percentile_ms(0.99) is None


def test_percentiles_are_of_the_last_ones_only() -> None:
    window = LatencyWindow(kept=100)
    for _ in range(1000):
        window.note(900 * MS)
    for latency in range(1, 101):
        window.note(latency * MS)
    assert window.percentile_ms(0.5) == 50.5
    assert window.percentile_ms(0.99) == 99.01
    assert window.percentile_ms(1.0) == 100.0
    assert window.count == 1100
