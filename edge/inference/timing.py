"""How long invokes take: two networks in turns, the shortest of each, as other work makes invokes long, never short.

What counts is the processor time of the calling thread, unless it waited for a device: being kept from the processor by
others is no time of the network, and a daemon starts when everything else does.
"""

from __future__ import annotations

import math
import resource
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.inference.interpreter import Net


class Instant(NamedTuple):
    """A moment in the life of the calling thread."""

    wall_ns: int
    cpu_ns: int
    waits: int
    """How often the thread has given up the processor by its own will."""

    @classmethod
    def now(cls) -> Instant:
        """Return this moment."""
        waits = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        return cls(time.perf_counter_ns(), time.thread_time_ns(), waits)


class InvokeTimes(NamedTuple):
    """Shortest invoke of a network and of the one it is measured against."""

    net_ns: float
    other_ns: float

    @property
    def ratio(self) -> float:
        """The one over the other."""
        return self.net_ns / self.other_ns


def never_enough(_ratio: float, _rounds: int) -> bool:
    """Let all rounds be made."""
    return False


def invoke_times(
    net: Net,
    other: Net,
    *,
    most_rounds: int,
    enough: Callable[[float, int], bool] = never_enough,
    now: Callable[[], Instant] = Instant.now,
) -> InvokeTimes:
    """Time two networks in turns, with the inputs that are in place; both must have been invoked before.

    `enough` is told the ratio so far and the number of rounds, and may end it before `most_rounds`.
    """
    shortest = InvokeTimes(math.inf, math.inf)
    for made in range(1, most_rounds + 1):
        spent = InvokeTimes(_spent_ns(net, now), _spent_ns(other, now))
        shortest = InvokeTimes(*map(min, shortest, spent))
        if enough(shortest.ratio, made):
            break
    return shortest


def _spent_ns(net: Net, now: Callable[[], Instant]) -> int:
    begin = now()
    net.bare_invoke()
    end = now()
    waited = end.waits > begin.waits
    return max(end.wall_ns - begin.wall_ns if waited else end.cpu_ns - begin.cpu_ns, 1)
