"""Alerts that go to the fleet from memory, because the disk takes none: numbered as the disk would have."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.uplink.envelope import StoredAlert


class MemoryRows:
    """The messages that are on no disk and may be sent, oldest first."""

    def __init__(self) -> None:
        self._rows: dict[int, StoredAlert] = {}
        self.newest: int | None = None
        """The highest number given; None while nothing goes from memory."""

    def __len__(self) -> int:
        return len(self._rows)

    def number(self, messages: Iterable[StoredAlert], after: int) -> None:
        """Take messages in their order, with numbers above `after` and above every number given before."""
        self.newest = max(after, self.newest or 0)
        for message in messages:
            self.newest += 1
            self._rows[self.newest] = message

    def rows(self, after: int, limit: int) -> list[tuple[int, StoredAlert]]:
        """Return up to `limit` rows above `after`, in order."""
        return list(islice(((seq, stored) for seq, stored in self._rows.items() if seq > after), limit))

    def messages(self) -> list[StoredAlert]:
        """Return what is left, in order."""
        return list(self._rows.values())

    def above(self, seq: int) -> bool:
        """Tell whether every row has a higher number."""
        return next(iter(self._rows), seq + 1) > seq

    def write_after(self) -> int:
        """Return the number behind which the disk goes on.

        What is left then keeps its numbers; where one in between was answered for already, all get fresh ones. None is
        ever given twice.
        """
        newest = self.newest or 0
        unbroken = next(iter(self._rows), newest + 1) == newest - len(self._rows) + 1
        return newest - len(self._rows) if unbroken else newest

    def forget(self, seqs: Iterable[int]) -> list[int]:
        """Forget rows that the broker has; return those that are not here."""
        return [seq for seq in seqs if self._rows.pop(seq, None) is None]

    def drop_one(self, *, spare_critical: bool) -> bool | None:
        """Drop the oldest row, of the lesser class where critical ones are spared; return whether it was critical.

        None when there is none to drop.
        """
        seq = next((seq for seq, one in self._rows.items() if not (spare_critical and one.critical)), None)
        return None if seq is None else self._rows.pop(seq).critical

    def clear(self) -> None:
        """Forget every row and number: all of it is on the disk."""
        self._rows.clear()
        self.newest = None
