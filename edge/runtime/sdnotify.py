"""Talking to systemd: the service is ready, alive, stopping. Silent where systemd does not listen."""

from __future__ import annotations

import logging
import os
import socket

logger = logging.getLogger(__name__)


class Notifier:
    """Sends sd_notify(3) datagrams to the socket that systemd names in NOTIFY_SOCKET.

    Never blocks and never raises: a service manager that does not listen must not stop the warnings in the cab.
    """

    def __init__(self, address: str | None = None) -> None:
        """`address` replaces NOTIFY_SOCKET; a leading @ means the abstract namespace."""
        told = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        # Linux names abstract sockets with a leading zero byte; systemd writes it as @.
        self._address = "\0" + told[1:] if told.startswith("@") else told
        self._failed = False

    @property
    def enabled(self) -> bool:
        """True when somebody asked to be notified."""
        return bool(self._address)

    def ready(self) -> None:
        """Start-up is complete: READY=1."""
        self._send("READY=1")

    def alive(self) -> None:
        """Feed the watchdog: WATCHDOG=1."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def stopping(self) -> None:
        """Shutdown has begun: STOPPING=1."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)  # noqa: FBT003 - socket's own signature
                channel.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._failed:
                logger.warning("systemd cannot be notified: %s", error)
            self._failed = True
        else:
            self._failed = False
