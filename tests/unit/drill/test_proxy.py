"""A line that can be cut, refuse or swallow: what then ends, what hangs, and that mended it relays again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from edge.drill.proxy import HOST, Line

SILENT_S = 0.3
"""An echo over loopback comes in a thousandth of it."""


class Echo:
    """A server that says everything back, and can hang up."""

    def __init__(self) -> None:
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self.heard: list[bytes] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def hang_up(self) -> None:
        for near in self._open:
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._accepting.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            self._open.append(near)
            threading.Thread(target=self._echo, args=(near,), daemon=True).start()

    def _echo(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            while data := near.recv(4096):
                self.heard.append(data)
                near.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with contextlib.closing(Echo()) as made:
        yield made


@pytest.fixture
def line(echo: Echo) -> Iterator[Line]:
    with contextlib.closing(Line(HOST, echo.port)) as made:
        yield made


def talk(line: Line) -> socket.socket:
    client = socket.create_connection((HOST, line.port), 5)
    client.settimeout(5)
    return client


def answer(client: socket.socket, said: bytes) -> bytes:
    """Return what came back; nothing when the connection has ended."""
    try:
        client.sendall(said)
        return client.recv(100)
    except ConnectionError:
        return b""


def reachable(line: Line) -> bool:
    """A connection that is begun now reaches the other side; a refusal may meet the attempt or what is said first."""
    try:
        with talk(line) as client:
            return answer(client, b"anybody?") == b"anybody?"
    except ConnectionError:
        return False


def hangs(client: socket.socket) -> bool:
    """Neither an answer nor an end comes."""
    client.settimeout(SILENT_S)
    try:
        client.recv(100)
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)
    return False


def test_it_relays_both_ways(line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"


def test_an_end_of_one_side_is_one_of_the_other(echo: Echo, line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"
        echo.hang_up()
        assert client.recv(100) == b""


def test_a_cut_resets_what_runs_and_nothing_else(line: Line) -> None:
    assert line.cut() == 0
    with talk(line) as one, talk(line) as other:
        assert answer(one, b"hello") == answer(other, b"hello") == b"hello"
        assert line.cut() == 2
        with pytest.raises(ConnectionResetError):
            one.recv(100)
        assert answer(other, b"there?") == b""
    with talk(line) as again:
        assert answer(again, b"back") == b"back"


def test_refusing_it_ends_what_runs_and_lets_nothing_through(line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"
        line.refuse()
        assert answer(client, b"there?") == b""
    assert not reachable(line)
    line.mend()
    with talk(line) as again:
        assert answer(again, b"back") == b"back"


def test_swallowing_it_says_nothing_not_even_that_the_other_side_has_ended(echo: Echo, line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"
        line.swallow()
        client.sendall(b"lost")
        assert hangs(client)
        echo.hang_up()
        assert hangs(client)
        with talk(line) as late:
            late.sendall(b"lost too")
            assert hangs(late)
        line.mend()
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with talk(line) as again:
        assert answer(again, b"back") == b"back"
    assert echo.heard == [b"hello", b"back"]


def test_a_broker_that_is_not_there_ends_the_connection(echo: Echo, line: Line) -> None:
    echo.close()
    assert not reachable(line)


def test_closed_it_ends_everything(line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"
        line.close()
        assert answer(client, b"there?") == b""
    with pytest.raises(ConnectionRefusedError):
        talk(line)
