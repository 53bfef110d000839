"""What goes between the drill and the daemon it started: a line of JSON each, over a pair of sockets.

There is no other door. The daemon's end is a file descriptor that only its parent can hand to it, and it closes with
the parent, however that one ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from edge.camera.faults import FaultKind  # noqa: TC001 - msgspec reads it at run time

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with the daemon's surroundings from now on."""

    camera: FaultKind | None = None
    """None: the camera is well."""
    wall_offset_s: float = 0.0
    """By how much its wall clock goes wrong."""


class Given(msgspec.Struct, frozen=True):
    """A warning reached the outputs in the cab."""

    t_ns: int
    """CLOCK_MONOTONIC, which parent and child share."""
    level: int
    kind: str


class Start(msgspec.Struct, frozen=True):
    """The first line to a daemon: what it runs with."""

    config: bytes
    """Of `edge.config.schema.Config`, as JSON."""
    thermal: str
    """Folder that stands in for /sys/class/thermal; `throttled` in it for the firmware's word."""
    tmpfs_mb: int | None = None
    """Put the state folder on a disk in memory, of so many MiB."""
    folder: str | None = None
    """What to remove when the drill dies without having done so."""


def send(channel: socket.socket, line: Order | Given | Start) -> None:
    """Send one line. Raises `OSError` when the other end is gone."""
    channel.sendall(msgspec.json.encode(line) + b"\n")


def lines(channel: socket.socket) -> Iterator[bytes]:
    """Return line after line until the other end is gone."""
    pending = b""
    while True:
        try:
            part = channel.recv(65536)
        except OSError:
            return
        if not part:
            return
        *whole, pending = (pending + part).split(b"\n")
        yield from whole
