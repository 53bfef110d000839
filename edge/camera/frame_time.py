"""Stamps that can be believed: a camera whose clock stands, jumps or runs back must not end the watch.

Everything behind the camera goes by the stamps of its frames, and takes no frame that is older than the one before. So
one wrong stamp an hour ahead would leave an hour unseen. A stamp that does not fit the arrival of its frame is
replaced by that; the ones that follow are taken as steps from there.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.runtime.clock import NS_PER_S

DIFFERENCE_NS: Final = NS_PER_S
"""A frame may be so much later than the one before by its stamp than by its arrival, or earlier: a busy machine and a
driver that holds frames back make up for it with the next one [D]."""
ASTRAY: Final = 3
ASTRAY_NS: Final = 10 * NS_PER_S
"""So many replaced stamps within so long are the camera's fault. One comes of opening it again [D]."""


class FrameTime:
    """The time line of one camera, strictly rising whatever it says."""

    def __init__(self) -> None:
        self.replaced = 0
        """Stamps that were not believed."""
        self._shift_ns = 0
        self._last: tuple[int, int] | None = None  # on the time line, by arrival
        self._replaced_ns: deque[int] = deque(maxlen=ASTRAY)

    def of(self, stamp_ns: int, arrived_ns: int) -> int:
        """Return the time of a frame, ns on the camera's time line, from its stamp and its arrival."""
        t_ns = stamp_ns + self._shift_ns
        if self._last is not None:
            last_ns, last_arrived_ns = self._last
            waited_ns = arrived_ns - last_arrived_ns
            if t_ns <= last_ns or abs(t_ns - last_ns - waited_ns) > DIFFERENCE_NS:
                self.replaced += 1
                self._replaced_ns.append(arrived_ns)
                t_ns = last_ns + max(1, waited_ns)
                self._shift_ns = t_ns - stamp_ns
        self._last = t_ns, arrived_ns
        return t_ns

    def astray(self, now_ns: int) -> bool:
        """Tell whether stamps were replaced again and again of late."""
        return len(self._replaced_ns) == ASTRAY and now_ns - self._replaced_ns[0] <= ASTRAY_NS
