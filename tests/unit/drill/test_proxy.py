"""A line that can be cut: what runs ends, what is begun gets nowhere, and mended it relays again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from edge.drill.proxy import HOST, Line


@pytest.fixture
def line() -> Iterator[Line]:
    server = socket.create_server((HOST, 0))

    def echo(near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            while data := near.recv(4096):
                near.sendall(data)

    def accept() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(near,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    made = Line(HOST, server.getsockname()[1])
    yield made
    made.close()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    accepting.join(5)


def talk(line: Line) -> socket.socket:
    client = socket.create_connection((HOST, line.port), 5)
    client.settimeout(5)
    return client


def answer(client: socket.socket, said: bytes) -> bytes:
    try:
        client.sendall(said)
        return client.recv(100)
    except OSError:
        return b""


def test_it_relays_both_ways(line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"


def test_a_cut_ends_what_runs_and_lets_nothing_through(line: Line) -> None:
    with talk(line) as client:
        assert answer(client, b"hello") == b"hello"
        line.cut()
        assert answer(client, b"there?") == b""
    with talk(line) as late:
        assert answer(late, b"there?") == b""
    line.mend()
    with talk(line) as again:
        assert answer(again, b"back") == b"back"
