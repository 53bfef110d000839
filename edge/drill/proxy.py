"""The line between daemon and broker: a TCP relay that can be cut."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from typing import Final

HOST: Final = "127.0.0.1"
CHUNK: Final = 65536
PATIENCE_S: Final = 5.0


class Line:
    """Relays every connection to its port on to the broker. While it is cut, connections end and none begins."""

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are the broker's."""
        self._broker = (host, port)
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        """Where the daemon connects to."""
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cut = False
        self._closed = False
        threading.Thread(target=self._accept, name="drill line", daemon=True).start()

    def cut(self) -> None:
        """End all connections, and each that is begun from now on."""
        with self._lock:
            self._cut = True
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def mend(self) -> int:
        """Relay again; return since when, monotonic nanoseconds."""
        with self._lock:
            self._cut = False
        return time.monotonic_ns()

    def close(self) -> None:
        """End everything."""
        self._closed = True
        self.cut()
        # A thread that waits in `accept` is woken by this alone, not by the closing of its socket.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near,), name="drill relay", daemon=True).start()

    def _relay(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if self._cut:
                return
            with socket.create_connection(self._broker, PATIENCE_S) as far:
                far.settimeout(None)
                self._pump(near, far)

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            if self._cut:
                return
            self._open |= {near, far}
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(near, selectors.EVENT_READ, far)
                selector.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(CHUNK)  # type: ignore[union-attr]  # a socket, as registered
                        if not data:
                            return
                        key.data.sendall(data)
        finally:
            with self._lock:
                self._open -= {near, far}
