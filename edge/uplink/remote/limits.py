"""What may come in at all: how large, how deep, how often. Decided before a byte is parsed."""

from __future__ import annotations

from typing import Final

NS_PER_S: Final = 1_000_000_000
MAX_BYTES: Final = 4096
MAX_DEPTH: Final = 8
PER_S: Final = 5.0
BURST: Final = 10.0
"""Tokens that may gather: two seconds of commands at once, as a console that acknowledges a handful of alerts [D]."""

_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")
_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")


class TokenBucket:
    """Lets `PER_S` things a second through, `BURST` at once."""

    def __init__(self) -> None:
        self._tokens = BURST
        self._since_ns: int | None = None

    def take(self, now_ns: int) -> bool:
        """Take a token; False when there is none. Time that runs back gives none."""
        if self._since_ns is not None:
            self._tokens = min(BURST, self._tokens + max(0, now_ns - self._since_ns) / NS_PER_S * PER_S)
        self._since_ns = now_ns
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


def too_deep(payload: bytes) -> bool:
    """Tell whether brackets nest deeper than `MAX_DEPTH`; those in strings do not count. Any bytes will do."""
    depth, quoted, escaped = 0, False, False
    for byte in payload:
        if quoted:
            if escaped:
                escaped = False
            elif byte == _BACKSLASH:
                escaped = True
            elif byte == _QUOTE:
                quoted = False
        elif byte == _QUOTE:
            quoted = True
        elif byte in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif byte in _CLOSING:
            depth -= 1
    return False
