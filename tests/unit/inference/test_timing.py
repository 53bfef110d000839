"""Moments of a thread; what invoke times decide is tested with the gate and with the choice of a variant."""

from __future__ import annotations

from edge.inference.timing import Instant


def test_an_instant_goes_on() -> None:
    begin = Instant.now()
    sum(range(100_000))
    end = Instant.now()
    assert end.wall_ns > begin.wall_ns
    assert end.cpu_ns > begin.cpu_ns
    assert end.waits >= begin.waits
