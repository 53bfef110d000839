"""A page is served while a verb runs, and an address that is taken is one sentence."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from edge.preview.server import Asset
from edge.verbs.outcome import Complaint
from edge.verbs.pages import serving

HOST = "127.0.0.1"
PAGE = {"/": Asset("text/plain", b"hello")}


def read(url: str) -> bytes:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(HOST, int(address.port or 0), timeout=10)
    try:
        connection.request("GET", f"{address.path}?{address.query}")
        return connection.getresponse().read()
    finally:
        connection.close()


def test_it_listens_while_the_context_lasts_and_no_longer() -> None:
    with serving(HOST, 0, PAGE) as server:
        url = server.url
        assert read(url) == b"hello"
    with pytest.raises(ConnectionRefusedError):
        read(url)


def test_an_address_that_is_taken_is_a_complaint() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Complaint, match=f"{HOST}:{port} cannot be listened on"), serving(HOST, port, PAGE):
            pass
