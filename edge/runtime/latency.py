"""How long something took, over the last many times."""

from __future__ import annotations

from array import array
from typing import Final

KEPT: Final = 1024
"""Half a minute of frames, or months of warnings [D]."""


class LatencyWindow:
    """The last latencies; written by one thread at a time, read by any."""

    def __init__(self, kept: int = KEPT) -> None:
        self.count = 0
        """How many were noted since the start."""
        self._ring_ns = array("q", bytes(8 * kept))

    def note(self, latency_ns: int) -> None:
        """Add one, in place of the oldest."""
        self._ring_ns[self.count % len(self._ring_ns)] = latency_ns
        self.count += 1

    def percentile_ms(self, share: float) -> float | None:
        """Return the value below which `share` of the last ones lie, None before the first."""
        filled = min(self.count, len(self._ring_ns))
        return round(percentile(sorted(self._ring_ns[:filled]), share) / 1e6, 3) if filled else None


def percentile(ordered: array[int] | list[int], share: float) -> float:
    """Return the value below which `share` of the ordered values lie, interpolated between neighbours."""
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
