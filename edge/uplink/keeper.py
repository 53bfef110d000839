"""Brings alerts onto the disk, whatever the disk does: opens, retries, and does without it where it must.

A card that wore out is read-only. Then a bounded few are held in memory and sent from there: nothing outlives the
process, and what a fleet hears of a drive is not decided by a card.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from edge.uplink.database import OutboxBusyError, OutboxError, OutboxFullError
from edge.uplink.envelope import Register
from edge.uplink.ids import boot_id
from edge.uplink.memory_rows import MemoryRows
from edge.uplink.settling import Settling

if TYPE_CHECKING:
    from edge.types import AlertChange
    from edge.uplink.envelope import StoredAlert
    from edge.uplink.messages import AlertContext, Info
    from edge.uplink.outbox import AlertOutbox
    from edge.uplink.wallclock import Instant

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
RETRY_S: Final = 2.0
"""Pause after the disk refused a write, or the file could not be opened [D]."""
WITHOUT_DISK_S: Final = 5.0
"""A disk that refuses for so long is done without [D]."""
SPARE_RETRY_S: Final = 60.0
"""Pause between attempts at what is good to have: space in reserve, a name for the file [D]."""
MAX_PENDING: Final = 512
"""Messages held in memory while the disk does not take them [D]."""


class Keeper:
    """The way of an alert from its decision into the outbox."""

    def __init__(self, outbox: AlertOutbox, info: Info, now: Instant) -> None:
        self.outbox = outbox
        self.faults: set[str] = set()
        self.moved = False
        """Set when rows have come from memory to the disk: whoever sends must begin anew, some have other numbers."""
        self._memory = MemoryRows()
        self._disk_seq = 0
        """The newest number on disk, as far as it could be read."""
        self._refused_since_ns: int | None = None
        self._pending: deque[StoredAlert] = deque()
        self._settling = Settling()
        self._delivered: list[int] = []
        self._dropped = {False: 0, True: 0}  # by critical, while in memory
        self._retry_ns = now.mono_ns
        self._ballast_ns = self._look_ns = now.mono_ns
        self._complained = ""
        self._ready = False
        previous = 0
        try:
            self._open()
            previous = outbox.last_start()
        except OutboxBusyError:
            raise
        except OutboxError as error:
            self._fail(error, now)
        self.boot_id, self._start = boot_id(now.wall_ns, previous)
        self.register = Register(self.boot_id, info)
        self.flush(now)

    def put(self, change: AlertChange, context: AlertContext, now: Instant) -> None:
        """Take a message; after the next `flush` it is on disk, or soon sent from memory."""
        self._hold(self.register.store(change, context, now))

    def accepted(self, seq: int, sent: int, now: Instant) -> None:
        """Note that the broker has answered for a row, when `sent` was the newest message sent to it."""
        self._settling.add(seq, sent, now.mono_ns)

    def settle(self, answered: int, now: Instant) -> None:
        """Have rows that the broker is sure to have deleted with the next `flush`; see `edge.uplink.settling`."""
        self._delivered += self._settling.settled(answered, now.mono_ns)

    def unsettle(self) -> None:
        """Have rows that may not have outlived their connection sent again."""
        self._settling.clear()

    def flush(self, now: Instant) -> bool:
        """Write and delete what is due, in one go each; True when there is something new to tell."""
        self._delivered = self._memory.forget(self._delivered)
        if now.mono_ns < self._retry_ns:
            return self._go_from_memory(now)
        try:
            if not self.outbox.is_open:
                self._open()
            if self._refused_since_ns is not None:
                self._return_to_disk()
            if not self._ready:
                self._take_over(now)
                self._ready = True
            if now.mono_ns >= self._look_ns and not self.outbox.is_in_place():
                self._put_back(now)
            return self._write(now)
        except OutboxError as error:
            self._fail(error, now)
            return self._go_from_memory(now)

    def rows(self, after: int, limit: int, now: Instant) -> list[tuple[int, StoredAlert]]:
        """Return rows above `after` that may be sent and that the broker has not answered for, in order.

        They are committed, or the disk takes none.
        """
        found: list[tuple[int, StoredAlert]] = []
        # Numbers that were given before the disk could be read may stand on it too: its rows then wait for it.
        if self.outbox.is_open and self._memory.above(self._disk_seq):
            try:
                found = self.outbox.after(after, limit)
            except OutboxError as error:
                self._fail(error, now)
        found += self._memory.rows(after, limit - len(found))
        return [row for row in found if row[0] not in self._settling]

    def purge(self) -> dict[str, int]:
        """Delete every message that waits, in memory and on disk; return how many. Raises `OutboxError`."""
        if not self.outbox.is_open:
            raise OutboxError("the outbox cannot be opened now")
        deleted = self.outbox.purge()
        # Nobody waited any more for what the broker has answered for.
        deleted["alerts"] += self.pending - len(self._settling) - len(self._delivered)
        self._pending.clear()
        self._memory.forget([seq for seq, _ in self._memory.rows(0, len(self._memory))])
        self._delivered.clear()
        self._settling.clear()
        return deleted

    @property
    def waiting(self) -> int:
        """Messages that the broker has not answered for, on disk or not."""
        return max(0, self.outbox.depth + self.pending - len(self._settling))

    @property
    def last_seq(self) -> int:
        """Newest sequence number given."""
        return max(self._disk_seq, self._memory.newest or 0)

    @property
    def pending(self) -> int:
        """Messages that are not on disk yet."""
        return len(self._pending) + len(self._memory)

    def dropped(self, *, critical: bool) -> int:
        """Messages of a class lost for want of space, on disk or in memory."""
        return self.outbox.dropped(critical=critical) + self._dropped[critical]

    def _open(self) -> None:
        self.outbox.open()
        self._disk_seq = self.outbox.last_seq()
        self._ready = False

    def _go_from_memory(self, now: Instant) -> bool:
        """Let what is held be sent from memory, once the disk has refused for long enough; True when there was any."""
        since_ns = self._refused_since_ns
        if since_ns is None or now.mono_ns - since_ns < WITHOUT_DISK_S * NS_PER_S or not self._pending:
            return False
        if self._memory.newest is None:
            logger.warning("alerts go to the fleet from memory until the disk takes them again")
        self._memory.number(self._pending, self._disk_seq)
        self._pending.clear()
        return True

    def _return_to_disk(self) -> None:
        """Prove that the disk takes something again, beginning with what was to go from memory."""
        self.outbox.write(self._memory.messages(), after=self._memory.write_after())
        self._refused_since_ns = None
        if self._memory.newest is not None:
            self._memory.clear()
            self._settling.clear()
            self.moved = True
            logger.info("the disk takes alerts again")
        self._disk_seq = self.outbox.last_seq()

    def _take_over(self, now: Instant) -> None:
        """Close what a crash left open: its process cannot do it any more."""
        self.outbox.count_start(self._start)
        ghosts = [ghost for ghost in self.outbox.open_alerts() if ghost.boot_id != self.boot_id]
        closed = [self.register.close_ghost(ghost, now) for ghost in ghosts]
        if closed:
            logger.warning("%d alerts were left open by an earlier run: closed with reason restart", len(closed))
            self.outbox.write(closed)
            self._disk_seq = self.outbox.last_seq()
        if self.outbox.quarantined is not None:
            self.faults.add("outbox_damaged")
            logger.error("the outbox was damaged; it lies in %s, a new one is in use", self.outbox.quarantined)

    def _put_back(self, now: Instant) -> None:
        """Give the rows a name again: somebody deleted or replaced the file, and a restart would begin without them."""
        self.faults.add("outbox_damaged")
        try:
            aside = self.outbox.put_back()
        except OutboxError as error:
            if not self.outbox.is_open:
                raise
            self._look_ns = now.mono_ns + round(SPARE_RETRY_S * NS_PER_S)
            logger.warning("the outbox was deleted or replaced and cannot be put back yet: %s", error)
        else:
            lies = "" if aside is None else f"; what lay in its place is now {aside}"
            logger.error("the outbox was deleted or replaced while in use: put back with all its alerts%s", lies)

    def _write(self, now: Instant) -> bool:
        if self._delivered:
            self.outbox.delete(self._delivered)
            self._delivered.clear()
        wrote = bool(self._pending)
        if wrote:
            self.outbox.write(self._pending)
            self._pending.clear()
            self._disk_seq = self.outbox.last_seq()
        self.faults -= {"outbox_unavailable", "disk_full"}
        self._complained = ""
        if now.mono_ns >= self._ballast_ns:
            self._ballast_ns = now.mono_ns + round(SPARE_RETRY_S * NS_PER_S)
            self.outbox.keep_ballast()
        return wrote

    def _hold(self, stored: StoredAlert) -> None:
        self._pending.append(stored)
        if self.pending <= MAX_PENDING:
            return
        self._dropped[self._drop_one()] += 1

    def _drop_one(self) -> bool:
        """Drop the oldest message of the least class there is; return whether it was critical."""
        for spare_critical in (True, False):
            critical = self._memory.drop_one(spare_critical=spare_critical)
            if critical is not None:
                return critical
            for index, waiting in enumerate(self._pending):
                if not (spare_critical and waiting.critical):
                    del self._pending[index]
                    return waiting.critical
        raise AssertionError("there is one more message than may be held")

    def _fail(self, error: OutboxError, now: Instant) -> None:
        if isinstance(error, OutboxFullError):
            self.faults.add("disk_full")
        else:
            # Opened anew at the next attempt, which examines the file and puts a damaged one aside.
            self.faults.add("outbox_unavailable")
            self.outbox.close()
        self._retry_ns = now.mono_ns + round(RETRY_S * NS_PER_S)
        if self._refused_since_ns is None:
            self._refused_since_ns = now.mono_ns
        if str(error) != self._complained:
            logger.error("%s", error)
            self._complained = str(error)
