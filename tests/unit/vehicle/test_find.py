from __future__ import annotations

import random
from typing import Any

import pytest

from edge.vehicle.find import LogError, find, read_log

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


@pytest.mark.parametrize(
    ("place", "start_bit"), [(LITTLE, 8), (BIG, 47), (LORRY, 8), (BYTE, 24)], ids=["little", "big", "lorry", "byte"]
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_frame_with_the_speed_is_found_with_its_scale(place: dict[str, Any], start_bit: int, seed: int) -> None:
    best = find(read_log(bus(place, seed)), SAID)[0]
    assert (best.id, best.extended) == (int(place["id"], 16), len(place["id"]) == 8)
    assert (best.start_bit, best.length) == (start_bit, 8 * place["bytes"])
    assert place["bytes"] == 1 or best.byte_order == place["order"]
    assert (best.scale, best.offset) == (place["scale"], 0.0)
    assert best.off_kmh < 1.5
    assert best.frames_per_s == pytest.approx(10, abs=0.5)


def test_a_bus_without_a_speed_gives_none() -> None:
    lines = [line for line in bus(LITTLE) if "1A0#" not in line]
    assert all(one.id == 0x2C4 or one.off_kmh > 2 for one in find(read_log(lines), SAID))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([(5.0, 0.0), (20.0, 30.0)], "at least 4 speeds"),
        ([(5.0, 50.0), (20.0, 52.0), (35.0, 50.0), (50.0, 55.0)], "20 km/h apart"),
        ([(5.0, 0.0), (20.0, 30.0), (35.0, 50.0), (500.0, 70.0)], "500 s is outside of the log"),
    ],
)
def test_too_little_said_is_told(said: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(LogError, match=words):
        find(read_log(bus(LITTLE)), said)


@pytest.mark.parametrize("lines", [[], ["hello"], ["(1.0) can0 1A0#07", "x", "y"]])
def test_what_is_no_log_is_told(lines: list[str]) -> None:
    with pytest.raises(LogError, match="candump -l"):
        read_log(lines)


def test_remote_frames_and_odd_lines_are_passed_over() -> None:
    frames = read_log(["(1.000000) can0 1A0#R", "(1.5) can0 1A0#070", "(2.000000) can0 1A0#0788 R", *bus(LITTLE)[:8]])
    assert (len(frames), frames[0]) == (9, (0.0, 0x1A0, False, b"\x07\x88"))
