"""Thousands of MQTT connections in one thread: the daemon's own connection, driven by one selector.

A broker sees the same packets; what differs is who calls paho: a thread a connection in the vehicle, this hub here.
"""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edge.uplink.mqtt import Connection, Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    import paho.mqtt.client as paho

    from edge.config.schema import Mqtt
    from edge.uplink.mqtt import NetworkEvent

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Hub:
    """Reads and writes for all clients whose sockets are ready."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients: set[paho.Client] = set()

    def connect(
        self, settings: Mqtt, number: int, will: tuple[str, bytes], tell: Callable[[NetworkEvent], None]
    ) -> PolledConnection:
        """Make a connection of this hub: what `Link` is handed in place of the threaded one."""
        return PolledConnection(self, settings, number, will, tell)

    def adopt(self, client: paho.Client) -> None:
        """Have paho tell which sockets it opens, closes and wants to write to."""
        opened: Any = client.on_socket_open

        def watch(client: paho.Client, user: object, sock: socket.socket) -> None:
            opened(client, user, sock)
            self._watch(client, sock)

        client.on_socket_open = watch
        client.on_socket_close = lambda client, _user, sock: self._forget(client, sock)
        client.on_socket_register_write = lambda client, _user, sock: self._selector.modify(sock, READ | WRITE, client)
        client.on_socket_unregister_write = lambda client, _user, sock: self._selector.modify(sock, READ, client)

    def poll(self, timeout_s: float) -> None:
        """Serve what is ready, after waiting for at most `timeout_s`."""
        for key, ready in self._selector.select(timeout_s):
            client: Any = key.data
            if ready & WRITE:
                client.loop_write()
            if ready & READ:
                client.loop_read()

    def keep_alive(self) -> None:
        """Send the pings that are due."""
        for client in tuple(self._clients):
            client.loop_misc()

    def close(self) -> None:
        """Let go of the selector."""
        self._selector.close()

    def _watch(self, client: paho.Client, sock: socket.socket) -> None:
        self._selector.register(sock, READ, client)
        self._clients.add(client)

    def _forget(self, client: paho.Client, sock: socket.socket) -> None:
        with suppress(KeyError, ValueError):  # paho also tells of sockets that never opened
            self._selector.unregister(sock)
        self._clients.discard(client)


class PolledConnection(Connection):
    """The daemon's connection without paho's thread."""

    def __init__(
        self,
        hub: Hub,
        settings: Mqtt,
        number: int,
        will: tuple[str, bytes],
        tell: Callable[[NetworkEvent], None],
    ) -> None:
        super().__init__(settings, number, will, tell)
        self._tell_end = tell
        hub.adopt(self._client)

    def open(self) -> None:
        """Connect; a broker that is not there is told as in the vehicle."""
        try:
            self._client.reconnect()
        except OSError as error:
            self._tell_end(Ended(self.number, f"no connection to the broker ({error})"))

    def lose(self) -> None:
        """Cut the line as a dead zone does: what was under way is gone, and this side finds out by itself."""
        line = self._client.socket()
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
