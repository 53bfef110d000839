"""Identifiers that the pure half cannot make: they need wall time and chance."""

from __future__ import annotations

import secrets
import uuid
from typing import Final

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000


def alert_id(wall_ns: int) -> str:
    """Return a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, the rest random; sorts by the time of its making."""
    milliseconds = max(0, wall_ns // NS_PER_MS) & ((1 << 48) - 1)
    chance = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
    return str(uuid.UUID(int=value))


def boot_id(wall_ns: int, previous: int) -> tuple[str, int]:
    """Return the id of this start of the daemon, and its number.

    The number is the Unix second of the start, but always above `previous`, the number of the start before: ids sort
    in the order of starts even when a machine without a clock battery wakes up in the past. Ten digits, then chance.
    """
    number = max(wall_ns // NS_PER_S, previous + 1, 0)
    return f"{number:010d}-{secrets.token_hex(4)}", number
