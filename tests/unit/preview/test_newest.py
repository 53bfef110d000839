"""The newest counts: a reader misses what was replaced, never what was last."""

from __future__ import annotations

import threading

import pytest

from edge.preview import newest
from edge.preview.newest import Newest


def test_a_reader_gets_the_newest_and_the_last() -> None:
    value = Newest()
    value.put(b"1")
    value.put(b"2")
    reader = value.follow()
    assert next(reader) == b"2"
    value.put(b"3")
    value.put(b"4")
    threading.Thread(target=value.close, args=(5.0,)).start()
    assert list(reader) == [b"4"]
    assert value.readers == 0


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "WAIT_S", 0.0)
    assert next(Newest().follow()) is None


def test_a_reader_that_leaves_is_not_counted() -> None:
    value = Newest()
    value.put(b"1")
    reader = value.follow()
    next(reader)
    assert value.readers == 1
    reader.close()
    assert value.readers == 0


def test_closing_waits_for_nobody_longer_than_it_may() -> None:
    value = Newest()
    value.put(b"1")
    reader = value.follow()
    next(reader)
    value.close(0.0)
    assert list(reader) == []
