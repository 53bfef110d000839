"""Pages with live pictures for a browser nearby: the standard library's HTTP server, a token, nothing stored.

It answers nobody without the token. It serves the files it is given, the newest picture as Motion JPEG
(`/stream.mjpg`), the newest news as server-sent events (`/events`), what a page needs to follow both through lost
connections (`/follow.js`), and hands what a page posts (`/do`) to its owner.
Every browser gets the newest of either; one that is slow skips some.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from edge.preview.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BOUNDARY: Final = "frame"
CLIENT_TIMEOUT_S: Final = 10.0
"""A browser that takes or sends no data for so long is dropped."""
LAST_WORD_S: Final = 2.0
"""At the end browsers may take so long to read the last news [D]."""
POST_MAX_BYTES: Final = 4096
"""A press of a button is some 60 bytes [D]."""
TOKEN_MARK: Final = b"{{token}}"
"""Stands for the token in HTML: a page passes it on to what it loads."""
POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Asset(NamedTuple):
    """A file of a page."""

    kind: str
    """Its media type."""
    body: bytes


def _follower() -> Asset:
    return Asset("text/javascript; charset=utf-8", (Path(__file__).parent / "follow.js").read_bytes())


class PageServer:
    """Serves a page until it is closed."""

    def __init__(
        self,
        host: str,
        port: int,
        assets: Mapping[str, Asset],
        on_post: Callable[[bytes], None] | None = None,
        *,
        interface: str | None = None,
    ) -> None:
        """Listen; port 0 takes a free one. Raises `OSError` where the address cannot be had.

        `interface`: nothing that comes in by another one is heard, even if it is sent to this address.

        `assets` are files by path, the page at `/`. `on_post` takes what a page posts, in a thread of the server, and
        raises `ValueError` for what it does not understand.
        """
        self.token = secrets.token_urlsafe(16)
        self.on_post = on_post
        self.assets = {
            path: asset._replace(body=asset.body.replace(TOKEN_MARK, self.token.encode()))
            for path, asset in {"/follow.js": _follower(), **assets}.items()
        }
        self._pictures, self._news = Newest(), Newest()
        self._server = (_Ipv6Server if ":" in host else _Server)((host, port), self, interface)
        self._thread = threading.Thread(target=self._server.serve_forever, name="pages", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address to open in a browser."""
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}/?token={self.token}"

    @property
    def watching(self) -> int:
        """How many browsers follow the news."""
        return self._news.readers

    def show(self, jpeg: bytes) -> None:
        """Replace the picture."""
        self._pictures.put(jpeg)

    def tell(self, news: str) -> None:
        """Replace the news: one line of text, mostly JSON."""
        self._news.put(news.encode())

    def close(self) -> None:
        """Stop listening and end every stream; the last news are still read."""
        self._server.shutdown()
        self._server.server_close()
        self._news.close(LAST_WORD_S)
        self._pictures.close(LAST_WORD_S)
        self._thread.join()

    def parts(self) -> Iterator[bytes]:
        """Yield the pictures as parts of a `multipart/x-mixed-replace` body."""
        for jpeg in self._pictures.follow():
            if jpeg is not None:
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                yield head.encode() + jpeg + b"\r\n"

    def events(self) -> Iterator[bytes]:
        """Yield the news as server-sent events; a remark now and then shows whether anybody is there."""
        for news in self._news.follow():
            yield b": still here\n\n" if news is None else b"data: " + news + b"\n\n"


class _Server(ThreadingHTTPServer):
    """The HTTP server, which knows the pages that its handlers serve."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: PageServer, interface: str | None) -> None:
        self.pages = pages
        self._interface = interface
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind to the interface first: Linux hears an address of its own on every one."""
        if self._interface is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode())
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a browser that goes away in the middle from being told as a fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Ipv6Server(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    """One request of one browser."""

    server: _Server
    timeout = CLIENT_TIMEOUT_S
    server_version = "edge-dms"
    sys_version = ""

    def do_GET(self) -> None:
        pages, path = self.server.pages, urlsplit(self.path).path
        if not self._may():
            return
        if path == "/stream.mjpg":
            self._stream(f"multipart/x-mixed-replace; boundary={BOUNDARY}", pages.parts())
        elif path == "/events":
            self._stream("text/event-stream", pages.events())
        elif path in pages.assets:
            self._answer(200, *pages.assets[path])
        else:
            self._answer(404, "text/plain", b"There is nothing here.\n")

    def do_POST(self) -> None:
        pages = self.server.pages
        if not self._may():
            return
        length = self.headers.get("Content-Length", "")
        if pages.on_post is None or urlsplit(self.path).path != "/do":
            self._answer(404, "text/plain", b"There is nothing here.\n")
        elif not length.isdecimal() or int(length) > POST_MAX_BYTES:
            self._answer(413, "text/plain", b"That is too long.\n")
        else:
            try:
                pages.on_post(self.rfile.read(int(length)))
            except ValueError:
                self._answer(400, "text/plain", b"That is not understood; load the page again.\n")
            else:
                self._answer(202, "text/plain", b"")

    def _may(self) -> bool:
        given = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        if hmac.compare_digest(given.encode(), self.server.pages.token.encode()):
            return True
        self._answer(403, "text/plain", b"Open the whole address that edge-dms printed.\n")
        return False

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self._end_headers()
        self.wfile.write(body)

    def _end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()

    def _stream(self, kind: str, chunks: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self._end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
        except OSError:
            # The browser has gone.
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Keep the token out of every log."""
