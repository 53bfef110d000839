from __future__ import annotations

from edge.uplink.settling import SETTLED_AFTER_S, Settling
from tests.support.uplink import S


def test_row_settles_with_the_answer_to_something_sent_after_its_own() -> None:
    rows = Settling()
    rows.add(7, 3, 0)
    assert list(rows.settled(3, 0)) == []  # sent before, or together with it
    assert 7 in rows
    assert list(rows.settled(4, 0)) == [7]
    assert len(rows) == 0


def test_row_settles_after_a_while_when_nothing_else_is_sent() -> None:
    rows = Settling()
    rows.add(7, 3, 5 * S)
    before_ns = round((5 + SETTLED_AFTER_S) * S) - 1
    assert list(rows.settled(3, before_ns)) == []
    assert list(rows.settled(3, before_ns + 1)) == [7]


def test_rows_settle_in_the_order_of_their_answers() -> None:
    rows = Settling()
    for seq in (1, 2, 3):
        rows.add(seq, seq, 0)
    assert list(rows.settled(3, 0)) == [1, 2]
    assert 3 in rows


def test_nothing_is_remembered_of_an_earlier_connection() -> None:
    rows = Settling()
    rows.add(7, 3, 0)
    rows.clear()
    assert 7 not in rows
    assert list(rows.settled(9, 9 * S)) == []
