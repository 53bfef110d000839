"""A number out of the bytes of a CAN frame, described as in a DBC file: pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.config.schema import CanSignal


def can_id(signal: CanSignal) -> int:
    """Return the number that its `id` writes in hexadecimal."""
    return int(signal.id, 16)


def decode(signal: CanSignal, data: bytes) -> float | None:
    """Return the value in the signal's unit; None when the frame is too short or says "not available" (all ones).

    Bits are numbered as in a DBC file: bit 0 is the lowest of byte 0, bit 8 the lowest of byte 1. `little` (Intel)
    starts at the lowest bit of the signal, `big` (Motorola) at its highest. [S: DBC]
    """
    length = signal.length
    if signal.byte_order == "little":
        if signal.start_bit + length > 8 * len(data):
            return None
        raw = int.from_bytes(data, "little") >> signal.start_bit
    else:
        # Counted from the highest bit of byte 0, the bits of a Motorola signal follow each other.
        first = signal.start_bit - signal.start_bit % 8 + 7 - signal.start_bit % 8
        after = 8 * len(data) - first - length
        if after < 0:
            return None
        raw = int.from_bytes(data, "big") >> after
    ones = (1 << length) - 1
    raw &= ones
    if signal.signed:
        if raw >> (length - 1):
            raw -= 1 << length
    elif raw == ones and length >= 8:
        return None  # [S: SAE J1939-71]
    return raw * signal.scale + signal.offset
