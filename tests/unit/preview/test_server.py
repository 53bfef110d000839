"""The page over real HTTP: who has the token sees the newest picture, nobody else sees anything."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from edge.preview.page import preview_assets
from edge.preview.server import PageServer


@pytest.fixture
def told() -> list[bytes]:
    """What pages posted."""
    return []


@pytest.fixture
def server(told: list[bytes]) -> Iterator[PageServer]:
    made = PageServer("127.0.0.1", 0, preview_assets("<drive> & more"), told.append)
    yield made
    made.close()


def ask(server: PageServer, path: str, posted: bytes | None = None) -> http.client.HTTPResponse:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), int(address.port or 0), timeout=5)
    connection.request("GET" if posted is None else "POST", path, posted)
    return connection.getresponse()


def part(stream: http.client.HTTPResponse) -> bytes:
    assert stream.readline() == b"--frame\r\n"
    assert stream.readline() == b"Content-Type: image/jpeg\r\n"
    length = int(stream.readline().split(b":")[1])
    assert stream.readline() == b"\r\n"
    body = stream.read(length)
    assert stream.readline() == b"\r\n"
    return body


def test_the_page_tells_what_it_is_and_escapes_names(server: PageServer) -> None:
    with ask(server, f"/?token={server.token}") as answer:
        text = answer.read().decode()
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "&lt;drive&gt; &amp; more" in text
    assert "Live" in text
    assert f"follow.js?token={server.token}" in text


def test_the_style_comes_from_the_board(server: PageServer) -> None:
    with ask(server, f"/page.css?token={server.token}") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/css")


def test_news_come_as_events_and_the_last_ones_are_read_to_the_end(server: PageServer) -> None:
    server.tell('{"step": 1}')
    with ask(server, f"/events?token={server.token}") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.readline() == b'data: {"step": 1}\n'
        assert stream.readline() == b"\n"
        assert server.watching == 1
        server.tell('{"step": 2}')
        server.close()
        assert stream.read() == b'data: {"step": 2}\n\n'


def test_what_a_page_posts_is_handed_on(server: PageServer, told: list[bytes]) -> None:
    with ask(server, f"/do?token={server.token}", b'{"do": "next"}') as answer:
        assert answer.status == 202
    assert told == [b'{"do": "next"}']


def test_a_post_needs_the_token_the_path_and_a_measure(server: PageServer, told: list[bytes]) -> None:
    for path, posted, status in (
        ("/do?token=wrong", b"x", 403),
        ("/do", b"x", 403),
        (f"/other?token={server.token}", b"x", 404),
        (f"/do?token={server.token}", b"x" * 5000, 413),
    ):
        with ask(server, path, posted) as answer:
            assert answer.status == status
    assert told == []


def test_what_is_not_understood_is_said(told: list[bytes]) -> None:
    def refuse(posted: bytes) -> None:
        raise ValueError(posted)

    server = PageServer("127.0.0.1", 0, {}, refuse)
    with ask(server, f"/do?token={server.token}", b"?") as answer:
        assert answer.status == 400
    server.close()


def test_a_page_that_takes_nothing_refuses_posts() -> None:
    server = PageServer("127.0.0.1", 0, {})
    with ask(server, f"/do?token={server.token}", b"x") as answer:
        assert answer.status == 404
    server.close()


def test_an_ipv6_address_is_written_in_brackets() -> None:
    try:
        server = PageServer("::1", 0, {})
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert server.url.startswith("http://[::1]:")
    with ask(server, f"/?token={server.token}") as answer:
        assert answer.status == 404
    server.close()


def test_only_the_chosen_interface_is_heard() -> None:
    with contextlib.closing(PageServer("127.0.0.1", 0, {}, interface="lo")) as server, ask(server, "/") as answer:
        assert answer.status == 403
    with pytest.raises(OSError, match="No such device"):
        PageServer("127.0.0.1", 0, {}, interface="wlan99")


def test_the_stream_gives_the_newest_picture(server: PageServer) -> None:
    server.show(b"old")
    server.show(b"new")
    with ask(server, f"/stream.mjpg?token={server.token}") as stream:
        assert part(stream) == b"new"
        server.show(b"newer")
        assert part(stream) == b"newer"


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/stream.mjpg", "/stream.mjpg?token=%C3%A9"])
def test_nobody_without_the_token_sees_anything(server: PageServer, path: str) -> None:
    server.show(b"face")
    with ask(server, path) as refused:
        assert refused.status == 403
        assert b"face" not in refused.read()


@pytest.mark.parametrize("path", ["/../etc/passwd", "/favicon.ico", "/stream"])
def test_there_is_nothing_else(server: PageServer, path: str) -> None:
    with ask(server, f"{path}?token={server.token}") as missing:
        assert missing.status == 404


def test_each_server_has_its_own_token(server: PageServer) -> None:
    other = PageServer("127.0.0.1", 0, {})
    assert other.token != server.token
    other.close()


def test_a_closed_server_listens_no_more() -> None:
    server = PageServer("127.0.0.1", 0, {})
    port = int(server.url.split(":")[2].split("/")[0])
    with ask(server, f"/stream.mjpg?token={server.token}"):
        server.close()
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system says
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


def test_a_taken_address_is_an_error(server: PageServer) -> None:
    port = int(server.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        PageServer("127.0.0.1", port, {})
