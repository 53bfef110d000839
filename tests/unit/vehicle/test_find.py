from __future__ import annotations

from typing import Any

import pytest

from edge.vehicle.find import LogError, find, read_log
from tests.support.can_logs import BIG, BYTE, LITTLE, LORRY, SAID, bus


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
