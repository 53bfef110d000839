"""The control socket: one question, one answer, for whoever may enter the state directory."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from edge.runtime.control import LINE_MAX, SOCKET, ControlError, ControlServer, ask
from edge.runtime.worker import Worker
from tests.support.brokers import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def served(state_dir: Path) -> Iterator[Worker]:
    def answer(question: dict[str, Any]) -> dict[str, Any]:
        return {"you_asked": question}

    worker = Worker("control", ControlServer(state_dir, answer).run, lambda *_: None)
    worker.start()
    try:
        assert wait_for(lambda: (state_dir / SOCKET).exists() or worker.failure is not None)
        yield worker
    finally:
        worker.stop()
        assert worker.join(10.0)
    assert worker.failure is None


def test_a_question_is_answered_and_the_socket_is_gone_afterwards(tmp_path: Path) -> None:
    with served(tmp_path):
        assert wait_for(lambda: _answers(tmp_path))
        assert ask(tmp_path, {"ask": "calibration"}) == {"you_asked": {"ask": "calibration"}}
        assert (tmp_path / SOCKET).stat().st_mode & 0o077 == 0
    assert not (tmp_path / SOCKET).exists()


def _answers(state_dir: Path) -> bool:
    try:
        return bool(ask(state_dir, {}))
    except ControlError:
        return False


def test_a_socket_left_behind_by_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET))
    with pytest.raises(ControlError, match="cannot be asked"):
        ask(tmp_path, {})
    with served(tmp_path):
        assert wait_for(lambda: _answers(tmp_path))


def test_whoever_connects_and_says_nothing_or_nonsense_stops_nobody(tmp_path: Path) -> None:
    with served(tmp_path):
        assert wait_for(lambda: _answers(tmp_path))
        for said in (b"", b"\xff\n", b"[1]\n", b"x" * (LINE_MAX + 5000)):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(str(tmp_path / SOCKET))
                try:
                    other.sendall(said)
                    other.shutdown(socket.SHUT_WR)
                    assert b"refused" in other.recv(4096)
                except (BrokenPipeError, ConnectionResetError):
                    # The daemon let it go before it had said everything.
                    assert len(said) > LINE_MAX
        assert ask(tmp_path, {"ask": "again"}) == {"you_asked": {"ask": "again"}}


def test_a_place_without_sockets_is_told_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    worker = Worker("control", ControlServer(deep, lambda _: {}).run, lambda *_: None)
    worker.start()
    assert wait_for(lambda: "cannot be listened on" in caplog.text)
    assert worker.alive
    worker.stop()
    assert worker.join(10.0)
    assert worker.failure is None
