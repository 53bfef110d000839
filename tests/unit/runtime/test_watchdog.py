from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.runtime.sdnotify import Notifier
from edge.runtime.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

S = 1_000_000_000


class Counting(Notifier):
    def __init__(self) -> None:
        super().__init__("")
        self.pings = 0

    def alive(self) -> None:
        self.pings += 1


class Parts:
    """Three counters that a test moves."""

    def __init__(self) -> None:
        self.done = [0, 0, 0]

    def counters(self) -> list[Callable[[], int]]:
        return [lambda index=index: self.done[index] for index in range(3)]  # type: ignore[misc]

    def work(self, *still: int) -> None:
        self.done = [count + (index not in still) for index, count in enumerate(self.done)]


def test_nothing_is_sent_before_ready() -> None:
    notifier, parts = Counting(), Parts()
    watchdog = Watchdog(notifier, parts.counters())
    for second in range(10):
        parts.work()
        assert watchdog.poll(second * S, ready=False) is False
    assert notifier.pings == 0


def test_it_pings_while_every_part_works() -> None:
    notifier, parts = Counting(), Parts()
    watchdog = Watchdog(notifier, parts.counters())
    for half_second in range(11):
        parts.work()
        watchdog.poll(half_second * S // 2, ready=True)
    # The first look only takes the measure.
    assert notifier.pings == 10


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_one_frozen_part_stops_the_pings_at_the_next_look(frozen: int, caplog: pytest.LogCaptureFixture) -> None:
    notifier, parts = Counting(), Parts()
    watchdog = Watchdog(notifier, parts.counters())
    for half_second in range(4):
        parts.work()
        watchdog.poll(half_second * S // 2, ready=True)
    pings = notifier.pings
    for half_second in range(4, 20):
        parts.work(frozen)
        assert watchdog.poll(half_second * S // 2, ready=True) is False
    assert notifier.pings == pings
    assert [record.getMessage() for record in caplog.records] == [
        f"watchdog not fed: counter [{frozen}] of 3 stands still"
    ]
    parts.work()
    assert watchdog.poll(11 * S, ready=True) is True


def test_a_slow_part_delays_the_ping_until_it_moved() -> None:
    notifier, parts = Counting(), Parts()
    watchdog = Watchdog(notifier, parts.counters())
    watchdog.poll(0, ready=True)
    parts.work(2)
    assert watchdog.poll(S, ready=True) is False
    parts.work(0, 1)
    assert watchdog.poll(2 * S, ready=True) is True
    assert notifier.pings == 1


def test_work_before_ready_is_no_reason_to_ping() -> None:
    notifier, parts = Counting(), Parts()
    watchdog = Watchdog(notifier, parts.counters())
    parts.work()
    watchdog.poll(0, ready=True)
    assert watchdog.poll(S, ready=True) is False
