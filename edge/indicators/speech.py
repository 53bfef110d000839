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
    """The mouth over the last second: its highest and lowest ratio.

    Of what was seen, only what may yet be the highest (falling from old to new) and the lowest (rising) is kept.
    """

    __slots__ = ("_highs", "_lows")

    def __init__(self) -> None:
        self._highs: deque[tuple[int, float]] = deque()
        """Until when it was held, and the ratio."""
        self._lows: deque[tuple[int, float]] = deque()

    def reset(self) -> None:
        """Forget everything."""
        self._highs.clear()
        self._lows.clear()

    def advance(self, end_ns: int, mouth_ratio: float | None) -> bool:
        """Hold the mouth until `end_ns`; whether it is speaking."""
        highs, lows = self._highs, self._lows
        horizon = end_ns - SPAN_NS
        while highs and highs[0][0] <= horizon:
            highs.popleft()
        while lows and lows[0][0] <= horizon:
            lows.popleft()
        if mouth_ratio is not None:
            while highs and highs[-1][1] <= mouth_ratio:
                highs.pop()
            while lows and lows[-1][1] >= mouth_ratio:
                lows.pop()
            highs.append((end_ns, mouth_ratio))
            lows.append((end_ns, mouth_ratio))
        return bool(highs) and highs[0][1] - lows[0][1] >= MOVED_RATIO
