from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from edge.config.schema import Outbox
from edge.uplink.database import FILE_NAME, OutboxError, OutboxFullError
from edge.uplink.envelope import Register, StoredAlert
from edge.uplink.outbox import AlertOutbox
from tests.support.tiny_disk import fill, tiny_disk
from tests.support.uplink import CONTEXT, INFO, SetClock, alert, notice

if TYPE_CHECKING:
    from pathlib import Path

    from edge.types import AlertChange

NOW = SetClock().now()
SMALL = Outbox(max_mb=1.0)


def stored(change: AlertChange) -> StoredAlert:
    return Register("boot", INFO).store(change, CONTEXT, NOW)


def opened(folder: Path) -> AlertOutbox:
    outbox = AlertOutbox(folder, SMALL)
    outbox.open()
    return outbox


def test_rows_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    messages = [stored(alert(f"sleep-{number}")) for number in range(5)]
    outbox.write(messages[:2])
    outbox.write(messages[2:])
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.after(0, 10) == list(enumerate(messages, start=1))
    assert [seq for seq, _ in outbox.after(2, 2)] == [3, 4]
    assert (outbox.depth, outbox.last_seq()) == (5, 5)
    outbox.close()


def test_number_of_a_delivered_row_is_never_given_again(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.write([stored(alert())])
    outbox.delete([1])
    assert (outbox.depth, outbox.last_seq()) == (0, 1)
    outbox.close()
    outbox = opened(tmp_path)
    outbox.write([stored(alert())])
    assert [seq for seq, _ in outbox.after(0, 10)] == [2]
    outbox.delete([2, 2, 77])
    assert outbox.depth == 0
    outbox.close()


def test_knows_which_alerts_are_open(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    first, second = stored(alert("sleep-1")), stored(alert("vats-1", kind="vats"))
    outbox.write([first, second, stored(alert("vats-1", "closed", kind="vats"))])
    outbox.delete([1, 2, 3])
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.open_alerts() == [first]
    outbox.close()


def test_size_is_bounded_lesser_rows_go_first_and_every_drop_is_counted(tmp_path: Path) -> None:
    """Two weeks offline at ten alerts an hour and more: far beyond the limit."""
    outbox = opened(tmp_path)
    critical = [stored(alert(f"microsleep-{number}", "closed")) for number in range(100)]
    lesser = stored(alert("eyes_closed-1", "closed", kind="eyes_closed", level=1))
    written = 0
    for message in critical:
        outbox.write([lesser] * 34 + [message])
        written += 35
        on_disk = sum(file.stat().st_size for file in tmp_path.iterdir())
        assert on_disk <= SMALL.max_mb * 1024 * 1024
    assert outbox.dropped(critical=True) == 0
    assert outbox.dropped(critical=False) == written - outbox.depth > 0
    rows = outbox.after(0, 10_000)
    assert [message for _, message in rows if message.critical] == critical
    assert [message for _, message in rows][-35:] == [lesser] * 34 + [critical[-1]]  # the newest stayed
    assert outbox.last_seq() == written  # every message had its number: gaps show what was dropped
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.dropped(critical=False) == written - outbox.depth
    outbox.close()


def test_when_only_critical_rows_are_left_lesser_ones_are_refused_and_the_oldest_critical_go(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    count = 0
    while outbox.dropped(critical=True) == 0:
        count += 1
        outbox.write([stored(alert(f"sleep-{count}", "closed"))])
    assert [seq for seq, _ in outbox.after(0, 1)] == [outbox.dropped(critical=True) + 1]
    depth, refused = outbox.depth, 0
    for number in range(200):
        before = outbox.dropped(critical=False)
        outbox.write([stored(alert(f"eyes_closed-{number}", "closed", kind="eyes_closed", level=1))])
        refused += outbox.dropped(critical=False) - before
    assert refused > 0
    assert sum(message.critical for _, message in outbox.after(0, 10_000)) == depth
    assert outbox.last_seq() == count + 200
    outbox.close()


def test_failed_commit_changes_nothing(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.write([stored(alert())])
    unwritable = stored(alert("\ud800"))
    with pytest.raises(UnicodeEncodeError):
        outbox.write([stored(alert("good")), unwritable])
    assert outbox.depth == 1
    assert [seq for seq, _ in outbox.after(0, 10)] == [1]
    assert len(outbox.open_alerts()) == 1
    outbox.close()


def test_rows_of_another_version_are_dropped_and_counted(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.write([stored(alert("sleep-1")), stored(notice(2)), stored(notice(3))])
    outbox.close()
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    raw.execute("UPDATE alert SET body = '{}' WHERE seq < 3")
    raw.execute("UPDATE open_alert SET body = '{}' WHERE alert_key = 'sleep-1'")
    raw.commit()
    raw.close()
    outbox = opened(tmp_path)
    assert [seq for seq, _ in outbox.after(0, 10)] == [3]
    assert (outbox.depth, outbox.dropped(critical=True), outbox.dropped(critical=False)) == (1, 1, 1)
    assert [message.change.key for message in outbox.open_alerts()] == ["eyes_closed-2", "eyes_closed-3"]
    outbox.close()


def test_remembers_the_number_of_the_start(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    assert outbox.last_start() == 0
    outbox.count_start(41)
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.last_start() == 41
    outbox.close()


def test_damage_is_reported(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"")
    outbox = opened(tmp_path)
    assert outbox.quarantined is not None
    outbox.write([stored(alert())])
    assert outbox.depth == 1
    outbox.close()


def test_closed_outbox_says_so(tmp_path: Path) -> None:
    outbox = AlertOutbox(tmp_path, SMALL)
    assert not outbox.is_open
    with pytest.raises(OutboxError, match="not open"):
        outbox.last_seq()
    outbox.close()


def test_full_disk_keeps_the_newest_critical_and_recovers_without_a_restart(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as folder:
        keep_the_newest_critical_and_recover(folder)


def keep_the_newest_critical_and_recover(folder: Path) -> None:
    outbox = AlertOutbox(folder, Outbox(max_mb=64.0))
    outbox.open()
    for number in range(50):
        outbox.write([stored(notice(number))])
    other = folder / "other.log"
    fill(other)
    assert shutil.disk_usage(folder).free < 4096
    written = []
    for number in range(120):
        message = stored(alert(f"sleep-{number}", "closed"))
        try:
            outbox.write([message])
        except OutboxFullError:
            continue
        written.append(message)
    assert written, "with the ballast given up some writes must have succeeded"
    kept = [message for _, message in outbox.after(0, 1000) if message.critical]
    assert kept == written[-len(kept) :]
    assert kept[-1] == written[-1]
    assert not outbox.keep_ballast()
    other.unlink()
    outbox.write([stored(alert("sleep-last", "closed"))])
    assert outbox.keep_ballast()
    assert outbox.after(0, 1000)[-1][1].change.key == "sleep-last"
    outbox.close()
