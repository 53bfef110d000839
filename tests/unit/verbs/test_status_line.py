"""One line, written over on a terminal and left out elsewhere."""

from __future__ import annotations

import io

import pytest

from edge.verbs.status_line import StatusLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_line_takes_the_place_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    line = StatusLine()
    line.show("one")
    line.show("two")
    line.clear()
    assert line.is_shown
    assert screen.getvalue() == "\r\033[Kone\r\033[Ktwo\r\033[K"


def test_a_narrow_terminal_is_never_filled_to_a_second_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "10")
    StatusLine().show("0123456789")
    assert screen.getvalue() == "\r\033[K01234567…"


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_elsewhere_nothing_is_said(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    line = StatusLine()
    line.show("one")
    line.clear()
    assert not line.is_shown
    assert stream is None or stream.getvalue() == ""
