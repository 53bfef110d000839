"""The page over real HTTP: who has the token sees the newest picture, nobody else sees anything."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from edge.preview.server import PreviewServer


@pytest.fixture
def server() -> Iterator[PreviewServer]:
    made = PreviewServer("127.0.0.1", 0, "<drive> & more")
    yield made
    made.close()


def ask(server: PreviewServer, path: str) -> http.client.HTTPResponse:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), int(address.port or 0), timeout=5)
    connection.request("GET", path)
    return connection.getresponse()


def part(stream: http.client.HTTPResponse) -> bytes:
    assert stream.readline() == b"--frame\r\n"
    assert stream.readline() == b"Content-Type: image/jpeg\r\n"
    length = int(stream.readline().split(b":")[1])
    assert stream.readline() == b"\r\n"
    body = stream.read(length)
    assert stream.readline() == b"\r\n"
    return body


def test_the_page_tells_what_it_is_and_escapes_names(server: PreviewServer) -> None:
    with ask(server, f"/?token={server.token}") as answer:
        text = answer.read().decode()
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "&lt;drive&gt; &amp; more" in text
    assert "Live" in text
    assert f"stream.mjpg?token={server.token}" in text


def test_the_stream_gives_the_newest_picture(server: PreviewServer) -> None:
    server.show(b"old")
    server.show(b"new")
    with ask(server, f"/stream.mjpg?token={server.token}") as stream:
        assert part(stream) == b"new"
        server.show(b"newer")
        assert part(stream) == b"newer"


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/stream.mjpg", "/stream.mjpg?token=%C3%A9"])
def test_nobody_without_the_token_sees_anything(server: PreviewServer, path: str) -> None:
    server.show(b"face")
    with ask(server, path) as refused:
        assert refused.status == 403
        assert b"face" not in refused.read()


@pytest.mark.parametrize("path", ["/../etc/passwd", "/favicon.ico", "/stream"])
def test_there_is_nothing_else(server: PreviewServer, path: str) -> None:
    with ask(server, f"{path}?token={server.token}") as missing:
        assert missing.status == 404


def test_each_server_has_its_own_token(server: PreviewServer) -> None:
    other = PreviewServer("127.0.0.1", 0, "other")
    assert other.token != server.token
    other.close()


def test_a_closed_server_listens_no_more() -> None:
    server = PreviewServer("127.0.0.1", 0, "short")
    port = int(server.url.split(":")[2].split("/")[0])
    with ask(server, f"/stream.mjpg?token={server.token}"):
        server.close()
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system says
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


def test_a_taken_address_is_an_error(server: PreviewServer) -> None:
    port = int(server.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        PreviewServer("127.0.0.1", port, "second")
