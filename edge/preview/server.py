"""Pictures as Motion JPEG for a browser on this machine: the standard library's HTTP server, a token, nothing stored.

It listens on the loopback interface unless told otherwise, answers nobody without the token, and knows two paths: the
page and its stream. Every browser gets the newest picture; one that is slow skips some.
"""

from __future__ import annotations

import hmac
import html
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

BOUNDARY: Final = "frame"
WAIT_S: Final = 1.0
"""A browser that waits for a picture looks so often whether the server stops."""
CLIENT_TIMEOUT_S: Final = 10.0
"""A browser that takes no data for so long is dropped."""

PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: #141618; color: #e8e8e8; font: 16px system-ui, sans-serif; text-align: center }}
img {{ display: block; max-width: 100%; max-height: 92vh; margin: 0 auto }}
p {{ margin: .4rem; color: #f2b84b }}
</style></head>
<body><p>Live: this page shows the driver's face. Nothing is stored. Advisory, not type-approved.</p>
<img src="stream.mjpg?token={token}" alt="The camera's picture with what the daemon sees"></body></html>
"""


class PreviewServer:
    """Serves the newest picture until it is closed."""

    def __init__(self, host: str, port: int, title: str) -> None:
        """Listen; port 0 takes a free one. Raises `OSError` where the address cannot be had."""
        self.token = secrets.token_urlsafe(16)
        self._title = title
        self._jpeg = b""
        self._number = 0
        self._closed = False
        self._news = threading.Condition()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, name="preview", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address to open in a browser."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/?token={self.token}"

    def show(self, jpeg: bytes) -> None:
        """Replace the picture."""
        with self._news:
            self._jpeg = jpeg
            self._number += 1
            self._news.notify_all()

    def close(self) -> None:
        """Stop listening and end every stream."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self) -> str:
        """Return the page."""
        return PAGE.format(title=html.escape(self._title), token=self.token)

    def newer(self, seen: int) -> tuple[int, bytes] | None:
        """Wait for a picture newer than number `seen`; None when the server closes."""
        with self._news:
            while not self._closed:
                if self._number > seen:
                    return self._number, self._jpeg
                self._news.wait(WAIT_S)
        return None


class _Server(ThreadingHTTPServer):
    """The HTTP server, which knows the preview that its handlers serve."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], preview: PreviewServer) -> None:
        self.preview = preview
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One request of one browser."""

    server: _Server
    timeout = CLIENT_TIMEOUT_S
    server_version = "edge-dms"
    sys_version = ""

    def do_GET(self) -> None:
        asked, preview = urlsplit(self.path), self.server.preview
        given = parse_qs(asked.query).get("token", [""])[0]
        if not hmac.compare_digest(given.encode(), preview.token.encode()):
            self._answer(403, "text/plain", b"Open the whole address that edge-dms printed.\n")
        elif asked.path == "/":
            self._answer(200, "text/html; charset=utf-8", preview.page().encode())
        elif asked.path == "/stream.mjpg":
            self._stream(preview)
        else:
            self._answer(404, "text/plain", b"There is nothing here.\n")

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
        self.send_header("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'")
        self.end_headers()

    def _stream(self, preview: PreviewServer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self._end_headers()
        seen = 0
        try:
            while (news := preview.newer(seen)) is not None:
                seen, jpeg = news
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            # The browser has gone.
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Keep the token out of every log."""
