"""The status the daemon ends with."""

from __future__ import annotations

from edge.parts.ending import FAILED, OK, RESTART, Ending


def test_nothing_asked_nothing_ends() -> None:
    assert not Ending().wait(0.0)


def test_each_way_to_end_has_its_status() -> None:
    for ask, status in ((Ending.ask, OK), (Ending.restart, RESTART), (Ending.fail, FAILED)):
        ending = Ending()
        ask(ending)
        assert ending.wait(0.0)
        assert ending.status == status


def test_a_failure_stands_above_all_in_any_order() -> None:
    first, last = Ending(), Ending()
    first.fail()
    first.restart()
    last.restart()
    last.ask()
    last.fail()
    assert first.status == last.status == FAILED
