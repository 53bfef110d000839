"""The line between daemon and broker: a TCP relay that can be cut, refuse, or swallow everything."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from typing import Final, Literal

HOST: Final = "127.0.0.1"
CHUNK_BYTES: Final = 65536
PATIENCE_S: Final = 2.0
"""A side that takes nothing for so long loses its connection: it must not hold up the others [D]."""
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset instead of a goodbye."""


class Line:
    """Relays every connection to its port on to the broker; one thread of its own does the work."""

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are the broker's."""
        self._broker = (host, port)
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        """Where the daemon connects to."""
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._mode: Literal["relay", "refuse", "swallow", "closed"] = "relay"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="drill line", daemon=True)
        self._thread.start()

    def cut(self) -> int:
        """Reset every connection, both ways; return how many there were. Others may be begun at once."""
        with self._lock:
            return self._reset_all()

    def refuse(self) -> None:
        """Reset every connection, and each that is begun from now on."""
        with self._lock:
            self._mode = "refuse"
            self._reset_all()

    def swallow(self) -> None:
        """Take everything and pass nothing on, not even an end: what comes from now on is lost for good."""
        with self._lock:
            self._mode = "swallow"

    def mend(self) -> int:
        """Relay again; return since when, monotonic nanoseconds.

        Connections that were swallowed from are reset: nothing could make sense of the rest.
        """
        with self._lock:
            if self._mode == "swallow":
                self._reset_all()
            self._mode = "relay"
        return time.monotonic_ns()

    def close(self) -> None:
        """End the thread and every connection."""
        with self._lock:
            self._mode = "closed"
            self._reset_all()
        # A thread that waits for connections is woken by this, not by the closing of its socket.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(2 * PATIENCE_S)
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while self._mode != "closed":
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._move(key.fileobj)

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        far = None
        if self._mode in {"relay", "swallow"}:
            with contextlib.suppress(OSError):
                far = socket.create_connection(self._broker, PATIENCE_S)
        with self._lock:
            if far is None or self._mode in {"refuse", "closed"}:
                for end in (near, far):
                    if end is not None:
                        _close(end, reset=True)
                return
            for side, peer in ((near, far), (far, near)):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                side.settimeout(PATIENCE_S)
                self._peers[side] = peer
                self._selector.register(side, selectors.EVENT_READ)

    def _move(self, side: socket.socket) -> None:
        with self._lock:
            peer = self._peers.get(side)
            if peer is None:
                return
            try:
                content = side.recv(CHUNK_BYTES)
                if content and self._mode != "swallow":
                    peer.sendall(content)
            except OSError:
                content = b""
            if content:
                return
            if self._mode == "swallow":
                self._selector.unregister(side)
            else:
                self._end(side, reset=False)

    def _reset_all(self) -> int:
        sides = list(self._peers)
        for side in sides:
            self._end(side, reset=True)
        return len(sides) // 2

    def _end(self, side: socket.socket, *, reset: bool) -> None:
        peer = self._peers.pop(side, None)
        if peer is None:
            return
        del self._peers[peer]
        for end in (side, peer):
            # One that ended while it was swallowed from is not waited for any more.
            with contextlib.suppress(KeyError):
                self._selector.unregister(end)
            _close(end, reset=reset)


def _close(end: socket.socket, *, reset: bool) -> None:
    if reset:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.close()
