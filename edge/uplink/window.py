"""In which order alerts are sent, and when again: decided here, without a thread, a clock or a socket.

The promise: whoever is subscribed sees alerts in the order of their sequence numbers, counting the first arrival of
each. Rows go out strictly in that order. Until the broker has accepted one on this connection only a single row is in
flight, so a row that nobody was subscribed for (reason 0x10) has nothing behind it that a subscriber who arrives in
that moment could see first. After an acceptance somebody is there, and the window opens. A refusal closes it again:
nothing more is sent, the answers still due are waited for, and after a pause the lowest refused row is tried alone.
While an answer is overdue nothing more is sent either: a broker that hangs, or saves more slowly than alerts come,
works off later what it was given, and all of that comes twice.

Its border: when the only subscription vanishes and another appears while a window is under way, rows behind a refused
one may reach the newcomer first. They are delivered and not repeated, since repeating could not bring the order back.
A consumer with a session that the broker keeps, as the contract asks for, never leaves such a gap.
"""

from __future__ import annotations

from typing import Final

NS_PER_S: Final = 1_000_000_000
MAX_IN_FLIGHT: Final = 40
"""[S] measured: enough for the line, and paho never has to queue."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
ANSWER_DUE_S: Final = 0.1
"""A broker that keeps up answers within milliseconds; over a mobile network rows go in bursts, one a round trip [D]."""
FIRST_BURST: Final = 8.0
"""So many rows at once on a fresh connection: how fast its broker is shows only then [D]."""
BACKLOG_PER_S: Final = 200.0
"""A vehicle that was offline for days must not flood the broker [D]."""


class DeliveryWindow:
    """Which rows may be sent now."""

    def __init__(self) -> None:
        self.cursor = 0
        """Send rows above this sequence number."""
        self._in_flight: dict[int, tuple[int, int]] = {}  # message id -> seq, when it was sent
        self._width = MAX_IN_FLIGHT
        self._proven = False
        self._lowest_refused: int | None = None
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = 0
        self._seen = 0
        self._credit = 0.0
        self._credit_ns = 0

    def begin(self, now_ns: int, last_seq: int, receive_maximum: int | None) -> None:
        """Start on a fresh connection: everything up to `last_seq` is backlog, nothing is in flight."""
        self._width = min(MAX_IN_FLIGHT, receive_maximum or MAX_IN_FLIGHT)
        self.start_over(now_ns, last_seq)

    def start_over(self, now_ns: int, last_seq: int) -> None:
        """Send everything that waits once more: the rows have other numbers now. Answers on their way count no more."""
        self.cursor = 0
        self._in_flight.clear()
        self._proven = False
        self._lowest_refused = None
        self._pause_s = FIRST_PAUSE_S
        self._resume_ns = now_ns
        self._seen = max(self._seen, last_seq)
        self._credit, self._credit_ns = FIRST_BURST, now_ns

    def room(self, now_ns: int) -> int:
        """Return how many rows may be sent now."""
        if self._lowest_refused is not None or now_ns < self._resume_ns:
            return 0
        self._credit += (now_ns - self._credit_ns) / NS_PER_S * BACKLOG_PER_S
        self._credit = min(self._credit, float(self._width))
        self._credit_ns = now_ns
        if now_ns - self._oldest_ns(now_ns) > ANSWER_DUE_S * NS_PER_S:
            return 0
        width = self._width if self._proven else 1
        return max(0, min(width - len(self._in_flight), int(self._credit)))

    def held_back(self, seq: int) -> bool:
        """Tell whether this row is late: from before the connection, or sent before."""
        return seq <= self._seen

    def sent(self, message_id: int, seq: int, now_ns: int) -> None:
        """Note that a row went out; rows must come in rising order."""
        if seq <= self.cursor:
            raise ValueError(f"row {seq} must not be sent after row {self.cursor}")
        self._in_flight[message_id] = (seq, now_ns)
        self._credit -= 1.0
        self.cursor = seq
        self._seen = max(self._seen, seq)

    def answered(self, message_id: int, now_ns: int, *, accepted: bool) -> int | None:
        """Take the broker's answer; return the row it was about, None if it was not about a row."""
        sent = self._in_flight.pop(message_id, None)
        if sent is None:
            return None
        seq, _ = sent
        if not accepted:
            self._lowest_refused = seq if self._lowest_refused is None else min(seq, self._lowest_refused)
        elif self._lowest_refused is None:
            self._proven = True
            self._pause_s = FIRST_PAUSE_S
        if self._lowest_refused is not None and not self._in_flight:
            self._retreat(now_ns)
        return seq

    @property
    def in_flight(self) -> int:
        """How many rows wait for an answer."""
        return len(self._in_flight)

    @property
    def paused(self) -> bool:
        """True from a refusal until a row is accepted."""
        return self._lowest_refused is not None or (not self._proven and self._pause_s > FIRST_PAUSE_S)

    def _oldest_ns(self, now_ns: int) -> int:
        return next(iter(self._in_flight.values()), (0, now_ns))[1]

    def _retreat(self, now_ns: int) -> None:
        if self._lowest_refused is not None:
            self.cursor = self._lowest_refused - 1
        self._lowest_refused = None
        self._proven = False
        self._resume_ns = now_ns + round(self._pause_s * NS_PER_S)
        self._pause_s = min(LONGEST_PAUSE_S, 2.0 * self._pause_s)
