"""This board's network interfaces and their addresses, asked of the kernel."""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import Final

_GET_ADDRESS: Final = 0x8915
"""SIOCGIFADDR of <linux/sockios.h> [S: netdevice(7)]."""
_NAME_BYTES: Final = 16


def address_of(interface: str) -> str | None:
    """Return the IPv4 address of an interface; None when there is no such interface or it has none."""
    name = interface.encode()
    if len(name) >= _NAME_BYTES:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _GET_ADDRESS, struct.pack("256s", name))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def addresses() -> dict[str, str]:
    """Return the IPv4 address of every interface that has one, by name."""
    names = [name for _, name in socket.if_nameindex()]
    return {name: address for name in names if (address := address_of(name)) is not None}
