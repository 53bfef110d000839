"""Whether the driver is speaking (or singing, chewing): his expression is not read then.

Definition: the mouth ratio moved by at least 0.12 within the last second. Peak to peak is independent of the frame
rate and, unlike a path length, of the noise of a resting mouth. [D]
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.indicators.window import NS_PER_S

SPAN_NS: Final = NS_PER_S
MOVED_RATIO: Final = 0.12


class SpeechTracker:
    """The mouth over the last second."""

    __slots__ = ("_mouths", "_times")

    def __init__(self) -> None:
        self._times: deque[int] = deque()
        self._mouths: deque[float] = deque()

    def reset(self) -> None:
        """Forget everything."""
        self._times.clear()
        self._mouths.clear()

    def advance(self, end_ns: int, mouth_ratio: float | None) -> bool:
        """Hold the mouth until `end_ns`; whether it is speaking."""
        times, mouths = self._times, self._mouths
        while times and times[0] <= end_ns - SPAN_NS:
            times.popleft()
            mouths.popleft()
        if mouth_ratio is not None:
            if mouths and mouths[-1] == mouth_ratio:
                times[-1] = end_ns
            else:
                times.append(end_ns)
                mouths.append(mouth_ratio)
        return len(mouths) > 1 and max(mouths) - min(mouths) >= MOVED_RATIO
