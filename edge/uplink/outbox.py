"""Alerts wait here, on disk, until the broker has them.

The row id is the sequence number. A row is committed before anybody is told of it, and deleted when the broker has
accepted it. When space runs out the oldest rows of the lesser class go first, and every one is counted, in the same
commit. One thread owns an outbox.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.uplink.database import (
    FILE_NAME,
    PAGE_BYTES,
    OutboxError,
    OutboxFullError,
    copy_beside,
    explained,
    file_identity,
    give_up_ballast,
    keep_ballast,
    open_database,
    take_place,
)
from edge.uplink.envelope import StoredAlert
from edge.uplink.trip import StoredTrip
from edge.uplink.wallclock import age_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from edge.config.schema import Outbox
    from edge.types import AlertKind
    from edge.uplink.wallclock import Instant

logger = logging.getLogger(__name__)

DROP_AT_ONCE: Final = 16
"""Rows dropped together when space is wanting, so that the next row does not drop again [D]."""
SPARE_PAGES: Final = 6
"""Pages kept free beside what a batch needs: inner nodes, the index, the open alerts."""


MAX_TRIPS: Final = 100
"""Finished drives that wait; older ones go first. A month offline, and half a megabyte at most [D]."""

EXPIRED_AT_ONCE: Final = 100
NS_PER_DAY: Final = 86_400_000_000_000

_DECODER: Final = msgspec.json.Decoder(StoredAlert)
_TRIPS: Final = msgspec.json.Decoder(StoredTrip)


class AlertOutbox:
    """Rows of alerts not yet delivered, and the alerts that are open."""

    def __init__(self, state_dir: Path, settings: Outbox) -> None:
        self.quarantined: Path | None = None
        """Where the damaged file of this start was put; None when there was none."""
        self._state_dir = state_dir
        self._path = state_dir / FILE_NAME
        self._settings = settings
        self._database: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._depth = 0
        self._dropped = {False: 0, True: 0}  # by critical
        self._has_ballast = False

    def open(self) -> None:
        """Open and examine the file; a damaged one is put aside. Raises `OutboxError` with a remedy."""
        self._database, quarantined = open_database(self._state_dir, self._settings.max_mb)
        self._identity = file_identity(self._path)
        self.quarantined = quarantined or self.quarantined
        self._depth = self._value("SELECT count(*) FROM alert")
        for critical, name in ((False, "dropped_info"), (True, "dropped_critical")):
            self._dropped[critical] = self._tally(name)
        self.keep_ballast()

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if self._database is not None:
            self._database.close()
            self._database = None

    @property
    def is_open(self) -> bool:
        """True between `open` and `close`."""
        return self._database is not None

    @property
    def depth(self) -> int:
        """Rows that wait."""
        return self._depth

    def dropped(self, *, critical: bool) -> int:
        """Rows of a class dropped for want of space, over the life of the file."""
        return self._dropped[critical]

    def count_start(self, number: int) -> None:
        """Remember the number of this start, so that the next boot id sorts after it."""
        self._commit(lambda database: self._set_tally(database, "start", number))

    def last_start(self) -> int:
        """Return the number of the newest start, 0 for a new file."""
        return self._tally("start")

    def last_seq(self) -> int:
        """Return the newest sequence number ever given, 0 for a new file."""
        return self._value("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert'), 0)")

    def open_alerts(self) -> list[StoredAlert]:
        """Return the last message of every alert that is open."""
        found = []
        for key, body in self._read("SELECT alert_key, body FROM open_alert ORDER BY alert_key"):
            try:
                found.append(_DECODER.decode(body))
            except msgspec.DecodeError:
                logger.warning("the open alert %s was written by another version: forgotten", key)
                self._commit(partial(self._forget_open, key))
        return found

    def write(self, batch: Sequence[StoredAlert], *, after: int | None = None) -> None:
        """Commit messages in their order, in one go; with numbers above `after` on the return to a disk that refused.

        Makes room by dropping older rows where the size limit asks for it; a lesser message is itself dropped when
        only critical ones are left. Raises `OutboxFullError` when the disk gives no space even so: nothing of the
        batch is then stored.
        """

        def insert(database: sqlite3.Connection) -> None:
            if after is not None:
                self._number_after(database, after)
            self._insert(database, batch)

        try:
            self._commit(insert)
        except OutboxFullError:
            # The disk, not the limit. The ballast gives the log room to delete, the deleted rows give pages back.
            self._give_up_ballast()
            self._commit(lambda database: self._drop_some(database, spare_critical=False))
            self._read("PRAGMA wal_checkpoint(TRUNCATE)")
            self._commit(insert)

    def after(self, seq: int, limit: int) -> list[tuple[int, StoredAlert]]:
        """Return up to `limit` rows above `seq`, in order. A row that cannot be read is dropped and counted."""
        found = []
        query = "SELECT seq, critical, body FROM alert WHERE seq > ? ORDER BY seq LIMIT ?"
        for number, critical, body in self._read(query, (seq, limit)):
            try:
                found.append((int(number), _DECODER.decode(body)))
            except msgspec.DecodeError:
                logger.warning("alert message %d was written by another version: dropped", number)
                self._commit(partial(self._drop_unreadable, int(number), critical=bool(critical)))
        return found

    def delete(self, seqs: Iterable[int]) -> None:
        """Forget rows that the broker has."""

        def forget(database: sqlite3.Connection) -> None:
            for seq in seqs:
                self._depth -= database.execute("DELETE FROM alert WHERE seq = ?", (seq,)).rowcount

        try:
            self._commit(forget)
        except OutboxFullError:  # on a full disk even a deletion needs a little space
            self._give_up_ballast()
            self._commit(forget)

    def add_trip(self, trip: StoredTrip) -> None:
        """Commit a finished drive; beyond `MAX_TRIPS` the oldest is dropped."""

        def insert(database: sqlite3.Connection) -> None:
            database.execute("INSERT INTO trip (body) VALUES (?)", (msgspec.json.encode(trip),))
            database.execute(
                "DELETE FROM trip WHERE id NOT IN (SELECT id FROM trip ORDER BY id DESC LIMIT ?)", (MAX_TRIPS,)
            )

        self._commit(insert)

    def trips(self) -> list[tuple[int, StoredTrip]]:
        """Return the finished drives that wait, oldest first; one that cannot be read is dropped."""
        found = []
        for number, body in self._read("SELECT id, body FROM trip ORDER BY id"):
            try:
                found.append((int(number), _TRIPS.decode(body)))
            except msgspec.DecodeError:
                logger.warning("trip %d was written by another version: dropped", number)
                self.delete_trip(int(number))
        return found

    def delete_trip(self, number: int) -> None:
        """Forget a finished drive that the broker has."""
        self._commit(lambda database: database.execute("DELETE FROM trip WHERE id = ?", (number,)))

    def purge(self, *, open_too: bool = False) -> dict[str, int]:
        """Delete every message that waits, and damaged files put aside; return how many of each.

        The numbers of the alerts stay used up, so that the fleet sees the gap. The file is written anew, so that
        nothing deleted earlier is left in it either. `open_too`: what is known of alerts that are open as well; only
        where no daemon runs, whose next start would close them.
        """
        counts = {"alerts": self._depth, "trips": self._value("SELECT count(*) FROM trip")}

        def empty(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM alert")
            database.execute("DELETE FROM trip")
            if open_too:
                database.execute("DELETE FROM open_alert")
            self._depth = 0

        self._commit(empty)
        self._write_anew()
        damaged = [*self._state_dir.glob(f"{FILE_NAME}*.damaged.*")]
        for path in damaged:
            path.unlink(missing_ok=True)
        return {**counts, "damaged_files": len(damaged)}

    def expire(self, now: Instant, alert_days: Mapping[AlertKind, float], trips_days: float) -> int:
        """Delete messages that have waited for longer than may be; return how many. Alerts among them are counted.

        A kind of no days is deleted whatever its age, and forgotten where it is open: its indicator is off.
        """
        limits = {kind: days for kind, days in alert_days.items() if days > 0}
        off = alert_days.keys() - limits.keys()
        oldest = min(limits.values(), default=0.0)
        gone = forgotten = 0
        after = 0
        while rows := self.after(after, EXPIRED_AT_ONCE):
            after = rows[-1][0]
            ages = [(number, one, _days(age_ns(one.written, now))) for number, one in rows]
            over = [
                (number, one.critical)
                for number, one, age in ages
                if one.change.kind in off or (age is not None and age > limits.get(one.change.kind, oldest))
            ]
            if over:
                self._commit(partial(self._expire_rows, over))
                gone += len(over)
            # Rows lie in the order of their writing: behind one that is young there is nothing old.
            if not off and ages[-1][2] is not None and ages[-1][2] <= oldest:
                break
        for stored in self.open_alerts() if off else ():
            if stored.change.kind in off:
                self._commit(partial(self._forget_open, stored.change.key))
                forgotten += 1
        for number, trip in self.trips():
            age = _days(age_ns(trip.written, now))
            if age is not None and age > trips_days:
                self.delete_trip(number)
                gone += 1
        if gone or forgotten:
            self._write_anew()
        return gone

    def is_in_place(self) -> bool:
        """Tell whether the file that is written is still the one that a next start would find."""
        return file_identity(self._path) == self._identity

    def put_back(self) -> Path | None:
        """Write the rows into a fresh file: the one in use was deleted or replaced, and ends with this process.

        What lies in its place is put aside; returns where, None when there was nothing. Raises `OutboxError`: the rows
        then stay where they are.
        """
        try:
            written = copy_beside(self._connection, self._path)
            self.close()
            aside = take_place(written, self._path)
        except (OSError, sqlite3.Error) as error:
            raise explained(error, self._path) from error
        finally:
            if not self.is_open:
                self.open()
        return aside

    def keep_ballast(self) -> bool:
        """Fill the reserve again after a full disk; False when there is no space yet."""
        if not self._has_ballast:
            self._has_ballast = keep_ballast(self._state_dir)
        return self._has_ballast

    def _write_anew(self) -> None:
        """Leave nothing that was deleted in free pages or in the log."""
        self._read("VACUUM")
        self._read("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise OutboxError("the outbox is not open; call open() first")
        return self._database

    def _give_up_ballast(self) -> None:
        give_up_ballast(self._state_dir)
        self._has_ballast = False

    def _commit(self, change: Callable[[sqlite3.Connection], object]) -> None:
        database, depth, dropped = self._connection, self._depth, dict(self._dropped)
        try:
            database.execute("BEGIN IMMEDIATE")
            change(database)
            database.execute("COMMIT")
        except BaseException as error:
            if database.in_transaction:
                # A disk that fails even here: the error that led here says so, and the file is opened anew.
                with suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
            self._depth, self._dropped = depth, dropped
            if isinstance(error, sqlite3.Error):
                raise explained(error, self._path) from error
            raise

    def _read(self, query: str, parameters: tuple[int | str, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise explained(error, self._path) from error

    def _insert(self, database: sqlite3.Connection, batch: Sequence[StoredAlert]) -> None:
        for stored in batch:
            body = msgspec.json.encode(stored)
            key = stored.change.key
            if stored.change.phase == "closed":
                self._forget_open(key, database)
            else:
                database.execute("INSERT OR REPLACE INTO open_alert VALUES (?, ?)", (key, body))
            needed = SPARE_PAGES + 2 * len(body) // PAGE_BYTES
            while self._free_pages() < needed and self._drop_some(database, spare_critical=not stored.critical):
                pass
            if self._free_pages() < needed and not stored.critical:
                self._count_dropped(database, critical=False, rows=1)
                # Its number is used up, so that the fleet side sees the gap.
                database.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'alert'")
                continue
            database.execute("INSERT INTO alert (critical, body) VALUES (?, ?)", (stored.critical, body))
            self._depth += 1

    def _number_after(self, database: sqlite3.Connection, seq: int) -> None:
        """Let the next row have a number above `seq`, and write something whatever is asked: the disk is on trial."""
        self._set_tally(database, "returns", self._tally("returns") + 1)
        known = database.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'alert'", (seq,)).rowcount
        if not known:  # there is no count before the first row
            database.execute("INSERT INTO sqlite_sequence VALUES ('alert', ?)", (seq,))

    def _drop_some(self, database: sqlite3.Connection, *, spare_critical: bool) -> int:
        """Drop the oldest rows of the least class that has any; return how many."""
        for critical in (False,) if spare_critical else (False, True):
            rows = database.execute(
                "DELETE FROM alert WHERE seq IN (SELECT seq FROM alert WHERE critical = ? ORDER BY seq LIMIT ?)",
                (critical, DROP_AT_ONCE),
            ).rowcount
            if rows:
                self._depth -= rows
                self._count_dropped(database, critical=critical, rows=rows)
                return rows
        return 0

    def _forget_open(self, key: str, database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM open_alert WHERE alert_key = ?", (key,))

    def _drop_unreadable(self, seq: int, database: sqlite3.Connection, *, critical: bool) -> None:
        self._depth -= database.execute("DELETE FROM alert WHERE seq = ?", (seq,)).rowcount
        self._count_dropped(database, critical=critical, rows=1)

    def _expire_rows(self, rows: Sequence[tuple[int, bool]], database: sqlite3.Connection) -> None:
        for number, critical in rows:
            self._depth -= database.execute("DELETE FROM alert WHERE seq = ?", (number,)).rowcount
            self._count_dropped(database, critical=critical, rows=1)

    def _count_dropped(self, database: sqlite3.Connection, *, critical: bool, rows: int) -> None:
        self._dropped[critical] += rows
        self._set_tally(database, "dropped_critical" if critical else "dropped_info", self._dropped[critical])

    def _free_pages(self) -> int:
        limit, used = self._value("PRAGMA max_page_count"), self._value("PRAGMA page_count")
        return limit - used + self._value("PRAGMA freelist_count")

    def _tally(self, name: str) -> int:
        return self._value("SELECT coalesce((SELECT value FROM tally WHERE name = ?), 0)", name)

    def _set_tally(self, database: sqlite3.Connection, name: str, value: int) -> None:
        database.execute("INSERT OR REPLACE INTO tally VALUES (?, ?)", (name, value))

    def _value(self, query: str, *parameters: str) -> int:
        return int(self._read(query, parameters)[0][0])


def _days(age: int | None) -> float | None:
    return None if age is None else age / NS_PER_DAY
