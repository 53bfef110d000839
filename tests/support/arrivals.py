"""What was committed on one side and what arrived on the other, held against each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.brokers import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EPOCH = 1_000_000
"""Numbers of one life of a process that raises numbered alerts start at a multiple of this."""


class Ledger:
    """What a process that raises numbered alerts has written down, see `tests/system/publisher.py`."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def committed(self) -> list[int]:
        """Return the numbers that the outbox has committed."""
        return _numbers(self.file)

    def acknowledged(self) -> list[int]:
        """Return the row ids that the outbox has let go, because the broker has them."""
        return _numbers(self.file.with_name(f"{self.file.name}.acknowledged"))


def _numbers(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


class Arrivals:
    """What the fleet got, judged; reads on where it has stopped."""

    def __init__(self, payloads: list[bytes]) -> None:
        self.all: list[dict[str, Any]] = []
        self.first: list[dict[str, Any]] = []
        """Data of every alert message at its first arrival, in order."""
        self.numbers: set[int] = set()
        self.by_seq: dict[int, int] = {}
        """Sequence number to the alert's number."""
        self.twice: list[int] = []
        """Numbers that arrived under two ids."""
        self._known: set[tuple[str, str]] = set()
        self.read(payloads)

    def read(self, payloads: list[bytes]) -> Arrivals:
        """Take what is new in `payloads`, of which the beginning was read before."""
        for payload in payloads[len(self.all) :]:
            event = json.loads(payload)
            self.all.append(event)
            key = (event["source"], event["id"])
            if key in self._known:
                continue
            self._known.add(key)
            self.first.append(event["data"])
            for item in event["data"].get("evidence", ()):
                if item["name"] == "number":
                    number = round(item["value"])
                    if number in self.numbers:
                        self.twice.append(number)
                    self.numbers.add(number)
                    self.by_seq[event["data"]["seq"]] = number
        return self

    @property
    def duplicates(self) -> int:
        """Messages that had arrived before."""
        return len(self.all) - len(self.first)

    @property
    def disorder(self) -> int:
        """Messages whose first arrival came after that of a later one."""
        order = [(data["boot_id"], data["seq"]) for data in self.first]
        newest, late = order[0], 0
        for place in order[1:]:
            late += place < newest
            newest = max(newest, place)
        return late

    def missing(self) -> set[int]:
        """Return the sequence numbers that never arrived, up to the newest that did."""
        seqs = {data["seq"] for data in self.first}
        return set(range(1, max(seqs) + 1)) - seqs


def gather(arrived: Callable[[], list[bytes]], ledger: Ledger, patience_s: float = 20.0) -> tuple[Arrivals, set[int]]:
    """Wait until all that is committed now has arrived; return what did, and what did not within the patience."""
    committed = set(ledger.committed())
    assert committed, "nothing was committed: nothing was tested"
    arrivals = Arrivals([])
    wait_for(lambda: committed <= arrivals.read(arrived()).numbers, patience_s)
    return arrivals, committed - arrivals.numbers


def judge(arrived: Callable[[], list[bytes]], ledger: Ledger, patience_s: float = 20.0) -> Arrivals:
    """Hold the promise: all that was committed arrives, each under one id, in order."""
    arrivals, lost = gather(arrived, ledger, patience_s)
    missing = arrivals.missing()
    let_go = missing & set(ledger.acknowledged())
    assert not missing, f"rows {sorted(missing)[:10]} never arrived, of which the outbox let {sorted(let_go)[:10]} go"
    assert not lost, f"committed alerts never arrived: {sorted(lost)[:10]}"
    assert not arrivals.twice, f"alerts arrived under two ids: {arrivals.twice[:10]}"
    assert not arrivals.disorder, f"{arrivals.disorder} alerts arrived out of order"
    return arrivals
