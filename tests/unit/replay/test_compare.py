"""Comparing decisions: the same bytes are the same; anything else is named by line, decision and field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.replay.compare import Difference, compare_files, compare_lines

if TYPE_CHECKING:
    from pathlib import Path

BLINK = b'{"type":"event","t_ns":5,"name":"blink","start_ns":1,"end_ns":5}'
LATER = b'{"type":"event","t_ns":6,"name":"blink","start_ns":1,"end_ns":6}'
YAWN = b'{"type":"event","t_ns":9,"name":"yawn","start_ns":1,"end_ns":9}'
ALERT = b'{"type":"alert","t_ns":5,"key":"sleep-1","phase":"opened","evidence":[{"name":"a","value":1.0}]}'


def test_equal_files_do_not_differ(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(BLINK + b"\n" + YAWN + b"\n")
    assert compare_files(tmp_path / "a", tmp_path / "b") == []


def test_each_field_is_named() -> None:
    found = compare_lines([BLINK, YAWN], [LATER, YAWN])
    assert found == [
        Difference(1, 1, "event blink", "end_ns", 5, 6, 6),
        Difference(1, 1, "event blink", "t_ns", 5, 6, 6),
    ]
    assert str(found[0]) == "1/1: 0.000 s: event blink: end_ns: 5 -> 6"


def test_fields_inside_lists_are_named() -> None:
    found = compare_lines([ALERT], [ALERT.replace(b"1.0", b"1.5")])
    assert found == [Difference(1, 1, "alert opened sleep-1", "evidence[0].value", 1.0, 1.5, 5)]


def test_a_missing_line_does_not_shift_the_rest() -> None:
    assert compare_lines([BLINK, ALERT, YAWN], [BLINK, YAWN]) == [
        Difference(2, None, "alert opened sleep-1", "(line)", 5, "(none)", 5)
    ]
    assert compare_lines([YAWN], [ALERT, YAWN]) == [
        Difference(None, 1, "alert opened sleep-1", "(line)", "(none)", 5, 5)
    ]


def test_a_field_left_out_differs_from_one_that_is_there() -> None:
    found = compare_lines([BLINK], [BLINK.replace(b"}", b',"x":null}')])
    assert found == [Difference(1, 1, "event blink", "x", "(none)", None, 5)]
