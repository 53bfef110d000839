"""A TCP proxy on loopback that a test may cut, hold up or have swallow everything, as a mobile network does."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress
from typing import Final

HOST: Final = "127.0.0.1"
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset instead of a goodbye."""
CHUNK_BYTES: Final = 64 * 1024


class TcpProxy:
    """Passes every connection on to `port` on loopback; a thread of its own does the work."""

    def __init__(self, port: int) -> None:
        self._target = (HOST, port)
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._swallowing = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def cut(self) -> int:
        """Reset every connection at once, both ways; return how many there were."""
        with self._lock:
            return self._drop_all()

    def swallow(self) -> None:
        """Take everything and pass nothing on, without a word to either side: what comes now is lost for good."""
        self._swallowing.set()

    def pass_on(self) -> None:
        """Be a network again; connections that lost bytes are cut, as nothing could make sense of the rest."""
        with self._lock:
            self._drop_all()
            self._swallowing.clear()

    def close(self) -> None:
        """End the thread and every connection."""
        self._ended.set()
        self._thread.join(5)
        self.cut()
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.05):
                side = key.fileobj
                assert isinstance(side, socket.socket)
                if side is self._listener:
                    self._accept()
                else:
                    self._move(side)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._target, 2.0)
        except OSError:
            client.close()
            return
        with self._lock:
            for side, peer in ((client, server), (server, client)):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # A side that does not read must not hold up the other connections for long.
                side.settimeout(2.0)
                self._peers[side] = peer
                self._selector.register(side, selectors.EVENT_READ)

    def _move(self, side: socket.socket) -> None:
        with self._lock:
            peer = self._peers.get(side)
            if peer is None:
                return
            try:
                content = side.recv(CHUNK_BYTES)
                if content and not self._swallowing.is_set():
                    peer.sendall(content)
            except OSError:
                content = b""
            if not content:
                self._drop(side)

    def _drop_all(self) -> int:
        sides = list(self._peers)
        for side in sides:
            self._drop(side)
        return len(sides) // 2

    def _drop(self, side: socket.socket) -> None:
        peer = self._peers.pop(side, None)
        if peer is None:
            return
        self._peers.pop(peer, None)
        for end in (side, peer):
            with suppress(KeyError, ValueError):
                self._selector.unregister(end)
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.close()
