from __future__ import annotations

from edge.uplink.envelope import Register
from edge.uplink.memory_rows import MemoryRows
from tests.support.uplink import CONTEXT, INFO, SetClock, alert, notice

CLOCK = SetClock()
REGISTER = Register("boot", INFO)
LESSER = REGISTER.store(notice(1), CONTEXT, CLOCK.now())
CRITICAL = REGISTER.store(alert(), CONTEXT, CLOCK.now())


def numbers(rows: MemoryRows) -> list[int]:
    return [seq for seq, _ in rows.rows(0, 100)]


def test_numbers_rise_behind_the_disks_and_behind_their_own() -> None:
    rows = MemoryRows()
    assert rows.newest is None
    rows.number([LESSER, CRITICAL], after=7)
    rows.number([LESSER], after=7)
    assert numbers(rows) == [8, 9, 10]
    assert [seq for seq, _ in rows.rows(8, 1)] == [9]
    assert rows.above(7)
    assert not rows.above(8)
    rows.clear()
    assert (len(rows), rows.newest, rows.above(99)) == (0, None, True)


def test_what_is_left_keeps_its_numbers_where_it_can() -> None:
    rows = MemoryRows()
    rows.number([LESSER] * 4, after=7)
    assert rows.forget([3, 8, 9]) == [3]
    assert rows.write_after() == 9, "10 and 11 are written behind it"
    rows.forget([10])
    assert rows.write_after() == 10
    rows.forget([11])
    assert rows.write_after() == 11, "no number is given twice"
    rows.number([LESSER] * 3, after=7)
    rows.forget([13])
    assert rows.write_after() == 14, "with a hole all get fresh numbers"


def test_the_lesser_go_first() -> None:
    rows = MemoryRows()
    rows.number([CRITICAL, LESSER, CRITICAL], after=0)
    assert rows.drop_one(spare_critical=True) is False
    assert rows.drop_one(spare_critical=True) is None
    assert rows.drop_one(spare_critical=False) is True
    assert numbers(rows) == [3]
