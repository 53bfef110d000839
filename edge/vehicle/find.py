"""Which frame of a recorded CAN bus holds the speed: the one whose number follows what somebody said aloud.

Whole bytes only, alone or two neighbours in either order; the scale comes from a straight line through the said speeds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from statistics import fmean, median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AROUND_S: Final = 2.0
"""So long before and after a said moment the speed was about that: nobody speaks to the second [D]."""
FEWEST: Final = 4
"""Said speeds, of which two differ by `SPREAD_KMH`: fewer fit anything [D]."""
SPREAD_KMH: Final = 20.0
WORST_KMH: Final = 6.0
"""A number that is further off, on average, is no speed [D]."""
RESTLESS_KMH: Final = 8.0
"""Nor is one that changes more around one said moment: a counter [D]."""
COMMON_SCALES: Final = (1.0, 0.5, 0.1, 0.01, 0.02, 0.05, 0.005, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256)
COMMON_WITHIN: Final = 0.12
"""A speedometer shows up to a tenth more than the truth, so the scale beside it is off by as much [S: UN R39]."""
STANDING_KMH: Final = 2.0
"""A smaller offset is none [D]."""

_LINE: Final = re.compile(r"\s*\((\d+\.\d+)\)\s+\S+\s+([0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})#([0-9A-Fa-f]*)(?:\s+[RT])?\s*$")


class LogError(Exception):
    """The log or what was said cannot be used; the message says what to do."""


class Candidate(NamedTuple):
    """A number that follows the speed."""

    id: int
    extended: bool
    start_bit: int
    length: int
    byte_order: str
    scale: float
    offset: float
    off_kmh: float
    """How far it is off on average at the said moments, and how much it trembles at the stillest."""
    frames_per_s: float


def read_log(lines: Iterable[str]) -> list[tuple[float, int, bool, bytes]]:
    """Return each frame of a log of `candump -l`: seconds from the first, identifier, whether it is extended, bytes.

    Lines of another form are passed over. Raises `LogError` when hardly any line is of it.
    """
    frames = []
    others = 0
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            others += bool(line.strip())
            continue
        stamp, number, data = found.groups()
        if len(data) % 2 == 0:
            frames.append((float(stamp), int(number, 16), len(number) == 8, bytes.fromhex(data)))
    if len(frames) <= others:
        raise LogError("this is no log of `candump -l`: lines like (1436509052.249713) can0 1A0#0788130000000000")
    begin = frames[0][0]
    return [(stamp - begin, number, extended, data) for stamp, number, extended, data in frames]


def find(frames: Sequence[tuple[float, int, bool, bytes]], said: Sequence[tuple[float, float]]) -> list[Candidate]:
    """Return what may be the speed, the best first. `said` are seconds from the start of the log, and km/h.

    Raises `LogError` when too little was said, or outside of the log.
    """
    speeds = [speed for _, speed in said]
    if len(said) < FEWEST or max(speeds) - min(speeds) < SPREAD_KMH:
        raise LogError(f"say at least {FEWEST} speeds, the lowest and the highest {SPREAD_KMH:g} km/h apart")
    late = [at_s for at_s, _ in said if not 0 <= at_s <= frames[-1][0]]
    if late:
        raise LogError(f"{late[0]:g} s is outside of the log, which lasts {frames[-1][0]:.0f} s")
    kept: defaultdict[tuple[int, bool], list[tuple[float, bytes]]] = defaultdict(list)
    for stamp, number, extended, data in frames:
        kept[number, extended].append((stamp, data))
    candidates = []
    for (number, extended), messages in kept.items():
        around = [[data for stamp, data in messages if abs(stamp - at_s) <= AROUND_S] for at_s, _ in said]
        if not all(around):
            continue
        rate = len(messages) / max(frames[-1][0], 1.0)
        shortest = min(len(data) for moment in around for data in moment)
        for start_bit, length, order in _places(shortest):
            fitted = _fit([[_raw(data, start_bit, length, order) for data in one] for one in around], speeds)
            if fitted is not None:
                candidates.append(Candidate(number, extended, start_bit, length, order, *fitted, rate))
    # A byte alone is also found inside two; of equals the longer one has the finer steps.
    return sorted(candidates, key=lambda one: (round(one.off_kmh, 1), -one.length, one.id, one.start_bit))


def _places(size: int) -> Iterator[tuple[int, int, str]]:
    for byte in range(size):
        yield 8 * byte, 8, "little"
        if byte + 1 < size:
            yield 8 * byte, 16, "little"
            yield 8 * byte + 7, 16, "big"


def _raw(data: bytes, start_bit: int, length: int, order: str) -> int:
    byte = start_bit // 8
    return int.from_bytes(data[byte : byte + length // 8], "little" if order == "little" else "big")


def _fit(raws: Sequence[Sequence[int]], speeds: Sequence[float]) -> tuple[float, float, float] | None:
    """Return scale, offset and mean error of the line through the said moments; None when there is none."""
    x = [median(moment) for moment in raws]
    mean_x, mean_y = fmean(x), fmean(speeds)
    spread = sum((one - mean_x) ** 2 for one in x)
    if not spread:
        return None
    scale = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, speeds, strict=True)) / spread
    offset = mean_y - scale * mean_x
    if scale <= 0 or abs(offset) > 10 * STANDING_KMH:
        return None
    restless = [(max(moment) - min(moment)) * scale for moment in raws]
    if max(restless) > RESTLESS_KMH:
        return None
    # What trembles even at the stillest moment has a byte too many.
    off_kmh = fmean(abs(scale * a + offset - b) for a, b in zip(x, speeds, strict=True)) + min(restless)
    if off_kmh > WORST_KMH:
        return None
    near = min(COMMON_SCALES, key=lambda common: abs(common / scale - 1))
    usual = abs(near / scale - 1) <= COMMON_WITHIN
    shift = 0.0 if abs(offset) < STANDING_KMH else round(offset, 1)
    return (near if usual else float(f"{scale:.4g}")), shift, off_kmh
