"""Logs of a CAN bus with a speed somewhere in them."""

from __future__ import annotations

import random
from typing import Any

PLATEAUS = ((10.0, 0.0), (25.0, 30.0), (40.0, 50.0), (55.0, 72.0), (70.0, 0.0))
"""End of each stretch and its speed."""
SAID = [(5.0, 0.0), (20.0, 30.0), (35.0, 50.0), (50.0, 70.0), (65.0, 0.0)]
"""What the passenger said: rounded."""


def speed_at(t_s: float) -> float:
    before = 0.0
    for end_s, speed in PLATEAUS:
        start_s = end_s - (10.0 if end_s == 10.0 else 15.0)
        if t_s < end_s:
            return before + (speed - before) * min((t_s - start_s) / 4.0, 1.0)
        before = speed
    return 0.0


def bus(place: dict[str, Any], seed: int = 1) -> list[str]:
    """A log with the speed at a place, an engine speed that also rises, counters, checksums and noise."""
    seeded = random.Random(seed)
    lines = []
    for index in range(700):
        t_s = index / 10
        speed = speed_at(t_s)
        raw = round(speed / place["scale"])
        data = bytearray(seeded.randrange(256) for _ in range(8))
        data[7] = index % 16
        byte = place["byte"]
        data[byte : byte + place["bytes"]] = raw.to_bytes(place["bytes"], place["order"])
        gear = 1 if speed < 20 else 2 if speed < 45 else 3
        engine = round(4 * (800 + speed * 60 / gear + seeded.uniform(-40, 40)))
        for number, payload in (
            (place["id"], bytes(data)),
            ("2C4", engine.to_bytes(2, "big") + bytes(4)),
            ("3D3", bytes((index % 256, 0, 7))),
            ("5A0", bytes(seeded.randrange(256) for _ in range(8))),
        ):
            lines.append(f"({1436509052 + t_s + len(lines) * 1e-6:.6f}) can0 {number}#{payload.hex().upper()}")
    return lines


LITTLE = {"id": "1A0", "byte": 1, "bytes": 2, "order": "little", "scale": 0.01}
BIG = {"id": "0B4", "byte": 5, "bytes": 2, "order": "big", "scale": 0.01}
LORRY = {"id": "18FEF100", "byte": 1, "bytes": 2, "order": "little", "scale": 1 / 256}
BYTE = {"id": "4F2", "byte": 3, "bytes": 1, "order": "little", "scale": 1.0}
