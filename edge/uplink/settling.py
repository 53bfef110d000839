"""Rows that the broker has answered for and that are not forgotten yet: it may die before it has saved them.

mosquitto answers a message first and saves it right after, before it reads the next one (`autosave_on_changes`, as the
fleet's broker is set up). A kill in between takes an acknowledged message along, and no reason code tells. So an
answer counts once the broker has answered something else that was sent after it: by then it has saved. Where nothing
else is sent a short while on a connection that holds does as well. Rows that a lost connection leaves in between go
out again: at most a handful, which the receiver drops by their id.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

NS_PER_S: Final = 1_000_000_000
SETTLED_AFTER_S: Final = 2.0
"""For an answer after which nothing was sent; a broker saves within milliseconds [D]."""


class Settling:
    """The rows that were answered for on this connection, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[tuple[int, int, int]] = deque()  # seq, messages sent when it was answered, when

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, seq: int) -> bool:
        return any(row == seq for row, _, _ in self._rows)

    def add(self, seq: int, sent: int, now_ns: int) -> None:
        """Note a row that the broker has just answered for; `sent` is the number of the newest message sent to it."""
        self._rows.append((seq, sent, now_ns))

    def settled(self, answered: int, now_ns: int) -> Iterator[int]:
        """Take out the rows that may be forgotten; `answered` is the number of the newest message it answered."""
        while self._rows:
            seq, sent, since_ns = self._rows[0]
            if answered <= sent and now_ns - since_ns < SETTLED_AFTER_S * NS_PER_S:
                return
            self._rows.popleft()
            yield seq

    def clear(self) -> None:
        """Start on a fresh connection: what has not settled is sent again."""
        self._rows.clear()
