from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.config.schema import Outbox
from edge.uplink.database import FILE_NAME, OutboxBusyError, OutboxError, OutboxFullError
from edge.uplink.keeper import MAX_PENDING, RETRY_S, SPARE_RETRY_S, WITHOUT_DISK_S, Keeper
from edge.uplink.outbox import AlertOutbox
from tests.support.uplink import CONTEXT, INFO, NOON_NS, S, SetClock, alert, notice

if TYPE_CHECKING:
    from pathlib import Path

    from edge.uplink.envelope import StoredAlert


def keeper_in(folder: Path, clock: SetClock) -> Keeper:
    return Keeper(AlertOutbox(folder, Outbox()), INFO, clock.now())


class Disk:
    """Lets the commits of an outbox fail as told."""

    def __init__(self, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: OutboxError | None = None
        write = keeper.outbox.write

        def failing(batch: list[StoredAlert], *, after: int = 0) -> None:
            if self.error is not None:
                raise self.error
            write(batch, after=after)

        monkeypatch.setattr(keeper.outbox, "write", failing)


def test_writes_in_order_and_deletes_what_was_delivered(tmp_path: Path) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    for number in range(3):
        keeper.put(notice(number), CONTEXT, clock.now())
    assert keeper.rows(0, 10, clock.now()) == []  # nobody is told before the commit
    assert keeper.flush(clock.now())
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1, 2, 3]
    keeper.accepted(2, sent=5, now=clock.now())
    keeper.settle(6, clock.now())
    assert not keeper.flush(clock.now())
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1, 3]
    assert keeper.last_seq == 3
    keeper.outbox.close()


def test_row_that_was_answered_for_is_kept_until_it_has_settled_and_not_sent_meanwhile(tmp_path: Path) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    for number in range(2):
        keeper.put(notice(number), CONTEXT, clock.now())
    keeper.flush(clock.now())
    keeper.accepted(1, sent=5, now=clock.now())
    keeper.settle(5, clock.now())
    keeper.flush(clock.now())
    assert keeper.outbox.depth == 2
    assert keeper.waiting == 1
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [2]
    keeper.unsettle()  # the connection is lost: the broker may have died with it
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1, 2]
    assert keeper.waiting == 2
    keeper.outbox.close()


def test_alerts_left_open_by_a_crash_are_closed_at_the_next_start(tmp_path: Path) -> None:
    clock = SetClock()
    before = keeper_in(tmp_path, clock)
    before.put(alert("sleep-1"), CONTEXT, clock.now())
    before.put(alert("vats-1", kind="vats"), CONTEXT, clock.now())
    before.put(alert("vats-1", "closed", kind="vats"), CONTEXT, clock.now())
    before.flush(clock.now())
    before.outbox.close()
    after = keeper_in(tmp_path, clock)
    rows = after.rows(3, 10, clock.now())
    assert [(row.change.key, row.change.phase, row.change.reason) for _, row in rows] == [
        ("sleep-1", "closed", "restart")
    ]
    assert rows[0][1].alert_id == after.rows(0, 1, clock.now())[0][1].alert_id
    assert after.boot_id > before.boot_id
    assert after.register.active(clock.now()).alerts == ()
    after.outbox.close()
    last = keeper_in(tmp_path, clock)
    assert last.last_seq == 4  # closed once
    last.outbox.close()


def test_boot_ids_rise_even_when_the_clock_went_back(tmp_path: Path) -> None:
    clock = SetClock()
    first = keeper_in(tmp_path, clock)
    first.outbox.close()
    clock.set(wall_ns=NOON_NS - 20 * 365 * 86_400 * S)
    second = keeper_in(tmp_path, clock)
    second.outbox.close()
    assert second.boot_id > first.boot_id


def test_full_disk_holds_alerts_in_memory_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    disk = Disk(keeper, monkeypatch)
    disk.error = OutboxFullError("full")
    keeper.put(alert("sleep-1"), CONTEXT, clock.now())
    assert not keeper.flush(clock.now())
    assert keeper.faults == {"disk_full"}
    assert keeper.pending == 1
    disk.error = None
    assert not keeper.flush(clock.now())  # not in every round
    assert keeper.flush(clock.advance(RETRY_S))
    assert keeper.faults == set()
    assert len(keeper.rows(0, 10, clock.now())) == 1
    keeper.outbox.close()


def test_disk_that_is_full_at_the_start_does_not_hinder_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    before = keeper_in(tmp_path, clock)
    before.put(alert("sleep-1"), CONTEXT, clock.now())
    before.flush(clock.now())
    before.outbox.close()

    def full(_outbox: AlertOutbox, _number: int) -> None:
        raise OutboxFullError("full")

    monkeypatch.setattr(AlertOutbox, "count_start", full)
    keeper = keeper_in(tmp_path, clock)
    assert keeper.faults == {"disk_full"}
    monkeypatch.undo()
    keeper.put(alert("sleep-1"), CONTEXT, clock.advance(RETRY_S))  # a new one under the key of the old
    assert keeper.flush(clock.now())
    rows = keeper.rows(1, 10, clock.now())
    assert [(row.change.phase, row.change.reason) for _, row in rows] == [("closed", "restart"), ("opened", None)]
    assert len(keeper.outbox.open_alerts()) == 1
    keeper.outbox.close()


def seqs(keeper: Keeper, clock: SetClock) -> list[int]:
    return [seq for seq, _ in keeper.rows(0, 100, clock.now())]


def without_disk(keeper: Keeper, clock: SetClock, disk: Disk) -> None:
    """Let the disk refuse until the keeper does without it."""
    disk.error = OutboxFullError("full")
    keeper.put(alert(), CONTEXT, clock.now())
    assert not keeper.flush(clock.now())
    assert not keeper.flush(clock.advance(WITHOUT_DISK_S - RETRY_S))
    assert keeper.flush(clock.advance(RETRY_S)), "there is something to tell now"


def test_disk_that_refuses_for_long_is_done_without_and_what_is_left_returns_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    disk = Disk(keeper, monkeypatch)
    keeper.put(notice(0), CONTEXT, clock.now())
    keeper.flush(clock.now())
    without_disk(keeper, clock, disk)
    keeper.put(notice(1), CONTEXT, clock.now())
    keeper.put(notice(2), CONTEXT, clock.now())
    keeper.flush(clock.now())
    assert seqs(keeper, clock) == [1, 2, 3, 4]
    assert (keeper.waiting, keeper.pending, keeper.last_seq) == (4, 3, 4)
    assert keeper.faults == {"disk_full"}
    keeper.accepted(1, sent=5, now=clock.now())
    keeper.accepted(2, sent=6, now=clock.now())
    keeper.settle(7, clock.now())
    keeper.flush(clock.now())
    assert seqs(keeper, clock)[-2:] == [3, 4]
    disk.error = None
    keeper.flush(clock.advance(RETRY_S))
    assert keeper.moved
    assert keeper.faults == set()
    assert (seqs(keeper, clock), keeper.pending) == ([3, 4], 0)
    keeper.outbox.close()
    next_life = AlertOutbox(tmp_path, Outbox())
    next_life.open()
    assert [(seq, one.change.key) for seq, one in next_life.after(0, 9)] == [(3, "eyes_closed-1"), (4, "eyes_closed-2")]
    next_life.close()


def test_no_number_is_given_twice_whatever_lay_on_the_disk_that_came_back(tmp_path: Path) -> None:
    clock = SetClock()
    folder = tmp_path / "state"
    before = keeper_in(folder, clock)
    for number in range(3):
        before.put(notice(number), CONTEXT, clock.now())
    before.flush(clock.now())
    before.outbox.close()
    folder.rename(tmp_path / "aside")
    folder.write_text("in the way")
    keeper = keeper_in(folder, clock)
    keeper.put(alert(), CONTEXT, clock.now())
    keeper.put(alert("vats-1", kind="vats"), CONTEXT, clock.now())
    keeper.flush(clock.advance(WITHOUT_DISK_S))
    assert seqs(keeper, clock) == [1, 2]
    folder.unlink()
    (tmp_path / "aside").rename(folder)
    keeper.flush(clock.advance(RETRY_S))
    left = keeper.rows(0, 100, clock.now())
    assert [seq for seq, _ in left] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [one.change.key for _, one in left[3:5]] == ["microsleep-1", "vats-1"]
    assert [one.change.reason for _, one in left[5:]] == ["restart"] * 3, "what the earlier life left open"
    keeper.outbox.close()


def test_number_of_a_row_that_went_from_memory_is_used_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    disk = Disk(keeper, monkeypatch)
    without_disk(keeper, clock, disk)
    keeper.put(notice(1), CONTEXT, clock.now())
    keeper.put(notice(2), CONTEXT, clock.now())
    keeper.flush(clock.now())
    keeper.accepted(2, sent=5, now=clock.now())  # out of order: 1 and 3 are left
    keeper.settle(6, clock.now())
    disk.error = None
    keeper.flush(clock.advance(RETRY_S))
    assert seqs(keeper, clock) == [4, 5]
    keeper.outbox.close()


def test_memory_is_bounded_and_lesser_alerts_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    disk = Disk(keeper, monkeypatch)
    disk.error = OutboxFullError("full")
    for number in range(10):
        keeper.put(notice(number), CONTEXT, clock.now())
    for number in range(MAX_PENDING):
        keeper.put(alert(f"sleep-{number}"), CONTEXT, clock.now())
    assert keeper.pending == MAX_PENDING
    assert (keeper.dropped(critical=False), keeper.dropped(critical=True)) == (10, 0)
    keeper.put(alert("sleep-last"), CONTEXT, clock.now())
    assert keeper.dropped(critical=True) == 1
    disk.error = None
    keeper.flush(clock.now())
    rows = keeper.rows(0, 1000, clock.now())
    assert rows[0][1].change.key == "sleep-1"
    assert rows[-1][1].change.key == "sleep-last"
    keeper.outbox.close()


def test_unusable_folder_is_tried_again_until_it_works(tmp_path: Path) -> None:
    clock = SetClock()
    folder = tmp_path / "state"
    folder.write_text("in the way")
    keeper = keeper_in(folder, clock)
    assert keeper.faults == {"outbox_unavailable"}
    assert keeper.last_seq == 0
    keeper.put(alert(), CONTEXT, clock.now())
    assert not keeper.flush(clock.advance(RETRY_S))
    assert keeper.rows(0, 10, clock.now()) == []
    folder.unlink()
    assert keeper.flush(clock.advance(RETRY_S))
    assert keeper.faults == set()
    assert len(keeper.rows(0, 10, clock.now())) == 1
    keeper.outbox.close()


def test_file_damaged_while_in_use_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    disk = Disk(keeper, monkeypatch)
    disk.error = OutboxError("database disk image is malformed")
    keeper.put(alert(), CONTEXT, clock.now())
    keeper.flush(clock.now())
    (tmp_path / FILE_NAME).write_bytes(b"nonsense" * 1000)
    disk.error = None
    assert keeper.flush(clock.advance(RETRY_S))
    assert keeper.faults == {"outbox_damaged"}
    assert len(keeper.rows(0, 10, clock.now())) == 1
    keeper.outbox.close()


@pytest.mark.parametrize("with_log", [True, False])
def test_file_deleted_while_in_use_is_put_back_with_its_rows(tmp_path: Path, *, with_log: bool) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    keeper.put(alert(), CONTEXT, clock.now())
    keeper.flush(clock.now())
    for path in (tmp_path / FILE_NAME, *([tmp_path / f"{FILE_NAME}-wal"] if with_log else [])):
        path.unlink()
    keeper.put(notice(1), CONTEXT, clock.now())
    assert keeper.flush(clock.advance(1.0))
    assert keeper.faults == {"outbox_damaged"}
    keeper.outbox.close()
    next_life = AlertOutbox(tmp_path, Outbox())
    next_life.open()
    assert [seq for seq, _ in next_life.after(0, 10)] == [1, 2]
    assert next_life.last_seq() == 2
    assert next_life.last_start() == NOON_NS // S
    assert [stored.change.key for stored in next_life.open_alerts()] == ["eyes_closed-1", "microsleep-1"]
    next_life.close()


def test_what_took_the_place_of_the_file_is_put_aside(tmp_path: Path) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)
    keeper.put(alert(), CONTEXT, clock.now())
    keeper.flush(clock.now())
    (tmp_path / FILE_NAME).rename(tmp_path / "moved")
    (tmp_path / FILE_NAME).mkdir()
    keeper.flush(clock.advance(1.0))
    assert keeper.faults == {"outbox_damaged"}
    assert (tmp_path / f"{FILE_NAME}.damaged.1").is_dir()
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1]
    keeper.outbox.close()


def test_file_that_cannot_be_put_back_goes_on_without_a_name(tmp_path: Path) -> None:
    clock = SetClock()
    folder = tmp_path / "state"
    keeper = keeper_in(folder, clock)
    folder.rename(tmp_path / "moved")
    folder.write_text("in the way")
    keeper.put(alert(), CONTEXT, clock.now())
    assert keeper.flush(clock.advance(1.0))
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1]
    assert keeper.faults == {"outbox_damaged"}
    folder.unlink()
    keeper.flush(clock.advance(SPARE_RETRY_S))
    assert (folder / FILE_NAME).is_file()
    assert [seq for seq, _ in keeper.rows(0, 10, clock.now())] == [1]
    keeper.outbox.close()


def test_rows_that_cannot_be_read_are_a_fault_not_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    keeper = keeper_in(tmp_path, clock)

    def broken(_seq: int, _limit: int) -> list[object]:
        raise OutboxError("disk I/O error")

    def nothing_to_read() -> int:
        raise OutboxError("disk I/O error")

    monkeypatch.setattr(keeper.outbox, "after", broken)
    monkeypatch.setattr(keeper.outbox, "last_seq", nothing_to_read)
    assert keeper.last_seq == 0  # asked when a connection is made
    assert keeper.rows(0, 10, clock.now()) == []
    assert keeper.faults == {"outbox_unavailable"}


def test_second_daemon_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path, SetClock())
    with pytest.raises(OutboxBusyError):
        keeper_in(tmp_path, SetClock())
    keeper.outbox.close()
