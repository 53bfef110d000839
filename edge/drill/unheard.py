"""An alert that nobody at the broker can hear: the lens is covered while the line is away."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.drill.wire import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.drill.bench import Bench

TOLD_S: Final = 3.0
"""A covered lens is told in the cab within 3 s [S], whatever the line does."""


@dataclass(slots=True)
class Unheard:
    """When it began, and how it went."""

    begun_ns: int
    """The lens was covered, monotonic."""
    told_s: float
    """From then until the driver was warned."""
    mended_ns: int = 0
    """The line was mended; set when the context ends."""


@contextlib.contextmanager
def unheard_alert(bench: Bench, take_away: Callable[[], None]) -> Iterator[Unheard]:
    """Take the line away, cover the lens and wait for the warning in the cab; mend the line, not the lens, at the end.

    Raises `NotDoneError` when the driver is not warned.
    """
    bench.calm()
    take_away()
    try:
        begun_ns = bench.daemon.order(Order(camera="cover"))
        unheard = Unheard(begun_ns, bench.told(begun_ns, TOLD_S))
        yield unheard
    finally:
        mended_ns = bench.line.mend()
    unheard.mended_ns = mended_ns
