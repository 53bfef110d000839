"""Messages that nobody fetched are deleted after their retention, by clocks that can be believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge.config.purposes import MessageRetention, message_retention
from edge.config.schema import Config, Outbox
from edge.uplink.envelope import Register
from edge.uplink.expiry import EVERY_S, Expiry
from edge.uplink.outbox import AlertOutbox
from edge.uplink.trip import TripSum, stored_trip
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.figures import Figures

DAY_S = 86_400.0
LIMITS = MessageRetention({"microsleep": 30.0, "distraction": 10.0, "displayed_anger": 20.0, "health": 5.0}, 7.0)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[AlertOutbox]:
    made = AlertOutbox(tmp_path, Outbox())
    made.open()
    yield made
    made.close()


def put(outbox: AlertOutbox, clock: SetClock, kind: str, phase: str = "closed", mark: str = "") -> None:
    change = alert(f"{kind}-{mark or clock.now().mono_ns}", phase, kind=kind, level=2)
    outbox.write([Register("boot", INFO).store(change, CONTEXT, clock.now())])


def kinds(outbox: AlertOutbox) -> list[str]:
    return [stored.change.kind for _, stored in outbox.after(0, 10_000)]


def test_each_kind_stays_for_its_own_days_whatever_lies_around_it(
    outbox: AlertOutbox, tmp_path: Path, figure: Figures
) -> None:
    clock = SetClock()
    expiry = Expiry(outbox, LIMITS)
    kept_longest: dict[str, float] = {}
    for day in range(45):
        for kind in LIMITS.alert_days:
            put(outbox, clock, kind, mark=f"day-{day:03}-of-the-drive")
        for _ in range(24):
            expiry.poll(clock.advance(EVERY_S))
        for _, stored in outbox.after(0, 10_000):
            age_days = (clock.now().mono_ns - stored.written.mono_ns) / 1e9 / DAY_S
            kept_longest[stored.change.kind] = max(kept_longest.get(stored.change.kind, 0.0), age_days)
    for kind, days in LIMITS.alert_days.items():
        figure("privacy", f"an undelivered alert of {kind} kept at most", kept_longest[kind], unit="d", at_most=days)
        assert kept_longest[kind] > days - 1.1, "nothing goes before its time"
    dropped = outbox.dropped(critical=False) + outbox.dropped(critical=True)
    assert dropped == 45 * 4 - outbox.depth, "each is counted"
    outbox.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"day-000-of-the-drive" not in content, "nor is it left in a free page"
    outbox.open()


def test_what_is_not_over_does_not_hide_what_is_off(outbox: AlertOutbox) -> None:
    clock = SetClock()
    put(outbox, clock, "microsleep")
    put(outbox, clock, "displayed_anger")
    put(outbox, clock, "displayed_anger", "opened")
    assert Expiry(outbox, LIMITS._replace(alert_days={"microsleep": 30.0, "displayed_anger": 0.0})).poll(clock.now())
    assert kinds(outbox) == ["microsleep"]
    assert outbox.open_alerts() == []


@pytest.mark.parametrize("days_ahead", [-20_000.0, 50 * 365.0])
def test_a_clock_that_jumps_deletes_nothing(outbox: AlertOutbox, days_ahead: float) -> None:
    clock = SetClock()
    put(outbox, clock, "microsleep")
    jumped_ns = clock.now().wall_ns + round(days_ahead * DAY_S * 1e9)
    for now in (
        clock.set(wall_ns=jumped_ns, synced=True),  # the same boot: the monotonic clock counts
        clock.set(domain="kernel-2", mono_ns=5, synced=False),  # another boot, a clock that nobody set
    ):
        assert Expiry(outbox, LIMITS).poll(now) == 0
    assert kinds(outbox) == ["microsleep"]


def test_after_a_restart_the_set_clock_counts(outbox: AlertOutbox) -> None:
    clock = SetClock()
    put(outbox, clock, "microsleep")
    clock.advance(31 * DAY_S)
    assert Expiry(outbox, LIMITS).poll(clock.set(domain="kernel-2", mono_ns=5)) == 1
    assert outbox.depth == 0


def test_two_weeks_without_a_link_lose_nothing_by_age(outbox: AlertOutbox) -> None:
    clock = SetClock()
    for kind in message_retention(Config()).alert_days:
        put(outbox, clock, kind)
    expiry = Expiry(outbox, message_retention(Config()))
    for _ in range(14):
        assert expiry.poll(clock.advance(DAY_S)) == 0


def test_trips_and_a_disk_that_cannot_be_read(outbox: AlertOutbox) -> None:
    clock = SetClock()
    sums = TripSum(started_ns=0, ended_ns=60_000_000_000, reason="shutdown", alerts={"displayed_anger": 1})
    outbox.add_trip(stored_trip(sums, "boot", INFO, clock.now(), expression=True))
    expiry = Expiry(outbox, LIMITS)
    assert expiry.poll(clock.advance(6.9 * DAY_S)) == 0
    assert expiry.poll(clock.advance(0.2 * DAY_S)) == 1
    assert outbox.trips() == []
    outbox.close()
    assert expiry.poll(clock.advance(DAY_S)) == 0, "it waits until the outbox is there again"
    outbox.open()
    assert json.dumps(outbox.trips()) == "[]"
